#include "gateway/reloader.h"

#include <utility>

namespace portico {

Reloader::Reloader(std::vector<net::Watched> paths, Reload reload, std::function<void()> tick)
    : paths_(std::move(paths)), reload_(std::move(reload)), tick_(std::move(tick)) {
  watch_.Watch(paths_);
}

void Reloader::Start(std::vector<net::Watched> paths) {
  WatchOnly(std::move(paths));
  thread_ = std::thread([this] { Run(); });
}

void Reloader::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Reloader::WatchOnly(std::vector<net::Watched> paths) {
  if (paths == paths_) return;
  paths_ = std::move(paths);
  watch_.Watch(paths_);
  // They may have changed after they were read and before they were watched.
  Request("other files are watched");
}

void Reloader::Request(std::string reason) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    requested_ = std::move(reason);
  }
  changed_.notify_one();
}

void Reloader::Run() {
  while (true) {
    std::string reason;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait_for(lock, kInterval, [this] { return stopping_ || !requested_.empty(); });
      if (stopping_) return;
      reason = std::exchange(requested_, {});
    }
    // Looked at in any case: what a requested reload reads is not reported again. What changes while it reads is.
    const bool files = watch_.Changed();
    if (reason.empty() && files) reason = "files changed";
    if (!reason.empty()) WatchOnly(reload_(reason));
    tick_();
  }
}

}  // namespace portico
