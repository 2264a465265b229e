#ifndef PORTICO_GATEWAY_COMPOSE_WIRE_PATH_H_
#define PORTICO_GATEWAY_COMPOSE_WIRE_PATH_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gateway/schema/message_table.h"
#include "gateway/wire/format.h"

namespace portico::compose {

// One value found in a message, as it stands on the wire: for kBytes the content without its length, else the encoded
// number. A packed chunk of a repeated scalar counts as one kBytes value.
struct WireValue {
  wire::WireType type = wire::WireType::kBytes;
  absl::string_view bytes;
};
using WireValues = absl::InlinedVector<WireValue, 4>;

// Appends `value` as field `number`.
void AppendField(uint32_t number, const WireValue& value, std::string* out);

// True when the value is present but has nothing in it: an empty string, message or packed chunk.
inline bool IsEmpty(const WireValue& value) {
  return value.type == wire::WireType::kBytes && value.bytes.empty();
}

// True when nothing in the values has anything in it.
inline bool AllEmpty(const WireValues& values) {
  return std::all_of(values.begin(), values.end(), IsEmpty);
}

// A dotted path of proto field names through messages, compiled against a message type: how composition takes a value
// out of a request or a reply without parsing it. Immutable and thread-safe. REQUIRES: the tables outlive it.
class WirePath {
 public:
  // The empty path is the message itself. The error message says which name is wrong, and nothing of where.
  static absl::StatusOr<WirePath> Compile(const schema::MessageTable& root, absl::string_view path);

  // Appends what the path finds in `message`, given in one or more chunks whose concatenation it is. By the rules of
  // the wire format: the last occurrence of a singular scalar, all occurrences of anything else (those of a singular
  // message are to be concatenated); of a oneof's member, here or on the way, nothing that stands before another member
  // of that oneof, since whoever parses the message has only the last. Leading through a repeated field, it collects
  // from every element. A malformed message gives what stands before the fault. The views point into `message`.
  void Collect(absl::Span<const absl::string_view> message, WireValues* values) const {
    CollectFrom(message, 0, values);
  }

  // Appends `leaf`, encoded fields of the path's innermost message, to `message` as the outermost one has them.
  // REQUIRES: !empty().
  void AppendWrapped(std::string leaf, std::string* message) const;

  bool empty() const { return steps_.empty(); }
  const std::vector<const schema::FieldTable*>& steps() const { return steps_; }
  // REQUIRES: !empty().
  const schema::FieldTable& leaf() const { return *steps_.back(); }
  // True when it may find more than one value: the leaf, or a field on the way, is repeated.
  bool repeated() const { return repeated_; }
  // The path without its first step.
  WirePath Rest() const;

 private:
  void CollectFrom(absl::Span<const absl::string_view> message, size_t step, WireValues* values) const;

  std::vector<const schema::FieldTable*> steps_;
  std::vector<const schema::MessageTable*> tables_;  // of each step: the message it is a field of
  bool repeated_ = false;
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_WIRE_PATH_H_
