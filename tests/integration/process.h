#ifndef PORTICO_TESTS_INTEGRATION_PROCESS_H_
#define PORTICO_TESTS_INTEGRATION_PROCESS_H_

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace portico::integration {

// What anything may take before a test gives up on it. Generous, since nothing waits for so long when all is well.
constexpr std::chrono::seconds kPatience(30);

// A program that runs, its stdout and stderr kept line by line. Killed and reaped by the destructor, and by the kernel
// when the thread that started it ends: start processes on the test's own thread. Thread-safe.
class Process {
 public:
  explicit Process(std::vector<std::string> command, const std::string& folder = "");
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  // Stops it until SIGCONT. On return no thread of it runs any more: the signal alone takes effect some time later.
  void Freeze() const;

  // The exit code, or minus the signal that ended it; nullopt when it has not ended in time.
  std::optional<int> Wait(std::chrono::milliseconds limit = kPatience);

  // The first line of stdout or stderr that fulfils the condition, as soon as there is one; nullopt when the output
  // ends or time runs out without.
  using Condition = std::function<bool(const std::string&)>;
  std::optional<std::string> OutLine(const Condition& wanted, std::chrono::milliseconds limit = kPatience);
  std::optional<std::string> ErrorLine(const Condition& wanted, std::chrono::milliseconds limit = kPatience);

  // All that was written so far.
  std::string Out() const;
  std::string Error() const;

 private:
  struct Output {
    int descriptor = -1;
    std::string text;
    bool ended = false;
  };

  void Read();
  std::optional<std::string> Line(const Output& output, const Condition& wanted, std::chrono::milliseconds limit);

  pid_t pid_ = -1;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Output out_;
  Output error_;
  std::optional<int> exit_;
  std::thread reader_;
};

// What a program that ends by itself has said.
struct Finished {
  int exit = -1;
  std::string out;
  std::string error;
};
Finished RunToEnd(std::vector<std::string> command, const std::string& folder = "",
                  std::chrono::milliseconds limit = kPatience);

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_PROCESS_H_
