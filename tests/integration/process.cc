#include "tests/integration/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace portico::integration {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

Process::Process(std::vector<std::string> command, const std::string& folder) {
  int out[2];
  int error[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0) std::abort();
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);  // it died before the line above
    dup2(out[1], STDOUT_FILENO);
    dup2(error[1], STDERR_FILENO);
    if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(126);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(out[1]);
  close(error[1]);
  out_.descriptor = out[0];
  error_.descriptor = error[0];
  reader_ = std::thread([this] { Read(); });
}

Process::~Process() {
  if (!Wait(milliseconds(0)).has_value()) {
    Signal(SIGKILL);
    EXPECT_TRUE(Wait().has_value());
  }
  reader_.join();
  close(out_.descriptor);
  close(error_.descriptor);
}

void Process::Signal(int signal) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!exit_.has_value()) kill(pid_, signal);  // until it is reaped the number is its own
}

void Process::Freeze() const {
  Signal(SIGSTOP);
  const auto deadline = Clock::now() + kPatience;
  const auto runs = [&] {
    std::error_code error;
    for (const auto& task : std::filesystem::directory_iterator(absl::StrCat("/proc/", pid_, "/task"), error)) {
      std::ifstream stat(task.path() / "stat");
      const std::string text((std::istreambuf_iterator<char>(stat)), {});
      const size_t name_end = text.rfind(") ");  // then the state, of one letter: proc(5)
      if (name_end != std::string::npos && text[name_end + 2] != 'T') return true;
    }
    return false;
  };
  while (runs() && Clock::now() < deadline) std::this_thread::sleep_for(milliseconds(1));
}

std::optional<int> Process::Wait(milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  while (true) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (exit_.has_value()) return exit_;
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        return exit_;
      }
    }
    if (Clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

void Process::Read() {
  Output* outputs[] = {&out_, &error_};
  while (!out_.ended || !error_.ended) {
    pollfd readable[2];
    for (int i = 0; i < 2; ++i) readable[i] = {outputs[i]->ended ? -1 : outputs[i]->descriptor, POLLIN, 0};
    poll(readable, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (readable[i].revents == 0) continue;
      char bytes[16384];
      const ssize_t count = read(outputs[i]->descriptor, bytes, sizeof bytes);
      const std::lock_guard<std::mutex> lock(mutex_);
      if (count > 0) {
        outputs[i]->text.append(bytes, static_cast<size_t>(count));
      } else {
        outputs[i]->ended = true;
      }
      changed_.notify_all();
    }
  }
}

std::optional<std::string> Process::Line(const Output& output, const Condition& wanted, milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  std::unique_lock<std::mutex> lock(mutex_);
  size_t begin = 0;
  while (true) {
    for (size_t end; (end = output.text.find('\n', begin)) != std::string::npos; begin = end + 1) {
      std::string line = output.text.substr(begin, end - begin);
      if (wanted(line)) return line;
    }
    if (output.ended || changed_.wait_until(lock, deadline) == std::cv_status::timeout) return std::nullopt;
  }
}

std::optional<std::string> Process::OutLine(const Condition& wanted, milliseconds limit) {
  return Line(out_, wanted, limit);
}

std::optional<std::string> Process::ErrorLine(const Condition& wanted, milliseconds limit) {
  return Line(error_, wanted, limit);
}

std::string Process::Out() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return out_.text;
}

std::string Process::Error() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return error_.text;
}

Finished RunToEnd(std::vector<std::string> command, const std::string& folder, std::chrono::milliseconds limit) {
  Process process(std::move(command), folder);
  Finished finished;
  finished.exit = process.Wait(limit).value_or(-1000);
  if (finished.exit == -1000) process.Signal(SIGKILL);
  // What is still in the pipes; no line fulfils this, so that it ends with the output.
  const auto never = [](const std::string&) { return false; };
  process.OutLine(never);
  process.ErrorLine(never);
  finished.out = process.Out();
  finished.error = process.Error();
  return finished;
}

}  // namespace portico::integration
