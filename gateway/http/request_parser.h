#ifndef PORTICO_GATEWAY_HTTP_REQUEST_PARSER_H_
#define PORTICO_GATEWAY_HTTP_REQUEST_PARSER_H_

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/http/limits.h"
#include "gateway/http/message.h"

namespace portico::http {

// Reads the head of one HTTP/1.x request (RFC 9112) from a buffer that grows. Beast's parser does the syntax; what it
// lets pass and must not be let pass, because another server on the way might read it differently, is refused here
// (request_check.h). For connections and their tests only: this header brings Beast.
class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  enum class Result { kNeedMore, kDone, kError };

  // `limits` outlives the parser.
  explicit RequestParser(const Limits& limits);

  // Reads on in `buffer`: everything received since the request's first byte, at whatever address it is now. After
  // kDone the functions below answer; after kError error() does. REQUIRES: no kDone or kError before.
  Result ParseHead(absl::string_view buffer);

  size_t head_bytes() const { return head_bytes_; }
  bool http11() const { return version_ == 11; }
  bool keeps_alive() const { return keep_alive(); }
  bool expects_continue() const { return expects_continue_; }
  bool is_chunked() const { return chunked_; }
  uint64_t announced_length() const { return length_; }  // 0 when chunked or without body

  // INVALID_ARGUMENT or RESOURCE_EXHAUSTED with the HTTP status to answer: 400, 417, 431 or 505.
  const absl::Status& error() const { return error_; }

  // Sets method, target, path, query and headers, as views into `buffer` (see ParseHead).
  void Fill(absl::string_view buffer, Request* request) const;

 private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  struct Span {
    uint32_t at = 0;
    uint32_t size = 0;
  };
  struct FieldSpans {
    Span name;
    Span value;
  };

  void on_request_impl(boost::beast::http::verb, string_view method, string_view target, int version,
                       error_code& error) override;
  void on_field_impl(boost::beast::http::field, string_view name, string_view value, error_code& error) override;
  void on_header_impl(error_code&) override {}
  void on_chunk_header_impl(uint64_t, string_view, error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, string_view body, error_code&) override { return body.size(); }
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  size_t on_body_impl(string_view body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}
  void on_response_impl(int, string_view, int, error_code&) override {}

  Result Fail(absl::Status error);
  Result FailHead(const error_code& error, absl::string_view buffer);
  Result Check(absl::string_view buffer);
  Span SpanOf(string_view text) const;
  static absl::string_view Text(absl::string_view buffer, Span span) { return buffer.substr(span.at, span.size); }

  const Limits& limits_;
  const char* base_ = nullptr;  // of the buffer during ParseHead
  size_t base_size_ = 0;
  size_t head_bytes_ = 0;  // consumed so far
  size_t scanned_ = 0;     // of an incomplete head, for bare line feeds
  Span method_;
  Span target_;
  absl::InlinedVector<FieldSpans, 16> fields_;
  int version_ = 0;
  uint64_t length_ = 0;
  bool chunked_ = false;
  bool expects_continue_ = false;
  bool root_target_ = false;  // an absolute-form target without a path: "/"
  absl::Status error_;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_REQUEST_PARSER_H_
