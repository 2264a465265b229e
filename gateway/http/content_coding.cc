#include "gateway/http/content_coding.h"

#include <brotli/decode.h>
#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/http/syntax.h"
#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

constexpr size_t kMostCodings = 3;
constexpr int kZstdWindowLog = 23;  // 8 MB
constexpr int kZstdLevel = 1;
constexpr int kBrotliQuality = 3;
constexpr int kGzipLevel = 2;
constexpr size_t kMostAtOnce = size_t{1} << 30;  // zlib counts in 32 bits

absl::Status Broken(absl::string_view coding) {
  return absl::InvalidArgumentError(absl::StrCat("the body is not the ", coding, " its Content-Encoding says"));
}

absl::Status TooLarge() {
  return rpc::WithHttpStatus(absl::ResourceExhaustedError("the request's body is too large when it is unpacked"), 413);
}

// Where what is unpacked goes: grows by doubling, to one byte beyond the limit, which tells that there is too much.
class Output {
 public:
  Output(size_t expected, size_t limit) : most_(limit + 1) { Resize(expected); }

  char* at() { return text_.data() + used_; }
  size_t room() const { return text_.size() - used_; }
  void Advance(size_t bytes) { used_ += bytes; }
  // Makes room; false when the limit is passed.
  bool Grow() {
    if (room() > 0) return true;
    if (used_ == most_) return false;
    Resize(2 * used_);
    return true;
  }
  bool passed() const { return used_ == most_; }
  std::string Take() {
    text_.resize(used_);
    return std::move(text_);
  }

 private:
  void Resize(size_t size) { text_.resize(std::min(std::max<size_t>(size, 1024), most_)); }

  const size_t most_;
  size_t used_ = 0;
  std::string text_;
};

absl::StatusOr<std::string> Inflate(absl::string_view coding, absl::string_view body, size_t limit) {
  constexpr int kGzip = 16;
  const bool gzip = coding == "gzip";
  if (body.size() > kMostAtOnce) return TooLarge();
  // The zlib format begins with 0x?8 and a check of two bytes; raw deflate has neither.
  const bool zlib = body.size() >= 2 && (body[0] & 0x0f) == 8 &&
                    (static_cast<unsigned char>(body[0]) * 256 + static_cast<unsigned char>(body[1])) % 31 == 0;
  z_stream stream{};
  if (inflateInit2(&stream, gzip ? kGzip + MAX_WBITS : zlib ? MAX_WBITS : -MAX_WBITS) != Z_OK) {
    return absl::InternalError("no memory to unpack the body");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> ended(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  Output out(body.size() * 4, limit);
  while (true) {
    if (!out.Grow()) return TooLarge();
    stream.next_out = reinterpret_cast<Bytef*>(out.at());
    const size_t room = std::min(out.room(), kMostAtOnce);
    stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream, Z_NO_FLUSH);
    out.Advance(room - stream.avail_out);
    if (out.passed()) return TooLarge();
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0) return out.Take();
      if (!gzip || inflateReset(&stream) != Z_OK) return Broken(coding);  // gzip: another member
    } else if (result != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return Broken(coding);
    }
  }
}

absl::StatusOr<std::string> UnpackBrotli(absl::string_view body, size_t limit) {
  const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  if (state == nullptr) return absl::InternalError("no memory to unpack the body");
  const auto* in = reinterpret_cast<const uint8_t*>(body.data());
  size_t in_left = body.size();
  Output out(body.size() * 4, limit);
  while (true) {
    if (!out.Grow()) return TooLarge();
    auto* next = reinterpret_cast<uint8_t*>(out.at());
    size_t room = out.room();
    const BrotliDecoderResult result = BrotliDecoderDecompressStream(state.get(), &in_left, &in, &room, &next, nullptr);
    out.Advance(out.room() - room);
    if (out.passed()) return TooLarge();
    if (result == BROTLI_DECODER_RESULT_SUCCESS) {
      if (in_left > 0) return Broken("br");
      return out.Take();
    }
    if (result != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return Broken("br");
  }
}

absl::StatusOr<std::string> UnpackZstd(absl::string_view body, size_t limit) {
  const std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (context == nullptr) return absl::InternalError("no memory to unpack the body");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLog);
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  Output out(body.size() * 4, limit);
  while (true) {
    if (!out.Grow()) return TooLarge();
    ZSTD_outBuffer piece{out.at(), out.room(), 0};
    const size_t result = ZSTD_decompressStream(context.get(), &piece, &in);
    out.Advance(piece.pos);
    if (out.passed()) return TooLarge();
    if (ZSTD_isError(result) != 0) return Broken("zstd");
    // At a frame's end; another may follow.
    if (result == 0 && in.pos == in.size) return out.Take();
    if (result != 0 && in.pos == in.size && piece.pos < piece.size) return Broken("zstd");
  }
}

}  // namespace

absl::StatusOr<std::string> DecodeContent(absl::string_view codings, absl::string_view body, size_t limit) {
  std::vector<std::string> list;
  for (const absl::string_view part : absl::StrSplit(codings, ',')) {
    std::string coding = absl::AsciiStrToLower(absl::StripAsciiWhitespace(part));
    if (coding.empty() || coding == "identity") continue;
    if (coding == "x-gzip") coding = "gzip";
    if (coding != "gzip" && coding != "deflate" && coding != "br" && coding != "zstd") {
      const bool nameable = IsToken(coding) && coding.size() <= 40;
      return rpc::WithHttpStatus(absl::InvalidArgumentError(absl::StrCat("the body's Content-Encoding",
                                                                         nameable ? absl::StrCat(" ", coding) : "",
                                                                         " is not one of ", kContentCodings)),
                                 415);
    }
    if (list.size() == kMostCodings) {
      return rpc::WithHttpStatus(absl::InvalidArgumentError("the body's Content-Encoding lists too many codings"), 415);
    }
    list.push_back(std::move(coding));
  }
  std::string decoded(list.empty() ? body : absl::string_view());
  for (size_t i = list.size(); i-- > 0;) {
    const absl::string_view from = i + 1 == list.size() ? body : absl::string_view(decoded);
    absl::StatusOr<std::string> unpacked = list[i] == "br"     ? UnpackBrotli(from, limit)
                                           : list[i] == "zstd" ? UnpackZstd(from, limit)
                                                               : Inflate(list[i], from, limit);
    if (!unpacked.ok()) return unpacked;
    decoded = *std::move(unpacked);
  }
  return decoded;
}

absl::StatusOr<std::string> EncodeContent(absl::string_view coding, absl::string_view body) {
  std::string packed;
  if (coding == "zstd") {
    packed.resize(ZSTD_compressBound(body.size()));
    const size_t size = ZSTD_compress(packed.data(), packed.size(), body.data(), body.size(), kZstdLevel);
    if (ZSTD_isError(size) != 0) return absl::InternalError("zstd failed");
    packed.resize(size);
    return packed;
  }
  if (coding == "br") {
    size_t size = BrotliEncoderMaxCompressedSize(body.size());
    packed.resize(size);
    if (BrotliEncoderCompress(kBrotliQuality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, body.size(),
                              reinterpret_cast<const uint8_t*>(body.data()), &size,
                              reinterpret_cast<uint8_t*>(packed.data())) == BROTLI_FALSE) {
      return absl::InternalError("br failed");
    }
    packed.resize(size);
    return packed;
  }
  if (body.size() > kMostAtOnce) return absl::InternalError("gzip failed");
  constexpr int kGzip = 16;
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzip + MAX_WBITS, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    return absl::InternalError("gzip failed");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> ended(&stream, deflateEnd);
  packed.resize(deflateBound(&stream, body.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return absl::InternalError("gzip failed");
  packed.resize(packed.size() - stream.avail_out);
  return packed;
}

}  // namespace portico::http
