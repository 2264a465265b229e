// The head of an HTTP/1 request and a chunked body behind it: the result is the same however the bytes arrive, and what
// is handed on is what the other folders rely on.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/chunked_body.h"
#include "gateway/http/message.h"
#include "gateway/http/request_parser.h"
#include "gateway/net/worker.h"
#include "tests/fuzz/contract.h"

namespace portico::fuzz {
namespace {

std::string ParseBody(const http::Limits& limits, absl::string_view bytes, size_t piece) {
  http::ChunkedBody body(limits, limits.body_bytes);
  std::string decoded;
  size_t total = 0;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    const std::string now(bytes.substr(at, piece));
    size_t consumed = 0;
    const auto result = body.Read(now, &consumed, &decoded);
    total += consumed;
    if (result == http::ChunkedBody::Result::kError) return absl::StrCat("error ", body.error().message());
    if (result == http::ChunkedBody::Result::kDone) return absl::StrCat("done ", total, " ", decoded);
  }
  return absl::StrCat("more ", decoded);
}

// `piece` bytes more each time.
std::string Parse(absl::string_view bytes, size_t piece) {
  static const http::Limits& limits = *new http::Limits();
  static net::Worker& worker = *new net::Worker(0);
  http::RequestParser parser(limits);
  for (size_t end = std::min(piece, bytes.size());; end = std::min(end + piece, bytes.size())) {
    // Elsewhere each time, and without a byte behind it.
    const std::unique_ptr<char[]> buffer(new char[end]);
    std::memcpy(buffer.get(), bytes.data(), end);
    const absl::string_view received(buffer.get(), end);
    const auto result = parser.ParseHead(received);
    // Of several mistakes another may be the first to be seen.
    if (result == http::RequestParser::Result::kError) return "error";
    if (result == http::RequestParser::Result::kDone) {
      http::Request request(worker, net::kNoDeadline);
      parser.Fill(received, &request);
      FUZZ_CHECK(parser.head_bytes() <= end, bytes);
      FUZZ_CHECK(!request.method.empty() && !request.target.empty(), bytes);
      FUZZ_CHECK(!absl::StrContains(request.path, '?'), bytes);
      std::string shown =
          absl::StrCat(request.method, " ", request.target, " ", request.path, "?", request.query, " ",
                       parser.head_bytes(), parser.is_chunked(), parser.keeps_alive(), " ", parser.announced_length());
      if (parser.is_chunked()) {
        absl::StrAppend(&shown, ParseBody(limits, bytes.substr(parser.head_bytes()), piece));
      }
      return shown;
    }
    if (end == bytes.size()) return "more";
  }
}

void Run(absl::string_view input) {
  if (input.empty()) return;
  const std::string whole = Parse(input, input.size());
  for (const size_t piece : {size_t{1}, size_t{7}}) {
    const std::string pieces = Parse(input, piece);
    // A head that is not complete may be known to be wrong, or not yet.
    if ((pieces == "more" && whole == "error") || (pieces == "error" && whole == "more")) continue;
    FUZZ_CHECK(pieces == whole, input, whole, pieces);
  }
}

}  // namespace
}  // namespace portico::fuzz

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  portico::fuzz::Run(absl::string_view(data, size));
  return 0;
}
