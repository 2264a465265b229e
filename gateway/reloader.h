#ifndef PORTICO_GATEWAY_RELOADER_H_
#define PORTICO_GATEWAY_RELOADER_H_

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/net/file_watch.h"

namespace portico {

// Decides when to reload, on a thread of its own: when watched files have changed, and when somebody asks for it
// (SIGHUP, contracts learned by reflection). Reloads never overlap; requests that come in meanwhile become one.
class Reloader {
 public:
  // `reload` runs on the thread, with why; it returns the paths to watch from then on. `tick` runs between two looks.
  using Reload = std::function<std::vector<net::Watched>(const std::string& reason)>;
  // `paths` are watched from here on, so that an edit between this and Start() is not lost: read them afterwards.
  Reloader(std::vector<net::Watched> paths, Reload reload, std::function<void()> tick);
  ~Reloader() { Stop(); }
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  // Begins to reload; `paths` are those that what was read has led to. Once, by whoever owns it.
  void Start(std::vector<net::Watched> paths);

  // No reload begins any more, and one that is under way has ended. Requests are still taken, and forgotten: whoever
  // makes them may end later.
  void Stop();

  // Reloads soon, also when no file has changed. Thread-safe.
  void Request(std::string reason);

 private:
  // Files are looked at this often; a change is reloaded at the second look that finds them at rest.
  static constexpr std::chrono::milliseconds kInterval{200};

  void Run();
  void WatchOnly(std::vector<net::Watched> paths);

  std::vector<net::Watched> paths_;
  net::FileWatch watch_;
  const Reload reload_;
  const std::function<void()> tick_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string requested_;  // why; empty when nobody asks
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace portico

#endif  // PORTICO_GATEWAY_RELOADER_H_
