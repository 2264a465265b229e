#ifndef PORTICO_GATEWAY_WIRE_FORMAT_H_
#define PORTICO_GATEWAY_WIRE_FORMAT_H_

#include <cstdint>

namespace portico::wire {

// How the bytes after a tag are laid out (protobuf.dev/programming-guides/encoding). 6 and 7 are not in use.
enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

inline constexpr uint32_t kMaxFieldNumber = (1u << 29) - 1;
inline constexpr int kMaxVarintBytes = 10;
inline constexpr int kMaxTagBytes = 5;  // a tag is a uint32

constexpr uint32_t MakeTag(uint32_t number, WireType type) {
  return number << 3 | static_cast<uint32_t>(type);
}
constexpr uint32_t FieldNumber(uint32_t tag) {
  return tag >> 3;
}
constexpr WireType TypeOf(uint32_t tag) {
  return static_cast<WireType>(tag & 7);
}

// sint32 and sint64: small negative numbers become small varints.
constexpr uint64_t ZigZag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t UnZigZag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}
constexpr int32_t UnZigZag32(uint32_t value) {
  return static_cast<int32_t>(value >> 1) ^ -static_cast<int32_t>(value & 1);
}

}  // namespace portico::wire

#endif  // PORTICO_GATEWAY_WIRE_FORMAT_H_
