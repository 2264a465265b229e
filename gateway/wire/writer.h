#ifndef PORTICO_GATEWAY_WIRE_WRITER_H_
#define PORTICO_GATEWAY_WIRE_WRITER_H_

#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/wire/append_buffer.h"
#include "gateway/wire/format.h"

namespace portico::wire {

// Writes `value` at `to`, which has room for ten bytes; returns the place behind it.
inline char* PutVarint(uint64_t value, char* to) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

template <class T>
inline char* PutFixed(T value, char* to) {
  for (unsigned i = 0; i < sizeof(T); ++i) to[i] = static_cast<char>(value >> (8 * i));
  return to + sizeof(T);
}

inline void AppendVarint(uint64_t value, std::string* out) {
  char bytes[kMaxVarintBytes];
  out->append(bytes, static_cast<size_t>(PutVarint(value, bytes) - bytes));
}

inline void AppendTag(uint32_t number, WireType type, std::string* out) {
  AppendVarint(MakeTag(number, type), out);
}

// A length-delimited field: tag, length, bytes.
inline void AppendBytesField(uint32_t number, absl::string_view bytes, std::string* out) {
  AppendTag(number, WireType::kBytes, out);
  AppendVarint(bytes.size(), out);
  out->append(bytes.data(), bytes.size());
}

inline void AppendVarintField(uint32_t number, uint64_t value, std::string* out) {
  AppendTag(number, WireType::kVarint, out);
  AppendVarint(value, out);
}

// Appends the protobuf wire format to a string, sub-messages in place. Not thread-safe.
class Writer {
 public:
  // REQUIRES: nobody else touches `out` until Finish() or Abandon().
  Writer(std::string* out, size_t expected) : buffer_(out, expected) {}

  void Varint(uint64_t value) { buffer_.Advance(PutVarint(value, buffer_.Reserve(kMaxVarintBytes))); }
  void Tag(uint32_t tag) { Varint(tag); }
  void Fixed32(uint32_t value) { buffer_.Advance(PutFixed(value, buffer_.Reserve(4))); }
  void Fixed64(uint64_t value) { buffer_.Advance(PutFixed(value, buffer_.Reserve(8))); }
  void Bytes(absl::string_view bytes) {
    char* const to = PutVarint(bytes.size(), buffer_.Reserve(bytes.size() + kMaxVarintBytes));
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    buffer_.Advance(to + bytes.size());
  }

  // Opens something length-delimited: one byte is kept free for its length. Returns what End() wants.
  size_t Begin() {
    *buffer_.Reserve(1) = 0;
    buffer_.Advance(buffer_.Reserve(1) + 1);
    return buffer_.size();
  }
  // Closes it: writes the length, moving the content up when one byte does not hold it.
  void End(size_t begin) {
    const size_t length = buffer_.size() - begin;
    if (length < 0x80) {
      *buffer_.data(begin - 1) = static_cast<char>(length);
      return;
    }
    char prefix[kMaxVarintBytes];
    const auto prefix_size = static_cast<size_t>(PutVarint(length, prefix) - prefix);
    buffer_.Reserve(prefix_size);
    char* const content = buffer_.data(begin);
    std::memmove(content + prefix_size - 1, content, length);
    std::memcpy(content - 1, prefix, prefix_size);
    buffer_.Advance(content + prefix_size - 1 + length);
  }

  size_t size() const { return buffer_.size(); }
  absl::string_view view(size_t from, size_t length) const { return buffer_.view(from, length); }
  void Truncate(size_t offset) { buffer_.Truncate(offset); }
  void Finish() { buffer_.Finish(); }
  void Abandon() { buffer_.Abandon(); }

  // For writing bytes that are made in place.
  AppendBuffer& buffer() { return buffer_; }

 private:
  AppendBuffer buffer_;
};

}  // namespace portico::wire

#endif  // PORTICO_GATEWAY_WIRE_WRITER_H_
