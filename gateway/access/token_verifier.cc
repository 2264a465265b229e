#include "gateway/access/token_verifier.h"

#include <cmath>
#include <optional>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/access/base64url.h"
#include "gateway/json/reader.h"

namespace portico::access {
namespace {

constexpr int kMostDepth = 16;
constexpr double kMostSeconds = 253402300799;  // the year 9999

// Of refusals; no detail that a client gets to see.
constexpr char kUnknownKey[] = "portico/unknown-key";

absl::Status Refused(absl::string_view reason) {
  return absl::UnauthenticatedError(reason);
}

// The members of a JSON object as far as tokens need them.
struct Members {
  Caller::Claims texts;                    // strings, numbers, booleans
  absl::flat_hash_set<std::string> names;  // all of them, also those of other kinds
  absl::flat_hash_set<std::string> numbers, strings;
  std::vector<std::pair<std::string, std::string>> listed;  // of arrays of strings: name and one element

  const std::string* Find(absl::string_view name) const {
    for (const auto& [member, text] : texts) {
      if (member == name) return &text;
    }
    return nullptr;
  }
  // Absent, or a string.
  bool StringIfAny(absl::string_view name) const { return !names.contains(name) || strings.contains(name); }
};

// Reads one value into `members`.
void ReadMember(json::Reader& reader, const std::string& name, Members* members) {
  absl::string_view text;
  bool truth = false;
  switch (reader.Peek()) {
    case json::Kind::kString:
      if (!reader.ReadString(&text)) return;
      members->texts.emplace_back(name, std::string(text));
      members->strings.insert(name);
      return;
    case json::Kind::kNumber:
      if (!reader.ReadNumber(&text)) return;
      members->texts.emplace_back(name, std::string(text));
      members->numbers.insert(name);
      return;
    case json::Kind::kTrue:
    case json::Kind::kFalse:
      if (reader.ReadBool(&truth)) members->texts.emplace_back(name, truth ? "true" : "false");
      return;
    case json::Kind::kArray:
      if (!reader.BeginArray()) return;
      while (reader.NextElement()) {
        if (reader.Peek() != json::Kind::kString) {
          reader.SkipValue();
        } else if (reader.ReadString(&text)) {
          members->listed.emplace_back(name, std::string(text));
        }
      }
      return;
    default:
      reader.SkipValue();
  }
}

// False when `text` is no JSON object, or has a member twice.
bool ReadMembers(absl::string_view text, Members* members) {
  json::Reader reader(text, kMostDepth);
  absl::string_view key;
  if (!reader.BeginObject()) return false;
  while (reader.NextKey(&key)) {
    const std::string name(key);
    if (!members->names.insert(name).second) return false;
    ReadMember(reader, name, members);
  }
  return !reader.failed() && reader.Finish();
}

// A NumericDate; nullopt when it is none.
std::optional<absl::Time> TimeOf(const Members& claims, absl::string_view name) {
  double seconds = 0;
  if (!claims.numbers.contains(name) || !absl::SimpleAtod(*claims.Find(name), &seconds)) return std::nullopt;
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kMostSeconds) return std::nullopt;
  return absl::UnixEpoch() + absl::Seconds(seconds);
}

// RFC 8725, section 3.11; RFC 9068, section 2.1. A token for another purpose has another type.
bool IsAccessTokenType(absl::string_view type) {
  if (absl::StartsWithIgnoreCase(type, "application/")) type.remove_prefix(12);
  return absl::EqualsIgnoreCase(type, "jwt") || absl::EqualsIgnoreCase(type, "at+jwt");
}

absl::Status CheckTimes(const Members& claims, absl::Time now, absl::Duration leeway, absl::Time* expires) {
  const std::optional<absl::Time> exp = TimeOf(claims, "exp");
  if (!exp.has_value()) return Refused("the token has no valid exp");
  *expires = *exp + leeway;
  if (now >= *expires) return Refused("the token has expired");
  if (claims.names.contains("nbf")) {
    const std::optional<absl::Time> nbf = TimeOf(claims, "nbf");
    if (!nbf.has_value()) return Refused("the token's nbf is no time");
    if (now + leeway < *nbf) return Refused("the token is not valid yet");
  }
  if (claims.names.contains("iat") && !TimeOf(claims, "iat").has_value()) return Refused("the token's iat is no time");
  return absl::OkStatus();
}

bool HasAudience(const Members& claims, const std::string& audience) {
  if (claims.strings.contains("aud")) return *claims.Find("aud") == audience;
  return absl::c_linear_search(claims.listed, std::make_pair(std::string("aud"), audience));
}

// The token's `scope`, else `scp`, which is a string or a list.
std::string ScopesOf(const Members& claims) {
  for (const char* name : {"scope", "scp"}) {
    if (!claims.names.contains(name)) continue;
    if (claims.strings.contains(name)) return *claims.Find(name);
    std::string scopes;
    for (const auto& [list, scope] : claims.listed) {
      if (list == name) absl::StrAppend(&scopes, scopes.empty() ? "" : " ", scope);
    }
    return scopes;
  }
  return "";
}

}  // namespace

bool TokenVerifier::IsForAnUnknownKey(const absl::Status& refusal) {
  return refusal.GetPayload(kUnknownKey).has_value();
}

absl::StatusOr<std::shared_ptr<const Caller>> TokenVerifier::Verify(absl::string_view token, absl::Time now,
                                                                    const KeySet& keys) const {
  if (token.size() > kMostBytes) return Refused("the token is too long");
  const size_t first = token.find('.');
  const size_t second = first == absl::string_view::npos ? first : token.find('.', first + 1);
  if (second == absl::string_view::npos || token.find('.', second + 1) != absl::string_view::npos) {
    return Refused("the token has not three parts");
  }
  const std::optional<std::string> header_text = DecodeBase64Url(token.substr(0, first));
  const std::optional<std::string> claims_text = DecodeBase64Url(token.substr(first + 1, second - first - 1));
  const std::optional<std::string> signature = DecodeBase64Url(token.substr(second + 1));
  if (!header_text.has_value() || !claims_text.has_value() || !signature.has_value()) {
    return Refused("the token is not base64url");
  }
  Members header;
  if (!ReadMembers(*header_text, &header)) return Refused("the token's header is malformed");
  if (header.names.contains("crit")) return Refused("the token has critical extensions, none of which is known");
  if (!header.StringIfAny("typ") || !header.StringIfAny("kid") || !header.strings.contains("alg")) {
    return Refused("the token's header is malformed");
  }
  if (header.names.contains("typ") && !IsAccessTokenType(*header.Find("typ"))) {
    return Refused("the token is no access token");
  }
  const std::optional<Algorithm> algorithm = AlgorithmOf(*header.Find("alg"));
  if (!algorithm.has_value()) return Refused("the token's algorithm is not allowed");
  const std::string* const id = header.Find("kid");
  if (id != nullptr && id->empty()) return Refused("the token's header is malformed");
  const PublicKey* const key = keys.Find(id == nullptr ? absl::string_view() : *id, *algorithm);
  if (key == nullptr) {
    absl::Status refusal = Refused("the token is signed with a key that is not known");
    refusal.SetPayload(kUnknownKey, absl::Cord());
    return refusal;
  }
  if (!key->Verify(*algorithm, token.substr(0, second), *signature)) return Refused("the token's signature is wrong");

  // From here on it is the issuer who speaks, if only not to us, or not now.
  Members claims;
  if (!ReadMembers(*claims_text, &claims)) return Refused("the token's claims are malformed");
  if (!claims.StringIfAny("iss") || !claims.StringIfAny("sub")) return Refused("the token's claims are malformed");
  absl::Time expires;
  if (const absl::Status status = CheckTimes(claims, now, policy_.leeway, &expires); !status.ok()) return status;
  if (!policy_.issuer.empty() && (!claims.names.contains("iss") || *claims.Find("iss") != policy_.issuer)) {
    return Refused("the token is of another issuer");
  }
  if (!policy_.audience.empty() && !HasAudience(claims, policy_.audience)) {
    return Refused("the token is for another audience");
  }
  std::string scopes = ScopesOf(claims);
  return std::make_shared<const Caller>(std::move(claims.texts), std::move(scopes), expires);
}

}  // namespace portico::access
