#include "gateway/wire/reader.h"

namespace portico::wire {

bool Reader::ReadLongVarint(uint64_t* value) {
  uint64_t result = 0;
  for (int i = 0; i < kMaxVarintBytes; ++i) {
    if (at_ == end_) return false;
    const auto byte = static_cast<unsigned char>(*at_++);
    result |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      *value = result;
      return true;
    }
  }
  return false;
}

bool Reader::Skip(uint32_t tag, int depth) {
  uint64_t number;
  uint32_t fixed;
  absl::string_view bytes;
  switch (TypeOf(tag)) {
    case WireType::kVarint:
      return ReadVarint(&number);
    case WireType::kFixed64:
      return ReadFixed64(&number);
    case WireType::kBytes:
      return ReadBytes(&bytes);
    case WireType::kStartGroup:
      return ReadGroup(tag, &bytes, depth);
    case WireType::kFixed32:
      return ReadFixed32(&fixed);
    case WireType::kEndGroup:
      break;
  }
  return false;
}

bool Reader::ReadGroup(uint32_t tag, absl::string_view* content, int depth) {
  if (depth <= 0) return false;
  const char* const start = at_;
  const uint32_t end_tag = MakeTag(FieldNumber(tag), WireType::kEndGroup);
  for (;;) {
    const char* const before = at_;
    uint32_t inner;
    if (done() || !ReadTag(&inner)) return false;
    if (inner == end_tag) {
      *content = absl::string_view(start, static_cast<size_t>(before - start));
      return true;
    }
    if (!Skip(inner, depth - 1)) return false;
  }
}

}  // namespace portico::wire
