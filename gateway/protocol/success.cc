#include "gateway/protocol/success.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/json/reader.h"
#include "gateway/transcode/wire_to_json.h"
#include "gateway/wire/format.h"
#include "gateway/wire/reader.h"
#include "portico/annotations.pb.h"

namespace portico::protocol {
namespace {

using routing::Segment;
using schema::FieldTable;
using schema::FieldType;
using schema::MessageTable;

constexpr absl::string_view kUnreserved = "-_.~";              // RFC 3986, section 2.3, besides letters and digits
constexpr absl::string_view kInSegment = "-_.~!$&'()*+,;=:@";  // section 3.3, pchar

void AppendEncoded(absl::string_view text, absl::string_view plain, std::string* out) {
  constexpr absl::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || plain.find(c) != absl::string_view::npos) {
      *out += c;
    } else {
      *out += '%';
      *out += kHex[byte >> 4];
      *out += kHex[byte & 15];
    }
  }
}

// Whether a value of several segments is what its pattern says.
bool Fits(absl::string_view value, const std::vector<Segment>& pattern) {
  const std::vector<absl::string_view> segments = absl::StrSplit(value, '/');
  const auto fits = [](absl::string_view text, const Segment& segment) {
    return segment.kind == Segment::Kind::kOne || text == segment.literal;
  };
  const auto many = std::find_if(pattern.begin(), pattern.end(),
                                 [](const Segment& segment) { return segment.kind == Segment::Kind::kMany; });
  if (many == pattern.end()) {
    return std::equal(segments.begin(), segments.end(), pattern.begin(), pattern.end(), fits);
  }
  // What is before "**" and what is behind it; all between is its own, empty segments are found below.
  const auto behind = static_cast<size_t>(pattern.end() - many) - 1;
  return segments.size() + 1 >= pattern.size() &&
         std::equal(pattern.begin(), many, segments.begin(),
                    [&](const Segment& segment, absl::string_view text) { return fits(text, segment); }) &&
         std::equal(segments.end() - static_cast<ptrdiff_t>(behind), segments.end(), many + 1, fits);
}

bool HasEmptySegment(absl::string_view value) {
  for (const absl::string_view segment : absl::StrSplit(value, '/')) {
    if (segment.empty()) return true;
  }
  return false;
}

// The message in `field` of the message `wire`, its occurrences merged; false when malformed.
bool ReadMessage(const FieldTable& field, absl::string_view wire, std::string* message) {
  wire::Reader in(wire);
  while (!in.done()) {
    uint32_t tag;
    if (!in.ReadTag(&tag)) return false;
    absl::string_view bytes;
    if (tag != field.tag) {
      if (!in.Skip(tag)) return false;
    } else if (!in.ReadBytes(&bytes)) {
      return false;
    } else {
      message->append(bytes.data(), bytes.size());
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<Success> Success::Compile(const schema::Method& method, const schema::TypeResolver& types) {
  Success success(method, types);
  const portico::Success& policy = method.policy->success();
  if (policy.code() != 0) success.code_ = static_cast<int>(policy.code());
  if (policy.location().empty()) return success;
  if (absl::Status compiled = success.CompileLocation(policy.location()); !compiled.ok()) return compiled;
  return success;
}

absl::Status Success::CompileLocation(absl::string_view text) {
  const std::variant<routing::PathTemplate, routing::TemplateError> parsed = routing::ParsePathTemplate(text);
  if (const auto* error = std::get_if<routing::TemplateError>(&parsed); error != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("bad template \"", text, "\": column ", error->column, ": ", error->message));
  }
  const auto& path = std::get<routing::PathTemplate>(parsed);
  Piece piece;
  size_t variable = 0;
  for (int at = 0; at < static_cast<int>(path.segments.size());) {
    piece.literal += '/';
    if (variable < path.variables.size() && path.variables[variable].first == at) {
      if (absl::Status compiled = CompileVariable(path.variables[variable], path, &piece); !compiled.ok()) {
        return compiled;
      }
      location_.push_back(std::exchange(piece, Piece()));
      at = path.variables[variable++].last;
      continue;
    }
    if (path.segments[at].kind != Segment::Kind::kLiteral) {
      return absl::InvalidArgumentError(absl::StrCat("bad template \"", text, "\": a wildcard outside of a variable"));
    }
    AppendEncoded(path.segments[at].literal, kInSegment, &piece.literal);
    ++at;
  }
  if (path.segments.empty()) piece.literal = "/";
  if (!path.verb.empty()) absl::StrAppend(&piece.literal, ":", path.verb);
  if (!piece.literal.empty()) location_.push_back(std::move(piece));
  return absl::OkStatus();
}

absl::Status Success::CompileVariable(const routing::TemplateVariable& variable, const routing::PathTemplate& path,
                                      Piece* piece) const {
  const auto error = [&](absl::string_view problem) {
    return absl::InvalidArgumentError(
        absl::StrCat("variable {", variable.FieldPath(), "} at column ", variable.column, ": ", problem));
  };
  const MessageTable* message = method_->output;
  for (const std::string& name : variable.field_path) {
    if (message == nullptr) return error(absl::StrCat(piece->fields.back()->name, " is not a message"));
    const FieldTable* field = message->FindByProtoName(name);
    if (field == nullptr) return error(absl::StrCat(message->full_name, " has no field \"", name, "\""));
    if (field->repeated) return error(absl::StrCat(name, " is ", field->map ? "a map" : "repeated"));
    if (field->type == FieldType::kGroup) return error(absl::StrCat(name, " is a group"));
    piece->fields.push_back(field);
    message = field->type == FieldType::kMessage ? field->message : nullptr;
  }
  if (message != nullptr || piece->fields.back()->type == FieldType::kBytes) {
    return error(absl::StrCat(piece->fields.back()->name, " is neither a scalar with a text nor an enum"));
  }
  piece->pattern.assign(path.segments.begin() + variable.first, path.segments.begin() + variable.last);
  piece->multi_segment = variable.multi_segment;
  return absl::OkStatus();
}

std::string Success::Location(absl::string_view wire) const {
  std::string location;
  for (const Piece& piece : location_) {
    location += piece.literal;
    if (!piece.fields.empty() && !AppendValue(piece, wire, &location)) return "";
  }
  return location;
}

bool Success::AppendValue(const Piece& piece, absl::string_view wire, std::string* location) const {
  std::string message;
  const MessageTable* table = method_->output;
  for (size_t i = 0; i + 1 < piece.fields.size(); ++i) {
    std::string inner;
    if (!ReadMessage(*piece.fields[i], i == 0 ? wire : absl::string_view(message), &inner)) return false;
    message = std::move(inner);
    table = piece.fields[i]->message;
  }
  const absl::string_view holder = piece.fields.size() == 1 ? wire : absl::string_view(message);
  std::string json;
  if (!transcode::FieldToJson(*table, *piece.fields.back(), *types_, holder, {}, &json).ok()) return false;
  absl::string_view value = json;
  json::Reader reader(json);
  if (!json.empty() && json.front() == '"' && !reader.ReadString(&value)) return false;
  if (value.empty()) return false;
  if (!piece.multi_segment) {
    const Segment& segment = piece.pattern.front();
    if (segment.kind == Segment::Kind::kLiteral && segment.literal != value) return false;
    AppendEncoded(value, kUnreserved, location);
    return true;
  }
  if (HasEmptySegment(value) || !Fits(value, piece.pattern)) return false;
  AppendEncoded(value, absl::StrCat(kUnreserved, "/"), location);
  return true;
}

void CheckSuccess(const schema::Schema& schema, schema::Diagnostics& diagnostics) {
  for (const schema::Service* service : schema.services()) {
    for (const auto& method : service->methods) {
      const absl::StatusOr<Success> success = Success::Compile(*method, schema);
      if (success.ok()) continue;
      diagnostics.Add(method->policy_position,
                      absl::StrCat("policy.success.location of ", method->full_name, ": ", success.status().message()));
    }
  }
}

}  // namespace portico::protocol
