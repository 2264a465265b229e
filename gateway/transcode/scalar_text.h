#ifndef PORTICO_GATEWAY_TRANSCODE_SCALAR_TEXT_H_
#define PORTICO_GATEWAY_TRANSCODE_SCALAR_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {

// Scalar values as text: JSON number tokens, strings that hold a number, query parameters, path variables.

// "int32", "an int32", "a float": for messages.
absl::string_view Describe(schema::FieldType type);

// What is wrong with a text that should have been a number.
enum class NumberError : uint8_t { kNone, kNotANumber, kNotWhole, kOutOfRange };

// Parses a number of a numeric type (not bool, not enum): the grammar of JSON numbers; integers may have a fraction of
// zeros and an exponent as long as the value is whole ("1.50e2"); floating-point types also take NaN, Infinity and
// -Infinity when `named` (ProtoJSON allows them only in quotation marks). `bits` is what stands on the wire: the varint
// (sign-extended, zigzagged) or the fixed bits.
NumberError ParseNumber(schema::FieldType type, absl::string_view text, bool named, uint64_t* bits);

// "not an int32: \"abc\"". REQUIRES: error != kNone.
std::string DescribeError(NumberError error, schema::FieldType type, absl::string_view text);

// `text` in quotation marks, cut when it is long: to quote a client's input in a message.
std::string Quote(absl::string_view text);

// Writes the value (no tag) of a numeric, bool or enum type.
inline void WriteScalar(uint32_t tag, uint64_t bits, wire::Writer* out) {
  switch (wire::TypeOf(tag)) {
    case wire::WireType::kFixed32:
      return out->Fixed32(static_cast<uint32_t>(bits));
    case wire::WireType::kFixed64:
      return out->Fixed64(bits);
    default:
      return out->Varint(bits);
  }
}

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_SCALAR_TEXT_H_
