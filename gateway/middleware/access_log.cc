#include "gateway/middleware/access_log.h"

#include <ctime>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/http/syntax.h"

namespace portico::middleware {
namespace {

constexpr size_t kLongestId = 128;

int64_t WallClock() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Unique for all gateways there are, by chance: 64 bits drawn at start, and the request's number in this process.
std::string GenerateId(uint64_t request) {
  static const uint64_t process = [] {
    std::random_device device;
    return static_cast<uint64_t>(device()) << 32 | device();
  }();
  return absl::StrCat(absl::Hex(process, absl::kZeroPad16), "-", absl::Hex(request));
}

}  // namespace

AccessLog::AccessLog(absl::string_view frontend, AccessLogSink* sink) : sink_(sink) {
  if (sink_ != nullptr) frontend_ = sink_->Name(frontend);
}

Async<http::Response> AccessLog::Handle(http::Request& request, http::Handler& next) {
  const absl::string_view sent_id = request.headers.Get("X-Request-Id");
  if (http::IsVisibleAscii(sent_id, kLongestId)) {
    request.request_id = std::string(sent_id);
  } else {
    request.request_id = GenerateId(request.id);
    request.headers.Set("X-Request-Id", request.request_id);
  }
  request.epilogues.push_back(this);
  return next.Handle(request);
}

void AccessLog::Amend(const http::Request& request, http::Response* response) {
  absl::string_view said;
  if (!response->headers.Find("X-Request-Id", &said)) {
    response->headers.AddKnown("X-Request-Id", request.request_id);  // visible ASCII
  } else {
    response->headers.Set("X-Request-Id", request.request_id);
  }
}

void AccessLog::Record(const http::Request& request, const http::Response& response, const http::Sent& sent) {
  if (sink_ == nullptr) return;
  AccessEntry entry;
  entry.time_ns = WallClock();
  entry.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(sent.at - request.received).count();
  entry.bytes = sent.body_bytes;
  entry.frontend = frontend_;
  entry.code = sent.code.empty() ? response.code : sent.code;
  entry.status = sent.status;
  entry.complete = sent.complete;
  entry.texts[AccessEntry::kPeer] = request.peer;
  entry.texts[AccessEntry::kMethod] = request.method;
  entry.texts[AccessEntry::kPath] = request.path;
  entry.texts[AccessEntry::kProtocol] = request.protocol;
  entry.texts[AccessEntry::kRoute] = request.route;
  if (request.rpc != nullptr) entry.texts[AccessEntry::kRpc] = request.rpc->full_name;
  entry.texts[AccessEntry::kRequestId] = request.request_id;
  entry.texts[AccessEntry::kUserAgent] = request.headers.Get("User-Agent");
  response.headers.Find("Portico-Omitted", &entry.texts[AccessEntry::kOmitted]);
  sink_->Write(static_cast<size_t>(request.context.worker().index()), entry);
}

void AccessLog::Refused(const http::Refusal& refusal) {
  if (sink_ == nullptr) return;
  AccessEntry entry;
  entry.time_ns = WallClock();
  entry.bytes = refusal.body_bytes;
  entry.frontend = frontend_;
  entry.code = refusal.code;
  entry.status = refusal.status;
  entry.texts[AccessEntry::kPeer] = refusal.peer;
  entry.texts[AccessEntry::kMethod] = refusal.method;
  entry.texts[AccessEntry::kPath] = refusal.path;
  entry.texts[AccessEntry::kRefused] = refusal.reason;
  sink_->Write(static_cast<size_t>(refusal.worker), entry);
}

}  // namespace portico::middleware
