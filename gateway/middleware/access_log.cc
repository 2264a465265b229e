#include "gateway/middleware/access_log.h"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/http/json_text.h"
#include "gateway/http/syntax.h"

namespace portico::middleware {
namespace {

constexpr size_t kLongestId = 128;
// Of a field a client chose: a line stays a line.
constexpr size_t kLongestText = 1024;

// "2026-01-31T08:49:37.123456Z".
void AppendTime(std::string* line) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  ::gmtime_r(&now.tv_sec, &parts);
  char text[48];
  const int length =
      std::snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", parts.tm_year + 1900, parts.tm_mon + 1,
                    parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1000);
  line->append(text, static_cast<size_t>(length));
}

void AppendField(absl::string_view key, absl::string_view text, std::string* line) {
  absl::StrAppend(line, ",\"", key, "\":");
  http::AppendJsonText(text.substr(0, kLongestText), line);
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

AccessLogSink::AccessLogSink(Destination destination)
    : AccessLogSink(
          destination == Destination::kStdout
              ? std::static_pointer_cast<spdlog::sinks::sink>(std::make_shared<spdlog::sinks::stdout_sink_mt>())
              : std::static_pointer_cast<spdlog::sinks::sink>(std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}

AccessLogSink::AccessLogSink(std::shared_ptr<spdlog::sinks::sink> sink, size_t queue)
    : pool_(std::make_shared<spdlog::details::thread_pool>(queue, 1)) {
  logger_ = std::make_shared<spdlog::async_logger>("access", std::move(sink), pool_,
                                                   spdlog::async_overflow_policy::overrun_oldest);
  logger_->set_pattern("%v");
  logger_->set_level(spdlog::level::info);
}

AccessLogSink::~AccessLogSink() {
  logger_->flush();
  logger_.reset();
  pool_.reset();  // joins, when all is written
}

void AccessLogSink::Write(absl::string_view line) {
  logger_->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void AccessLogSink::Flush() {
  logger_->flush();
}

size_t AccessLogSink::lost() const {
  return pool_->overrun_counter();
}

AccessLog::AccessLog(absl::string_view frontend, AccessLogSink* sink) : sink_(sink) {
  http::AppendJsonText(frontend, &frontend_json_);
}

Async<http::Response> AccessLog::Handle(http::Request& request, http::Handler& next) {
  const absl::string_view sent_id = request.headers.Get("X-Request-Id");
  if (http::IsVisibleAscii(sent_id, kLongestId)) {
    request.request_id = std::string(sent_id);
  } else {
    request.request_id = GenerateId(request.id);
    request.headers.Set("X-Request-Id", request.request_id);
  }
  http::Response response = co_await next.Handle(request);
  response.headers.Set("X-Request-Id", request.request_id);
  if (sink_ != nullptr) {
    // The head is gone by the time the hook runs; what it said is kept here.
    absl::string_view omitted;
    response.headers.Find("Portico-Omitted", &omitted);
    response.on_sent.push_back([this, &request, code = response.code, omitted = std::string(omitted)](
                                   const http::Sent& sent) { Record(request, sent, code, omitted); });
  }
  co_return response;
}

void AccessLog::Record(const http::Request& request, const http::Sent& sent, absl::string_view code,
                       absl::string_view omitted) {
  const auto taken =
      std::chrono::duration_cast<std::chrono::microseconds>(net::Clock::now() - request.received).count();
  std::string line;
  line.reserve(512);
  line += "{\"time\":\"";
  AppendTime(&line);
  absl::StrAppend(&line, "\",\"frontend\":", frontend_json_);
  AppendField("peer", request.peer, &line);
  AppendField("method", request.method, &line);
  AppendField("path", request.path, &line);
  if (!request.route.empty()) AppendField("route", request.route, &line);
  if (request.rpc != nullptr) AppendField("rpc", request.rpc->full_name, &line);
  absl::StrAppend(&line, ",\"status\":", sent.status, ",\"code\":\"", code, "\",\"bytes\":", sent.body_bytes,
                  ",\"duration_us\":", taken);
  AppendField("request_id", request.request_id, &line);
  absl::string_view user_agent;
  if (request.headers.Find("User-Agent", &user_agent)) AppendField("user_agent", user_agent, &line);
  if (!omitted.empty()) AppendField("omitted", omitted, &line);
  if (!sent.complete) line += ",\"complete\":false";
  line += '}';
  sink_->Write(line);
}

void AccessLog::Refused(const http::Refusal& refusal) {
  if (sink_ == nullptr) return;
  std::string line = "{\"time\":\"";
  AppendTime(&line);
  absl::StrAppend(&line, "\",\"frontend\":", frontend_json_);
  AppendField("peer", refusal.peer, &line);
  if (!refusal.method.empty()) AppendField("method", refusal.method, &line);
  if (!refusal.path.empty()) AppendField("path", refusal.path, &line);
  absl::StrAppend(&line, ",\"status\":", refusal.status, ",\"code\":\"", refusal.code,
                  "\",\"bytes\":", refusal.body_bytes);
  AppendField("refused", refusal.reason, &line);
  line += '}';
  sink_->Write(line);
}

}  // namespace portico::middleware
