#include "gateway/json/utf8.h"

namespace portico::json {

bool IsUtf8(absl::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    uint64_t bytes;
    while (end - at >= 8 && (std::memcpy(&bytes, at, 8), (bytes & 0x8080808080808080) == 0)) at += 8;
    if (at == end) break;
    if (static_cast<signed char>(*at) >= 0) {
      ++at;
      continue;
    }
    const int length = Utf8SequenceLength(at, end);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

char* PutUtf8(uint32_t code, char* to) {
  const auto put = [&to](uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return to;
}

}  // namespace portico::json
