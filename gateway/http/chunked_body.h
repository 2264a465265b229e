#ifndef PORTICO_GATEWAY_HTTP_CHUNKED_BODY_H_
#define PORTICO_GATEWAY_HTTP_CHUNKED_BODY_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/http/limits.h"

namespace portico::http {

// Decodes a chunked body (RFC 9112, section 7.1), strictly: lines end with CRLF, sizes are up to 16 hexadecimal digits,
// nothing stands between a chunk and its CRLF. Extensions and trailer fields are dropped; all of a body's together may
// have `header_bytes`. Takes every byte it is given,
// so that the way the input is split cannot matter. Ours rather than Beast's, whose own asserts depend on the split.
class ChunkedBody {
 public:
  enum class Result { kNeedMore, kDone, kError };

  // The decoded body may have up to `most` bytes. `limits` outlives it.
  ChunkedBody(const Limits& limits, uint64_t most) : limits_(limits), left_of_body_(most) {}

  // Reads on, and appends what the bytes say to `decoded`. `consumed` is all of `bytes`, with kDone what belongs to the
  // body. REQUIRES: no kDone or kError before.
  Result Read(absl::string_view bytes, size_t* consumed, std::string* decoded);

  // After kError: with the HTTP status to answer, 400, 413 or 431.
  const absl::Status& error() const { return error_; }

 private:
  enum class State {
    kSize,          // digits
    kBlank,         // between size and extension
    kExtension,     // behind ';'
    kSizeEnd,       // LF of the size's line
    kData,          // of a chunk
    kDataEnd,       // CR behind it
    kDataLineEnd,   // LF behind it
    kTrailer,       // first byte of a trailer line
    kTrailerField,  // within one
    kTrailerEnd,    // LF of one
    kEnd,           // the last LF
  };

  // Takes one byte outside of data; false on error.
  bool Take(char c);
  bool BeginChunk();
  bool Fail(absl::string_view why);

  const Limits& limits_;
  State state_ = State::kSize;
  int digits_ = 0;
  uint64_t left_ = 0;   // of the size being read, then of the chunk
  size_t framing_ = 0;  // bytes of all extensions and of the trailer
  uint64_t left_of_body_;
  absl::Status error_;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_CHUNKED_BODY_H_
