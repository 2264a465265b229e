#ifndef PORTICO_GATEWAY_WIRE_READER_H_
#define PORTICO_GATEWAY_WIRE_READER_H_

#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"
#include "gateway/wire/format.h"

namespace portico::wire {

// Reads the protobuf wire format from contiguous bytes, which must outlive the reader and the views it gives. Every
// read is checked against the end; after a false answer the position is unspecified and the input is malformed.
// A copy is an independent reader at the same position. Not thread-safe.
class Reader {
 public:
  explicit Reader(absl::string_view data) : at_(data.data()), end_(data.data() + data.size()) {}

  bool done() const { return at_ == end_; }
  const char* position() const { return at_; }
  size_t remaining() const { return static_cast<size_t>(end_ - at_); }

  // At most ten bytes; bits beyond 64 are dropped, as protobuf does.
  bool ReadVarint(uint64_t* value) {
    if (at_ != end_ && static_cast<signed char>(*at_) >= 0) {
      *value = static_cast<unsigned char>(*at_++);
      return true;
    }
    // Two bytes: most lengths of messages.
    if (remaining() >= 2 && static_cast<signed char>(at_[1]) >= 0) {
      *value = (static_cast<unsigned char>(at_[0]) & 0x7fu) | static_cast<unsigned>(at_[1]) << 7;
      at_ += 2;
      return true;
    }
    return ReadLongVarint(value);
  }

  // False also for field number 0, numbers beyond 2^29-1, the unused wire types 6 and 7, and tags of more than five
  // bytes, however small their value.
  bool ReadTag(uint32_t* tag) {
    const char* const start = at_;
    uint64_t value;
    if (!ReadVarint(&value)) return false;
    *tag = static_cast<uint32_t>(value);
    return value >> 32 == 0 && value >> 3 != 0 && (value & 7) <= 5 && at_ - start <= kMaxTagBytes;
  }

  bool ReadFixed32(uint32_t* value) { return ReadFixed(value); }
  bool ReadFixed64(uint64_t* value) { return ReadFixed(value); }

  // A length and so many bytes.
  bool ReadBytes(absl::string_view* bytes) {
    uint64_t size;
    if (!ReadVarint(&size) || size > remaining()) return false;
    *bytes = absl::string_view(at_, static_cast<size_t>(size));
    at_ += size;
    return true;
  }

  // Consumes the next tag when it is `tag` in its shortest form. False, and nothing consumed, otherwise.
  bool ConsumeTag(uint32_t tag) {
    const char* const start = at_;
    uint64_t value;
    if (at_ != end_ && ReadVarint(&value) && value == tag) return true;
    at_ = start;
    return false;
  }

  // Passes over the value whose tag was just read. Groups may nest `depth` levels deep. False for an end-group tag.
  bool Skip(uint32_t tag, int depth = 100);

  // The content of the group whose start tag was just read, without its end tag, which is consumed.
  bool ReadGroup(uint32_t tag, absl::string_view* content, int depth = 100);

 private:
  bool ReadLongVarint(uint64_t* value);

  template <class T>
  bool ReadFixed(T* value) {
    if (remaining() < sizeof(T)) return false;
    // Byte by byte, which compilers turn into one load where the machine is little-endian.
    T result = 0;
    for (unsigned i = 0; i < sizeof(T); ++i) result |= static_cast<T>(static_cast<unsigned char>(at_[i])) << (8 * i);
    *value = result;
    at_ += sizeof(T);
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace portico::wire

#endif  // PORTICO_GATEWAY_WIRE_READER_H_
