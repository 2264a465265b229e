#ifndef PORTICO_TESTS_TRANSCODE_WIRE_BYTES_H_
#define PORTICO_TESTS_TRANSCODE_WIRE_BYTES_H_

#include <cstdint>
#include <cstring>
#include <string>

#include "gateway/wire/format.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {

// The parts of the wire format, to put messages together that no serializer writes.

inline std::string Varint(uint64_t value) {
  std::string bytes;
  wire::AppendVarint(value, &bytes);
  return bytes;
}
inline std::string Tag(uint32_t number, wire::WireType type) {
  return Varint(wire::MakeTag(number, type));
}
inline std::string Delimited(const std::string& bytes) {
  return Varint(bytes.size()) + bytes;
}
template <class T>
std::string Fixed(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}
inline std::string VarintField(uint32_t number, uint64_t value) {
  return Tag(number, wire::WireType::kVarint) + Varint(value);
}
inline std::string BytesField(uint32_t number, const std::string& bytes) {
  return Tag(number, wire::WireType::kBytes) + Delimited(bytes);
}

}  // namespace portico::transcode

#endif  // PORTICO_TESTS_TRANSCODE_WIRE_BYTES_H_
