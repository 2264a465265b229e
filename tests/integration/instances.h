#ifndef PORTICO_TESTS_INTEGRATION_INSTANCES_H_
#define PORTICO_TESTS_INTEGRATION_INSTANCES_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/gateway.h"

namespace portico::integration {

// The real etcd, on a port that stays its own.
class Etcd {
 public:
  static bool IsInstalled();

  // Starts, and returns when it answers.
  Etcd();
  void Start();
  // As a crash would; what it has stored stays.
  void Kill() { process_ = nullptr; }

  // Where a service registers, and where the gateway looks for it.
  std::string Target(const std::string& service) const { return "etcd://" + client_.address() + "/shop/" + service; }

 private:
  TempFolder folder_;
  ReservedPort client_, peer_;
  std::unique_ptr<Process> process_;
};

// A process of a service of the shop with a database of its own, so that instances share nothing. What they answer is
// the same. Started by the constructor, killed by the destructor.
class Instance {
 public:
  // `register_at` is an Etcd's target; empty: it does not register.
  explicit Instance(const std::string& service, const std::string& register_at = "",
                    const std::vector<std::string>& more = {"--listen", "127.0.0.1:0"});

  // Where it listens, once it does, and, if it is to, has registered.
  const std::string& address();
  Process& process() { return *process_; }
  // As an operator stops it: it ends what it has begun.
  void Stop();

 private:
  TempFolder data_;
  std::string awaited_;
  std::string address_;
  std::unique_ptr<Process> process_;
};

// Waits until a cluster has these servers, in any order.
void AwaitServers(const Gateway& gateway, const std::string& cluster, const std::set<std::string>& addresses);

// Connections that ask for the same things again and again, without a pause. Thread-safe.
class Load {
 public:
  using Clock = std::chrono::steady_clock;

  // Each path must be answered now as it is to be answered for ever.
  Load(const std::string& address, int connections, const std::vector<std::string>& paths);
  ~Load() { End(); }

  // Waits until so many more answers have come.
  void Pass(int answers);
  void End();

  int answers() const { return answers_; }
  // Errors that say so: 503 and 504.
  int failed() const { return failed_; }
  // What is neither such an error nor the answer.
  int wrong() const { return wrong_; }
  // One of each, for a message.
  std::string worst() const;
  // When answers failed after `since`, in order.
  std::vector<Clock::duration> FailuresSince(Clock::time_point since) const;

 private:
  struct Target {
    std::string path;
    std::string body;
    Json json;
  };

  void Run(const std::string& address, size_t first);
  bool IsRight(const Target& target, const Answer& answer) const;

  std::vector<Target> targets_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> answers_{0};
  std::atomic<int> failed_{0};
  std::atomic<int> wrong_{0};
  mutable std::mutex mutex_;
  std::string first_failed_, first_wrong_;
  std::vector<Clock::time_point> failures_;
  std::vector<std::thread> threads_;
};

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_INSTANCES_H_
