#include "gateway/upstream/inflate.h"

#include <zlib.h>

#include <algorithm>

namespace portico::upstream {

Inflated Inflate(absl::string_view compressed, size_t max_bytes, std::string* out) {
  z_stream stream{};
  constexpr int kLargestWindow = 15;
  constexpr int kDetectFormat = 32;
  if (inflateInit2(&stream, kLargestWindow + kDetectFormat) != Z_OK) return Inflated::kMalformed;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  const size_t before = out->size();
  Inflated result = Inflated::kMalformed;
  while (true) {
    const size_t have = out->size() - before;
    // One byte more than allowed tells too large from just enough.
    const size_t room = std::min(max_bytes + 1 - have, std::max<size_t>(4 * compressed.size(), 4096));
    out->resize(out->size() + room);
    stream.next_out = reinterpret_cast<Bytef*>(&(*out)[before + have]);
    stream.avail_out = static_cast<uInt>(room);
    const int code = inflate(&stream, Z_NO_FLUSH);
    out->resize(out->size() - stream.avail_out);
    if (out->size() - before > max_bytes) {
      result = Inflated::kTooLarge;
      break;
    }
    if (code == Z_STREAM_END) {
      if (stream.avail_in == 0) result = Inflated::kDone;
      break;
    }
    if (code != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) break;
  }
  inflateEnd(&stream);
  return result;
}

}  // namespace portico::upstream
