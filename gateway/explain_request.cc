#include "gateway/explain_request.h"

#include <chrono>
#include <cmath>
#include <future>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/compose/trace.h"
#include "gateway/rpc/status.h"

namespace portico {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds kLongest(10);
constexpr std::chrono::seconds kPatience(15);

// One request on its way through the worker's loop, while a thread of the admin server waits.
struct Exchange {
  Exchange(net::Worker& worker, const admin::Question& question) : source(question) {
    http::Request& request = live.emplace(worker, net::After(net::Clock::now(), kLongest));
    request.method = "GET";
    request.target = source.target;
    const size_t mark = request.target.find('?');
    request.path = request.target.substr(0, mark);
    if (mark != absl::string_view::npos) request.query = request.target.substr(mark + 1);
    for (const auto& [name, value] : source.headers) request.headers.Add(name, value);
    request.peer = source.peer;
    request.context.set_trace(&trace);
  }

  const admin::Question source;
  compose::Trace trace;
  std::optional<http::Request> live;  // ends on the worker
  net::Deadline end;
  http::Response response;
  std::promise<void> done;
};

Async<void> Run(std::shared_ptr<Exchange> exchange, Frontend* frontend) {
  http::Request& request = *exchange->live;
  request.received = net::Clock::now();
  exchange->response = co_await frontend->Handle(request);
  http::Amend(request, &exchange->response);
  exchange->end = net::Clock::now();
  http::Sent sent;
  sent.status = exchange->response.status;
  sent.body_bytes = exchange->response.body.size();
  sent.complete = true;
  exchange->response.stream.reset();
  http::Record(request, exchange->response, sent);
  exchange->done.set_value();
}

const char* NameOf(compose::Trace::Note::Kind kind) {
  switch (kind) {
    case compose::Trace::Note::Kind::kShared:
      return "shared";
    case compose::Trace::Note::Kind::kSkipped:
      return "skipped";
    case compose::Trace::Note::Kind::kOmitted:
      return "omitted";
    case compose::Trace::Note::Kind::kStoodIn:
      return "stood_in";
  }
  return "";
}

std::string ToJson(const Exchange& exchange, const Frontend& frontend, const Route& route) {
  const http::Response& response = exchange.response;
  const net::Deadline begin = exchange.live->received;
  // To the microsecond.
  const auto since = [begin](net::Deadline at) {
    return std::chrono::duration_cast<std::chrono::microseconds>(at - begin).count() / 1000.0;
  };
  Json json = {{"frontend", frontend.name()},
               {"request", absl::StrCat("GET ", exchange.source.target)},
               {"route", route.path},
               {"rpc", route.endpoint.method().full_name},
               {"target", route.target},
               {"status", response.status},
               {"code", std::string(response.code)},
               {"duration_ms", since(exchange.end)},
               {"bytes", response.body.size()}};
  Json calls = Json::array();
  if (route.target != "facade") {
    calls.push_back({{"rpc", route.endpoint.method().full_name},
                     {"start_ms", 0},
                     {"end_ms", since(exchange.end)},
                     {"status", std::string(response.code)},
                     {"bytes", response.body.size()}});
  }
  for (const compose::Trace::Call& call : exchange.trace.calls()) {
    calls.push_back({{"part", call.part},
                     {"rpc", call.method},
                     {"start_ms", since(call.start)},
                     {"end_ms", since(call.end)},
                     {"status", std::string(rpc::CodeName(call.code))},
                     {"bytes", call.bytes}});
    if (call.batched) calls.back()["batched"] = true;
  }
  json["calls"] = std::move(calls);
  Json parts = Json::array();
  for (const compose::Trace::Note& note : exchange.trace.notes()) {
    parts.push_back({{"part", note.part}, {"outcome", NameOf(note.kind)}});
    if (!note.reason.empty()) parts.back()["reason"] = note.reason;
    parts.back()["times"] = note.times;
  }
  json["parts"] = std::move(parts);
  if (exchange.trace.dropped() > 0) json["calls_not_shown"] = exchange.trace.dropped();
  if (response.status >= 400) {
    Json error = Json::parse(response.body, nullptr, false);
    json["error"] = error.is_discarded() ? Json(response.body) : std::move(error);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

admin::Explanation Refusal(int status, absl::string_view why) {
  return {status, Json({{"error", std::string(why)}}).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

}  // namespace

admin::Explanation ExplainRequest(const std::shared_ptr<const Snapshot>& snapshot, net::Worker& worker,
                                  const admin::Question& question) {
  const std::string path = question.target.substr(0, question.target.find('?'));
  Frontend* frontend = nullptr;
  const Route* route = nullptr;
  for (const auto& candidate : snapshot->frontends()) {
    if (!question.frontend.empty() && candidate->name() != question.frontend) continue;
    frontend = candidate.get();
    route = candidate->Find("GET", path);
    if (route != nullptr) break;
  }
  if (frontend == nullptr) return Refusal(404, absl::StrCat("there is no frontend ", question.frontend));
  if (route == nullptr) return Refusal(404, absl::StrCat("no frontend has a route for GET ", path));
  const schema::Method& method = route->endpoint.method();
  if (method.client_streaming || method.server_streaming) {
    return Refusal(400, absl::StrCat(method.full_name, " streams: only what has one answer can be explained"));
  }
  const auto exchange = std::make_shared<Exchange>(worker, question);
  exchange->live->context.set_pin(snapshot);
  std::future<void> done = exchange->done.get_future();
  worker.Post([&worker, exchange, frontend] { worker.Spawn(Run(exchange, frontend)); });
  if (done.wait_for(kPatience) != std::future_status::ready) {
    worker.Post([exchange] {
      if (exchange->live.has_value()) exchange->live->context.Cancel();
    });
    return Refusal(504, "there was no answer in time");
  }
  std::string json = ToJson(*exchange, *frontend, *route);
  // The request lives and ends on the worker.
  std::promise<void> ended;
  worker.Post([&exchange, &ended] {
    exchange->response = {};
    exchange->live.reset();
    ended.set_value();
  });
  ended.get_future().wait();
  return {200, std::move(json)};
}

}  // namespace portico
