// The command line of Portico.

#include <google/protobuf/stubs/logging.h>
#include <httplib.h>
#include <signal.h>
#include <sys/mman.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "gateway/access/api_keys.h"
#include "gateway/event_log.h"
#include "gateway/gateway.h"
#include "gateway/snapshot.h"
#include "gateway/upstream/grpc_log.h"

namespace portico {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;

constexpr char kUsageText[] =
    "usage: portico serve CONFIG                       run the gateway\n"
    "       portico check CONFIG                       check the configuration and its contracts\n"
    "       portico routes CONFIG                      frontend, verb, path, RPC, and cluster or facade\n"
    "       portico explain CONFIG VERB PATH           what a request leads to\n"
    "       portico call [--frontend NAME] CONFIG VERB PATH [-d JSON] [-H 'K: V']...\n"
    "                                                  send a request to the running gateway\n"
    "       portico hash-key                           the hash of an API key, which is read from stdin\n";

int Usage(absl::string_view problem) {
  if (!problem.empty()) std::cerr << "portico: " << problem << "\n";
  std::cerr << kUsageText;
  return kUsage;
}

// What protobuf itself has to say of contracts (a file without a syntax line, say), in the log's own form. Its mistakes
// are in the diagnostics, with their places.
void LogProtobuf(google::protobuf::LogLevel level, const char* /*file*/, int /*line*/, const std::string& message) {
  constexpr const char* kSeverities[] = {"info", "warning", "error", "fatal"};
  LogEvent({{"event", "protobuf_log"}, {"severity", kSeverities[level]}, {"message", message}});
}

// Everything but workers and connections; nullptr, and the mistakes on stderr, when something is wrong.
std::shared_ptr<const Snapshot> Load(const std::string& config) {
  google::protobuf::SetLogHandler(nullptr);  // stderr is for mistakes
  schema::Diagnostics diagnostics;
  std::shared_ptr<const Snapshot> snapshot = Snapshot::Build(config, {}, diagnostics);
  std::cerr << diagnostics.ToString();
  return snapshot;
}

int Serve(const std::string& config) {
  // Signals are taken by this thread alone; the others inherit the mask.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  // It would take a lock for every lock of the gRPC library.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  upstream::TakeGrpcLog([](const char* severity, const std::string& where, const std::string& message) {
    LogEvent({{"event", "grpc_log"}, {"severity", severity}, {"where", where}, {"message", message}});
  });

  google::protobuf::SetLogHandler(LogProtobuf);

  schema::Diagnostics diagnostics;
  const std::unique_ptr<Gateway> gateway = Gateway::Start(config, diagnostics);
  if (gateway == nullptr) {
    std::cerr << diagnostics.ToString();
    return kFailure;
  }
  LogEvent({{"event", "serving"}});
  int signal_number = 0;
  while (sigwait(&signals, &signal_number) != 0 || signal_number == SIGHUP) {
    if (signal_number == SIGHUP) gateway->Reload("SIGHUP");
  }
  LogEvent({{"event", "draining"}, {"signal", signal_number}});
  constexpr std::chrono::seconds kDrainLimit(30);
  gateway->Drain(kDrainLimit);
  LogEvent({{"event", "stopped"}});
  return 0;
}

int Routes(const std::string& config) {
  const std::shared_ptr<const Snapshot> snapshot = Load(config);
  if (snapshot == nullptr) return kFailure;
  for (const auto& frontend : snapshot->frontends()) {
    for (const Route& route : frontend->routes()) {
      std::cout << frontend->name() << "\t" << route.verb << "\t" << route.path << "\t"
                << route.endpoint.method().full_name << "\t" << route.target << "\n";
    }
  }
  return 0;
}

int Explain(const std::string& config, const std::string& verb, const std::string& target) {
  const std::shared_ptr<const Snapshot> snapshot = Load(config);
  if (snapshot == nullptr) return kFailure;
  const std::string path = target.substr(0, target.find('?'));
  bool found = false;
  for (const auto& frontend : snapshot->frontends()) {
    const Route* route = frontend->Find(verb, path);
    if (route == nullptr) continue;
    found = true;
    const schema::Method& method = route->endpoint.method();
    std::cout << frontend->name() << "  " << route->verb << " " << route->path << "\n";
    const compose::Plan* plan = snapshot->PlanOf(method);
    if (plan != nullptr) {
      std::cout << compose::Explain(*plan);
    } else {
      std::cout << method.full_name << "  <-  cluster " << route->target << "\n1 call\n";
    }
  }
  if (!found) std::cerr << "portico: no frontend has a route for " << verb << " " << path << "\n";
  return found ? 0 : kFailure;
}

struct CallArguments {
  std::string frontend;
  std::string config;
  std::string verb;
  std::string path;
  std::optional<std::string> body;
  httplib::Headers headers;
};

int Call(const CallArguments& arguments) {
  schema::Diagnostics diagnostics;
  const std::unique_ptr<const config::LoadedConfig> loaded = config::LoadConfig(arguments.config, diagnostics);
  std::cerr << diagnostics.ToString();
  if (loaded == nullptr) return kFailure;
  const config::Frontend* frontend = nullptr;
  for (const config::Frontend& candidate : loaded->config.frontends()) {
    if (arguments.frontend.empty() || candidate.name() == arguments.frontend) {
      frontend = &candidate;
      break;
    }
  }
  if (frontend == nullptr) {
    std::cerr << "portico: there is no frontend " << arguments.frontend << "\n";
    return kFailure;
  }
  std::string address = frontend->listen();
  if (address.rfind("0.0.0.0:", 0) == 0) address.replace(0, 7, "127.0.0.1");
  if (address.rfind(':', 0) == 0) address.insert(0, "127.0.0.1");
  httplib::Client client("http://" + address);
  httplib::Request request;
  request.method = arguments.verb;
  request.path = arguments.path;
  request.headers = arguments.headers;
  if (arguments.body.has_value()) {
    request.body = *arguments.body;
    if (!request.has_header("Content-Type")) request.set_header("Content-Type", "application/json");
  }
  const httplib::Result result = client.send(request);
  if (!result) {
    std::cerr << "portico: " << address << ": " << httplib::to_string(result.error()) << "\n";
    return kFailure;
  }
  std::cerr << "HTTP " << result->status << "\n";
  std::cout << result->body;
  if (!result->body.empty() && result->body.back() != '\n') std::cout << "\n";
  return result->status < 400 ? 0 : kFailure;
}

int ParseCall(const std::vector<std::string>& words) {
  CallArguments arguments;
  std::vector<std::string> positional;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word != "--frontend" && word != "-d" && word != "-H") {
      positional.push_back(word);
      continue;
    }
    if (++i == words.size()) return Usage(absl::StrCat(word, " wants a value"));
    if (word == "--frontend") {
      arguments.frontend = words[i];
    } else if (word == "-d") {
      arguments.body = words[i];
    } else {
      const std::pair<std::string, std::string> header = absl::StrSplit(words[i], absl::MaxSplits(':', 1));
      arguments.headers.emplace(header.first, std::string(absl::StripAsciiWhitespace(header.second)));
    }
  }
  if (positional.size() != 3) return Usage("call wants CONFIG VERB PATH");
  arguments.config = positional[0];
  arguments.verb = positional[1];
  arguments.path = positional[2];
  return Call(arguments);
}

// From stdin, since command lines are seen by every user of the machine and kept by shells.
int HashKey() {
  std::string key;
  std::getline(std::cin, key);
  if (key.empty() || key.size() > access::ApiKeys::kMostBytes) {
    std::cerr << "portico: expected a key of at most " << access::ApiKeys::kMostBytes << " bytes on stdin\n";
    return kFailure;
  }
  std::cout << access::HashOfApiKey(key) << "\n";
  return 0;
}

// Asks for huge pages under the part of the heap that the contracts of a start go into (transparent ones: nothing is
// reserved, and memory that is freed goes back). The first touch of a small page costs microseconds on a virtual
// machine, and a start touches a thousand. The allocator, mimalloc, carves it out of one aligned stretch of this size;
// elsewhere this is advice about memory that nobody needs to heed.
void AdviseHugePages() {
  constexpr uintptr_t kSegment = uintptr_t{32} << 20;
  const auto probe = std::make_unique<char[]>(64);
  const auto begin = reinterpret_cast<uintptr_t>(probe.get()) & ~(kSegment - 1);
  ::madvise(reinterpret_cast<void*>(begin), kSegment, MADV_HUGEPAGE);
}

int Main(const std::vector<std::string>& words) {
  AdviseHugePages();
  if (words.empty()) return Usage("");
  const std::string& command = words.front();
  const size_t count = words.size() - 1;
  if (command == "call") return ParseCall(words);
  if (command == "explain")
    return count == 3 ? Explain(words[1], words[2], words[3]) : Usage("explain wants CONFIG VERB PATH");
  if (command == "serve" || command == "check" || command == "routes") {
    if (count != 1) return Usage(absl::StrCat(command, " wants CONFIG"));
    if (command == "serve") return Serve(words[1]);
    if (command == "routes") return Routes(words[1]);
    return Load(words[1]) == nullptr ? kFailure : 0;
  }
  if (command == "hash-key") return count == 0 ? HashKey() : Usage("hash-key reads the key from stdin");
  if (command == "--help" || command == "help") {
    std::cout << kUsageText;
    return 0;
  }
  return Usage(absl::StrCat("there is no command ", command));
}

}  // namespace
}  // namespace portico

int main(int argc, char** argv) {
  return portico::Main(std::vector<std::string>(argv + 1, argv + argc));
}
