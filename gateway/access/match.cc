#include "gateway/access/match.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/wire/reader.h"
#include "portico/annotations.pb.h"

namespace portico::access {
namespace {

using schema::FieldType;

// Whether values of the type have a text to compare.
bool HasText(FieldType type) {
  switch (type) {
    case FieldType::kDouble:
    case FieldType::kFloat:
    case FieldType::kGroup:
    case FieldType::kMessage:
    case FieldType::kBytes:
    case FieldType::kEnum:
      return false;
    default:
      return true;
  }
}

// The text of a scalar as it stands on the wire.
std::string TextOf(FieldType type, const compose::WireValue& value) {
  if (value.type == wire::WireType::kBytes) return std::string(value.bytes);
  wire::Reader reader(value.bytes);
  uint64_t bits = 0;
  uint32_t low = 0;
  if (value.type == wire::WireType::kFixed32) {
    reader.ReadFixed32(&low);
    bits = low;
  } else if (value.type == wire::WireType::kFixed64) {
    reader.ReadFixed64(&bits);
  } else {
    reader.ReadVarint(&bits);
  }
  switch (type) {
    case FieldType::kBool:
      return bits != 0 ? "true" : "false";
    case FieldType::kUint64:
    case FieldType::kFixed64:
      return absl::StrCat(bits);
    case FieldType::kUint32:
    case FieldType::kFixed32:
      return absl::StrCat(static_cast<uint32_t>(bits));
    case FieldType::kInt32:
    case FieldType::kSfixed32:
      return absl::StrCat(static_cast<int32_t>(bits));
    case FieldType::kSint32:
      low = static_cast<uint32_t>(bits);
      return absl::StrCat(static_cast<int32_t>(low >> 1 ^ (~(low & 1) + 1)));
    case FieldType::kSint64:
      return absl::StrCat(static_cast<int64_t>(bits >> 1 ^ (~(bits & 1) + 1)));
    default:
      return absl::StrCat(static_cast<int64_t>(bits));
  }
}

}  // namespace

absl::StatusOr<Match::Side> Match::CompileSide(absl::string_view text, const schema::MessageTable& input) {
  Side side;
  if (text.empty()) return absl::InvalidArgumentError("one side is empty");
  if (absl::ConsumePrefix(&text, "claim.")) {
    side.kind = Side::Kind::kClaim;
    side.text = std::string(text);
    if (text.empty()) return absl::InvalidArgumentError("\"claim.\" names nothing");
    return side;
  }
  if (absl::ConsumePrefix(&text, "request.")) {
    side.kind = Side::Kind::kField;
    absl::StatusOr<compose::WirePath> path = text.empty() ? absl::InvalidArgumentError("\"request.\" names nothing")
                                                          : compose::WirePath::Compile(input, text);
    if (!path.ok()) return path.status();
    side.path = *std::move(path);
    if (side.path.repeated() || !HasText(side.path.leaf().type)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"request.", text, "\" is no single string, whole number or boolean"));
    }
    return side;
  }
  const nlohmann::json literal = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (!literal.is_string()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" is none of claim.NAME, request.PATH and a JSON string"));
  }
  side.text = literal.get<std::string>();
  return side;
}

absl::StatusOr<Match> Match::Compile(absl::string_view text, const schema::MessageTable& input) {
  const size_t equals = text.find('=');
  if (equals == absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not \"claim.NAME = request.PATH\""));
  }
  absl::StatusOr<Side> left = CompileSide(absl::StripAsciiWhitespace(text.substr(0, equals)), input);
  if (!left.ok()) return left.status();
  absl::StatusOr<Side> right = CompileSide(absl::StripAsciiWhitespace(text.substr(equals + 1)), input);
  if (!right.ok()) return right.status();
  if (left->kind != Side::Kind::kClaim && right->kind != Side::Kind::kClaim) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text, "\" says nothing of who calls: neither side is a claim"));
  }
  Match match;
  match.left_ = *std::move(left);
  match.right_ = *std::move(right);
  return match;
}

std::string Match::ValueOf(const Side& side, absl::string_view request, const rpc::Attributes* claims) {
  absl::string_view claim;
  compose::WireValues values;
  switch (side.kind) {
    case Side::Kind::kText:
      return side.text;
    case Side::Kind::kClaim:
      return claims != nullptr && claims->Find(side.text, &claim) ? std::string(claim) : "";
    case Side::Kind::kField:
      side.path.Collect({request}, &values);
      return values.empty() ? "" : TextOf(side.path.leaf().type, values.back());
  }
  return "";
}

bool Match::Holds(absl::string_view request, const rpc::Attributes* claims) const {
  const std::string left = ValueOf(left_, request, claims);
  return !left.empty() && left == ValueOf(right_, request, claims);
}

std::vector<Match> MatchesOf(const schema::Method& method) {
  std::vector<Match> matches;
  for (const std::string& text : method.policy->auth().match()) {
    matches.push_back(*Match::Compile(text, *method.input));
  }
  return matches;
}

void CheckPolicies(const schema::Schema& schema, schema::Diagnostics& diagnostics) {
  for (const schema::Service* service : schema.services()) {
    for (const auto& method : service->methods) {
      const portico::Auth& auth = method->policy->auth();
      if (auth.public_() && AsksWhoCalls(*method)) {
        diagnostics.Add(method->policy_position, absl::StrCat("policy.auth of ", method->full_name,
                                                              ": public does not go with scopes or match"));
      }
      for (int i = 0; i < auth.match_size(); ++i) {
        const absl::Status compiled = Match::Compile(auth.match(i), *method->input).status();
        if (compiled.ok()) continue;
        diagnostics.Add(method->policy_position,
                        absl::StrCat("policy.auth.match[", i, "] of ", method->full_name, ": ", compiled.message()));
      }
    }
  }
}

bool AsksWhoCalls(const schema::Method& method) {
  return method.policy->auth().scopes_size() > 0 || method.policy->auth().match_size() > 0;
}

}  // namespace portico::access
