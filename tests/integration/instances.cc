#include "tests/integration/instances.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portico::integration {

bool Etcd::IsInstalled() {
  return std::system("command -v etcd >/dev/null") == 0;
}

Etcd::Etcd() {
  Start();
}

void Etcd::Start() {
  const std::string client = "http://" + client_.address();
  const std::string peer = "http://" + peer_.address();
  process_ = nullptr;
  process_ = std::make_unique<Process>(std::vector<std::string>{
      "/usr/bin/env", "etcd", "--data-dir", folder_.path() + "/data", "--listen-client-urls", client,
      "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
      "--initial-cluster", "default=" + peer, "--log-level", "error"});
  GetUntil(client_.address(), "/health", [](const Answer& answer) { return answer.status == 200; });
}

Instance::Instance(const std::string& service, const std::string& register_at, const std::vector<std::string>& more)
    : awaited_(register_at.empty() ? "\"listening\"" : "\"registered\"") {
  std::vector<std::string> command = {std::string(SHOP_BIN_DIR) + "/shop-" + service, "--data", data_.path()};
  command.insert(command.end(), more.begin(), more.end());
  if (!register_at.empty()) command.insert(command.end(), {"--register", register_at});
  process_ = std::make_unique<Process>(std::move(command));
}

const std::string& Instance::address() {
  if (!address_.empty()) return address_;
  const auto has = [](const std::string& text) {
    return [text](const std::string& line) { return absl::StrContains(line, text); };
  };
  const auto listening = process_->ErrorLine(has("\"listening\""));
  EXPECT_TRUE(process_->ErrorLine(has(awaited_)).has_value()) << process_->Error();
  if (listening.has_value()) address_ = Json::parse(*listening).value("address", "");
  return address_;
}

void Instance::Stop() {
  process_->Signal(SIGTERM);
  EXPECT_EQ(process_->Wait(), 0);
}

void AwaitServers(const Gateway& gateway, const std::string& cluster, const std::set<std::string>& addresses) {
  GetUntil(gateway.admin(), "/clusters", [&](const Answer& answer) {
    for (const Json& each : answer.json()) {
      if (!each.is_object() || each.value("cluster", "") != cluster) continue;
      const std::vector<std::string> known = each["addresses"];
      return std::set<std::string>(known.begin(), known.end()) == addresses;
    }
    return false;
  });
}

Load::Load(const std::string& address, int connections, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const Answer answer = Get(address, path);
    EXPECT_EQ(answer.status, 200) << path << ": " << answer.body;
    targets_.push_back({path, answer.body, answer.json()});
  }
  for (int i = 0; i < connections; ++i) {
    threads_.emplace_back([this, address, i] { Run(address, static_cast<size_t>(i)); });
  }
}

void Load::Pass(int answers) {
  const int until = answers_ + answers;
  const auto end = Clock::now() + kPatience;
  while (answers_ < until && Clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_GE(answers_, until);
}

void Load::End() {
  stopping_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::string Load::worst() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return absl::StrCat("wrong: ", first_wrong_, "\nfailed: ", first_failed_);
}

std::vector<Load::Clock::duration> Load::FailuresSince(Clock::time_point since) const {
  std::vector<Clock::duration> times;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const Clock::time_point failure : failures_) {
    if (failure >= since) times.push_back(failure - since);
  }
  std::sort(times.begin(), times.end());
  return times;
}

bool Load::IsRight(const Target& target, const Answer& answer) const {
  return answer.status == 200 && (answer.body == target.body || answer.json() == target.json);
}

void Load::Run(const std::string& address, size_t first) {
  Connection connection(address);
  for (size_t i = first; !stopping_; ++i) {
    const Target& target = targets_[i % targets_.size()];
    std::optional<Answer> answer;
    if (connection.Send(RequestText("GET", target.path))) answer = connection.Receive();
    const auto seen = [&] {
      return absl::StrCat(target.path, ": ",
                          answer.has_value() ? absl::StrCat(answer->status, " ", answer->body) : "-");
    };
    if (answer.has_value() && (answer->status == 503 || answer->status == 504)) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (failed_++ == 0) first_failed_ = seen();
      failures_.push_back(Clock::now());
    } else if (!answer.has_value() || !IsRight(target, *answer)) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (wrong_++ == 0) first_wrong_ = seen();
    }
    ++answers_;
    if (!answer.has_value()) connection = Connection(address);
  }
}

}  // namespace portico::integration
