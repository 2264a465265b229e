#ifndef PORTICO_GATEWAY_HTTP_IN_FLIGHT_H_
#define PORTICO_GATEWAY_HTTP_IN_FLIGHT_H_

#include <atomic>
#include <cstdint>

namespace portico::http {

// Counts a request in flight for as long as it lives. Thread-safe as far as the count goes.
class InFlight {
 public:
  explicit InFlight(std::atomic<int64_t>& count)
      : count_(count), before_(count.fetch_add(1, std::memory_order_relaxed)) {}
  ~InFlight() { count_.fetch_sub(1, std::memory_order_relaxed); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  // How many there were without it.
  int64_t before() const { return before_; }

 private:
  std::atomic<int64_t>& count_;
  const int64_t before_;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_IN_FLIGHT_H_
