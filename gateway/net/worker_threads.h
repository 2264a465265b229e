#ifndef PORTICO_GATEWAY_NET_WORKER_THREADS_H_
#define PORTICO_GATEWAY_NET_WORKER_THREADS_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/types/span.h"
#include "gateway/net/worker.h"

namespace portico::net {

// The workers of a process, each on a thread of its own. Used by one thread.
class WorkerThreads {
 public:
  // The workers exist at once; nothing runs before Start().
  explicit WorkerThreads(int count);
  // Stops, joins, and destroys what is still suspended on the loops.
  ~WorkerThreads();
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  absl::Span<Worker* const> workers() const { return pointers_; }

  void Start();
  // Ends every loop where it is, and joins. Start() is not possible afterwards.
  void Stop();

 private:
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> pointers_;
  std::vector<std::thread> threads_;
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_WORKER_THREADS_H_
