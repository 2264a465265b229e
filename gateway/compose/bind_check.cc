#include "gateway/compose/bind_check.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace portico::compose {

using schema::FieldTable;

bool LooksLikeSource(absl::string_view text) {
  return absl::ascii_isalpha(text.front()) && text != "true" && text != "false" && text != "null";
}

absl::Status NoSource(absl::string_view text) {
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", text,
      "\" is no source: request.PATH, self.PATH, claim.NAME, header.NAME or, where a field is bound, JSON"));
}

const FieldTable* OneofRival(const WirePath& path, const WirePath& other) {
  for (size_t i = 0; i < std::min(path.steps().size(), other.steps().size()); ++i) {
    const FieldTable* const one = path.steps()[i];
    const FieldTable* const two = other.steps()[i];
    if (one != two) return one->oneof >= 0 && one->oneof == two->oneof ? two : nullptr;
  }
  return nullptr;
}

bool IsInPieces(const Part& part) {
  absl::flat_hash_set<const FieldTable*> written;
  const auto again = [&](const WirePath& target) {
    const FieldTable* const first = target.steps().front();
    return first->message != nullptr && !first->repeated && !written.insert(first).second;
  };
  for (const Bind& bind : part.binds) {
    // A message that came in pieces goes on in pieces.
    const bool copied = bind.target.leaf().message != nullptr && bind.source.kind != Source::Kind::kLiteral;
    if (copied || again(bind.target)) return true;
  }
  return part.batch.has_value() && again(part.batch->keys);
}

}  // namespace portico::compose
