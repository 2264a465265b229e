#ifndef PORTICO_GATEWAY_MIDDLEWARE_ACCESS_LOG_SINK_H_
#define PORTICO_GATEWAY_MIDDLEWARE_ACCESS_LOG_SINK_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/string_view.h"
#include "gateway/middleware/access_entry.h"
#include "gateway/middleware/record_ring.h"

namespace portico::middleware {

// Where the access logs of all frontends go: a file descriptor that gets one JSON object per line. Each worker puts its
// entries into a ring of its own; a thread formats them and writes many lines at once, about 20 ms after the first of
// them. When a ring is full, because whoever reads the log does not keep up, entries are lost and counted; no request
// is ever delayed. Destruction writes what is there.
class AccessLogSink {
 public:
  static constexpr size_t kRingBytes = size_t{1} << 19;  // per worker: some 2,000 lines

  // `fd` stays open until this is destroyed; it is not closed. Workers' indexes are below `workers`.
  AccessLogSink(int fd, size_t workers, size_t ring_bytes = kRingBytes);
  ~AccessLogSink();
  AccessLogSink(const AccessLogSink&) = delete;
  AccessLogSink& operator=(const AccessLogSink&) = delete;

  // `name` as JSON, valid for as long as this is: for AccessEntry. Thread-safe.
  const std::string* Name(absl::string_view name);

  // Takes a copy of `entry`. On the thread of worker `index` only.
  void Write(size_t worker, const AccessEntry& entry);

  // Returns when everything written before, by the calling thread, is out. Thread-safe.
  void Flush();

  // How many entries did not get out. Thread-safe.
  uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 private:
  void Run();
  void Drain();
  void Out(std::string* text);

  const int fd_;
  const size_t at_once_;  // bytes of one write
  std::vector<std::unique_ptr<RecordRing>> rings_;
  std::atomic<bool> awake_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> lost_{0};
  std::mutex names_mutex_;
  std::set<std::string> names_;
  std::mutex drain_mutex_;  // the reading side: the thread's or Flush()'s
  AccessLineWriter lines_;
  std::string text_;
  std::thread thread_;
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_ACCESS_LOG_SINK_H_
