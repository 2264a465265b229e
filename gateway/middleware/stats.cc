#include "gateway/middleware/stats.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "gateway/rpc/status.h"

namespace portico::middleware {
namespace {

// Written by one thread, read by any. No read-modify-write instruction: nobody else writes.
class Counter {
 public:
  void Add(uint64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

int CodeIndex(absl::string_view name) {
  for (int i = 0; i < Stats::kCodes; ++i) {
    if (rpc::CodeName(static_cast<absl::StatusCode>(i)) == name) return i;
  }
  return static_cast<int>(absl::StatusCode::kUnknown);
}

// "shop-app" of "shop-app/3.1 (Android 14)"; "unknown" when there is no such token.
absl::string_view ClientName(absl::string_view user_agent) {
  constexpr size_t kLongest = 40;
  size_t length = 0;
  while (length < user_agent.size() && (absl::ascii_isalnum(static_cast<unsigned char>(user_agent[length])) ||
                                        absl::StrContains("-_.", user_agent[length]))) {
    ++length;
  }
  return length == 0 || length > kLongest ? "unknown" : user_agent.substr(0, length);
}

}  // namespace

// The requests of one client to one RPC that had unknown fields.
struct Stats::Warned {
  std::string client;
  Counter requests;
  Warned* next = nullptr;  // set before it is published
};

// The counters of one RPC on one worker.
struct Stats::Series {
  Series() = default;
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;
  ~Series() {
    for (Warned* each = warned.load(); each != nullptr;) delete std::exchange(each, each->next);
  }

  std::string rpc;
  std::array<Counter, kCodes> by_code;
  std::array<Counter, kBuckets.size() + 1> by_duration;
  Counter microseconds;
  Counter request_bytes;
  Counter response_bytes;
  std::atomic<Warned*> warned{nullptr};
  Series* next = nullptr;  // in the cell's list; set before the series is published
};

// One worker's counters. Series are only ever added: the worker finds them by its own map, a reader walks the list.
class alignas(64) Stats::Cell {
 public:
  Cell() = default;
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;
  ~Cell() {
    for (Series* series = first_.load(); series != nullptr;) delete std::exchange(series, series->next);
  }

  // On the worker only.
  Series& Of(absl::string_view rpc) {
    const auto found = by_rpc_.find(rpc);
    if (found != by_rpc_.end()) return *found->second;
    auto series = std::make_unique<Series>();
    series->rpc = std::string(rpc);
    series->next = first_.load(std::memory_order_relaxed);
    by_rpc_.emplace(series->rpc, series.get());
    first_.store(series.get(), std::memory_order_release);
    return *series.release();
  }

  void Count(absl::string_view rpc, absl::string_view code, net::Clock::duration taken, uint64_t request_bytes,
             uint64_t response_bytes) {
    Series& series = Of(rpc);
    series.by_code[static_cast<size_t>(CodeIndex(code))].Add(1);
    const double seconds = std::chrono::duration<double>(taken).count();
    const auto bucket = std::lower_bound(kBuckets.begin(), kBuckets.end(), seconds) - kBuckets.begin();
    series.by_duration[static_cast<size_t>(bucket)].Add(1);
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(taken).count();
    series.microseconds.Add(static_cast<uint64_t>(std::max<int64_t>(microseconds, 0)));
    series.request_bytes.Add(request_bytes);
    series.response_bytes.Add(response_bytes);
  }

  void CountWarned(absl::string_view rpc, absl::string_view user_agent) {
    absl::string_view client = ClientName(user_agent);
    if (!clients_.contains(client)) {
      if (clients_.size() < kClients) {
        clients_.emplace(client);
      } else {
        client = "other";
      }
    }
    Series& series = Of(rpc);
    Warned* const first = series.warned.load(std::memory_order_relaxed);
    Warned* each = first;
    while (each != nullptr && each->client != client) each = each->next;
    if (each == nullptr) {
      each = new Warned;
      each->client = std::string(client);
      each->next = first;
      series.warned.store(each, std::memory_order_release);
    }
    each->requests.Add(1);
  }

  const Series* first() const { return first_.load(std::memory_order_acquire); }

  Counter begun;
  Counter ended;

 private:
  absl::flat_hash_map<std::string, Series*> by_rpc_;
  absl::flat_hash_set<std::string> clients_;
  std::atomic<Series*> first_{nullptr};
};

uint64_t Stats::Row::requests() const {
  return std::accumulate(by_code.begin(), by_code.end(), uint64_t{0});
}

Stats::Stats(absl::string_view frontend, int workers) : frontend_(frontend) {
  for (int i = 0; i < workers; ++i) cells_.push_back(std::make_unique<Cell>());
}

Stats::~Stats() = default;

Async<http::Response> Stats::Handle(http::Request& request, http::Handler& next) {
  cells_[static_cast<size_t>(request.context.worker().index())]->begun.Add(1);
  request.epilogues.push_back(this);
  return next.Handle(request);
}

void Stats::Record(const http::Request& request, const http::Response& response, const http::Sent& sent) {
  Cell& cell = *cells_[static_cast<size_t>(request.context.worker().index())];
  const absl::string_view rpc = request.rpc == nullptr ? absl::string_view() : request.rpc->full_name;
  absl::string_view warning;
  if (response.headers.Find("Portico-Warning", &warning)) cell.CountWarned(rpc, request.headers.Get("User-Agent"));
  const absl::string_view last = sent.code.empty() ? response.code : sent.code;
  cell.Count(rpc, sent.complete ? last : "CANCELLED", sent.at - request.received,
             request.body.size() + request.streamed_bytes, sent.body_bytes);
  cell.ended.Add(1);
}

void Stats::Refused(const http::Refusal& refusal) {
  cells_[static_cast<size_t>(refusal.worker)]->Count("", refusal.code, net::Clock::duration::zero(), 0,
                                                     refusal.body_bytes);
}

Stats::Totals Stats::Read() const {
  Totals totals;
  std::map<absl::string_view, Row> rows;
  for (const std::unique_ptr<Cell>& cell : cells_) {
    // Not one moment's numbers: the worker goes on between the two.
    const uint64_t ended = cell->ended.value();
    totals.in_flight += std::max<int64_t>(0, static_cast<int64_t>(cell->begun.value() - ended));
    for (const Series* series = cell->first(); series != nullptr; series = series->next) {
      Row& row = rows[series->rpc];
      row.rpc = series->rpc;
      for (size_t i = 0; i < row.by_code.size(); ++i) row.by_code[i] += series->by_code[i].value();
      for (size_t i = 0; i < row.by_duration.size(); ++i) row.by_duration[i] += series->by_duration[i].value();
      row.seconds += static_cast<double>(series->microseconds.value()) / 1e6;
      row.request_bytes += series->request_bytes.value();
      row.response_bytes += series->response_bytes.value();
      for (const Warned* each = series->warned.load(std::memory_order_acquire); each != nullptr; each = each->next) {
        row.warned_by_client[each->client] += each->requests.value();
      }
    }
  }
  for (auto& [rpc, row] : rows) totals.rows.push_back(std::move(row));
  return totals;
}

}  // namespace portico::middleware
