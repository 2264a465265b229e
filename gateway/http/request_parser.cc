#include "gateway/http/request_parser.h"

#include <algorithm>
#include <boost/beast/http/error.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/request_check.h"
#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

namespace beast = boost::beast;

// Whether the request line names another version of HTTP than 1.0 and 1.1, rather than being malformed.
bool NamesOtherVersion(absl::string_view buffer) {
  const absl::string_view line = buffer.substr(0, buffer.find('\r'));
  const size_t at = line.find(" HTTP/");
  if (at == absl::string_view::npos) return false;
  const absl::string_view version = line.substr(at + 6);
  return version.size() == 3 && version != "1.0" && version != "1.1" &&
         absl::ascii_isdigit(static_cast<unsigned char>(version[0])) && version[1] == '.' &&
         absl::ascii_isdigit(static_cast<unsigned char>(version[2]));
}

absl::Status TooLarge(absl::string_view what, int http_status) {
  return rpc::WithHttpStatus(absl::ResourceExhaustedError(what), http_status);
}

}  // namespace

RequestParser::RequestParser(const Limits& limits) : limits_(limits) {
  header_limit(static_cast<uint32_t>(std::min<size_t>(limits.header_bytes, UINT32_MAX)));
  body_limit(boost::none);  // announced lengths are judged by the connection, chunks below
}

RequestParser::Result RequestParser::Fail(absl::Status error) {
  error_ = std::move(error);
  return Result::kError;
}

RequestParser::Result RequestParser::FailHead(const error_code& error, absl::string_view buffer) {
  if (error == beast::http::error::header_limit) return Fail(TooLarge("the request's head is too large", 431));
  if (error == beast::http::error::bad_version && NamesOtherVersion(buffer)) {
    return Fail(rpc::WithHttpStatus(absl::InvalidArgumentError("the HTTP version is neither 1.1 nor 1.0"), 505));
  }
  return Fail(absl::InvalidArgumentError(absl::StrCat("malformed request: ", error.message())));
}

RequestParser::Result RequestParser::ParseHead(absl::string_view buffer) {
  base_ = buffer.data();
  base_size_ = buffer.size();
  error_code error;
  // Beast bounds the request line and the fields each by the limit, what is seen here is both.
  const absl::string_view fresh = buffer.substr(head_bytes_);
  head_bytes_ += put(boost::asio::const_buffer(fresh.data(), fresh.size()), error);
  if (error == beast::http::error::need_more) {
    if (buffer.size() > limits_.header_bytes) return FailHead(beast::http::error::header_limit, buffer);
    // Beast looks no further until it sees an empty line, which a client that ends lines with LF alone never sends.
    for (size_t at = buffer.find('\n', scanned_); at != absl::string_view::npos; at = buffer.find('\n', at + 1)) {
      if (at == 0 || buffer[at - 1] != '\r') return FailHead(beast::http::error::bad_line_ending, buffer);
    }
    scanned_ = buffer.size();
    return Result::kNeedMore;
  }
  if (error) return FailHead(error, buffer);
  if (!is_header_done()) return Result::kNeedMore;
  if (head_bytes_ > limits_.header_bytes) return FailHead(beast::http::error::header_limit, buffer);
  return Check(buffer);
}

RequestParser::Result RequestParser::Check(absl::string_view buffer) {
  RequestHeaders headers;
  for (const FieldSpans& field : fields_) headers.Add(Text(buffer, field.name), Text(buffer, field.value));
  const absl::StatusOr<RequestFraming> framing = CheckHead(buffer.substr(0, head_bytes_), headers, http11());
  if (!framing.ok()) return Fail(framing.status());
  chunked_ = framing->chunked;
  length_ = framing->length;
  expects_continue_ = framing->expects_continue;
  const absl::StatusOr<absl::string_view> target = ReduceTarget(Text(buffer, method_), Text(buffer, target_));
  if (!target.ok()) return Fail(target.status());
  root_target_ = target->empty();
  if (!root_target_) target_ = SpanOf(string_view(target->data(), target->size()));
  return Result::kDone;
}

void RequestParser::Fill(absl::string_view buffer, Request* request) const {
  request->method = Text(buffer, method_);
  request->target = root_target_ ? absl::string_view("/") : Text(buffer, target_);
  const size_t mark = request->target.find('?');
  request->path = request->target.substr(0, mark);
  request->query = mark == absl::string_view::npos ? absl::string_view() : request->target.substr(mark + 1);
  for (const FieldSpans& field : fields_) request->headers.Add(Text(buffer, field.name), Text(buffer, field.value));
}

RequestParser::Span RequestParser::SpanOf(string_view text) const {
  return {static_cast<uint32_t>(text.data() - base_), static_cast<uint32_t>(text.size())};
}

void RequestParser::on_request_impl(beast::http::verb, string_view method, string_view target, int version,
                                    error_code&) {
  method_ = SpanOf(method);
  target_ = SpanOf(target);
  version_ = version;
}

void RequestParser::on_field_impl(beast::http::field, string_view name, string_view value, error_code& error) {
  if (fields_.size() >= limits_.headers) {
    error = beast::http::error::header_limit;
    return;
  }
  // An unfolded value lives in a buffer of Beast's own. An empty one may point anywhere.
  const bool ours = value.empty() || (value.data() >= base_ && value.data() < base_ + base_size_);
  if (!ours) {
    error = beast::http::error::bad_value;
    return;
  }
  fields_.push_back({SpanOf(name), value.empty() ? Span() : SpanOf(value)});
}

}  // namespace portico::http
