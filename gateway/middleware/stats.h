#ifndef PORTICO_GATEWAY_MIDDLEWARE_STATS_H_
#define PORTICO_GATEWAY_MIDDLEWARE_STATS_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/http/handler.h"
#include "gateway/http/refusal.h"

namespace portico::middleware {

// The counters of one frontend: requests by RPC and code, how long they took, bytes, and how many are under way. Every
// worker counts for itself without locks or shared cache lines; Read() sums.
class Stats final : public http::Middleware, public http::Epilogue, public http::RefusalObserver {
 public:
  static constexpr int kCodes = 17;  // of google.rpc.Code
  // Upper bounds of the duration buckets, in seconds; one more bucket is unbounded.
  static constexpr std::array<double, 14> kBuckets = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                      0.1,    0.25,  0.5,    1,     2.5,  5,     10};

  // So many names of clients are told apart per worker and frontend: clients choose them.
  static constexpr size_t kClients = 32;

  struct Row {
    std::string rpc;  // "shop.catalog.v1.CatalogService/GetProduct"; empty: no route, or refused
    std::array<uint64_t, kCodes> by_code{};
    std::array<uint64_t, kBuckets.size() + 1> by_duration{};  // not cumulative
    double seconds = 0;
    uint64_t request_bytes = 0;   // of bodies
    uint64_t response_bytes = 0;  // of bodies
    // Requests with fields that the contract does not know, let pass under `unknown_fields: warn`, by client: the
    // product name of its User-Agent ("shop-app" of "shop-app/3.1 ..."). Of more than kClients names the later count as
    // "other".
    std::map<std::string, uint64_t> warned_by_client;
    uint64_t requests() const;
  };
  struct Totals {
    std::vector<Row> rows;  // by rpc
    int64_t in_flight = 0;
  };

  // `workers` is how many there are; their indexes are below it.
  Stats(absl::string_view frontend, int workers);
  ~Stats() override;

  const std::string& frontend() const { return frontend_; }

  // A request counts when its response is complete, also when its client left.
  Async<http::Response> Handle(http::Request& request, http::Handler& next) override;
  void Record(const http::Request& request, const http::Response& response, const http::Sent& sent) override;
  void Refused(const http::Refusal& refusal) override;

  // Thread-safe; sees every request completed before the call on its own thread, others soon.
  Totals Read() const;

 private:
  class Cell;  // one worker's
  struct Series;
  struct Warned;

  std::string frontend_;
  std::vector<std::unique_ptr<Cell>> cells_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_STATS_H_
