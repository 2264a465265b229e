#include "gateway/net/worker_threads.h"

#include <pthread.h>

#include "absl/strings/str_cat.h"

namespace portico::net {

WorkerThreads::WorkerThreads(int count) {
  for (int i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(i));
    pointers_.push_back(workers_.back().get());
  }
}

WorkerThreads::~WorkerThreads() {
  Stop();
}

void WorkerThreads::Start() {
  for (Worker* worker : pointers_) {
    threads_.emplace_back([worker] { worker->Run(); });
    ::pthread_setname_np(threads_.back().native_handle(), absl::StrCat("worker-", worker->index()).c_str());
  }
}

void WorkerThreads::Stop() {
  for (Worker* worker : pointers_) worker->Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace portico::net
