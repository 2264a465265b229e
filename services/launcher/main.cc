// Starts several services of the shop, each in its own process, and stops them together.

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "services/base/flags.h"

namespace {

struct Service {
  std::string name;
  std::string delay;
  bool wanted = false;
  pid_t pid = 0;  // 0 when it does not run
};

struct Options {
  std::string host = "127.0.0.1";
  std::string data = "data";
  int first_port = 5101;  // 0: any free ones
  bool seed = true;
  std::string register_at;  // each service below it, by its name
};

// Starts services[index], next to this program. The child dies with this process, however that ends.
pid_t Start(const std::filesystem::path& folder, const Options& options, const Service& service, size_t index) {
  const int port = options.first_port == 0 ? 0 : options.first_port + static_cast<int>(index);
  std::vector<std::string> words = {(folder / ("shop-" + service.name)).string(), "--listen",
                                    absl::StrCat(options.host, ":", port), "--data", options.data};
  if (!service.delay.empty()) words.insert(words.end(), {"--delay", service.delay});
  if (!options.seed) words.push_back("--no-seed");
  if (!options.register_at.empty()) {
    words.insert(words.end(), {"--register", absl::StrCat(options.register_at, "/", service.name)});
  }
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);  // it died before the line above
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execv(argv[0], argv.data());
  std::cerr << argv[0] << ": " << std::strerror(errno) << std::endl;
  _exit(127);
}

// Waits until every service has ended, handing on signals to stop; the exit code.
int Supervise(std::vector<Service>& services, const sigset_t& signals) {
  const auto running = [](const Service& service) { return service.pid > 0; };
  int code = 0;
  bool stopping = false;
  while (std::any_of(services.begin(), services.end(), running)) {
    int received = 0;
    sigwait(&signals, &received);
    if (received != SIGCHLD) {
      stopping = true;
      for (const Service& service : services) {
        if (running(service)) kill(service.pid, SIGTERM);
      }
      continue;
    }
    int status = 0;
    for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
      const auto service =
          std::find_if(services.begin(), services.end(), [&](const Service& each) { return each.pid == pid; });
      if (service == services.end()) continue;
      service->pid = 0;
      const bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
      if (!clean) code = 1;
      if (!clean || !stopping) {
        std::cerr << absl::StrCat("{\"event\":\"exited\",\"service\":\"", service->name, "\",",
                                  WIFSIGNALED(status) ? "\"signal\":" : "\"code\":",
                                  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), "}\n");
      }
    }
  }
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::vector<Service> services;
  for (const absl::string_view name : absl::StrSplit(SHOP_SERVICES, ' ')) services.push_back({std::string(name), ""});
  const auto find = [&services](const std::string& name) {
    return std::find_if(services.begin(), services.end(), [&](const Service& each) { return each.name == name; });
  };

  shop::Flags flags;
  flags
      .Add("--data DIR", "the folder of the databases (data)",
           [&](const std::string& value) {
             options.data = value;
             return absl::OkStatus();
           })
      .Add("--register WHERE", "be known in etcd, each below etcd:///PREFIX by its name",
           [&](const std::string& value) {
             options.register_at = value;
             return absl::OkStatus();
           })
      .Add("--delay [SERVICE=]TIME", "answer every call, or one service's, this much later",
           [&](const std::string& value) {
             const size_t equals = value.find('=');
             const std::string time = equals == std::string::npos ? value : value.substr(equals + 1);
             if (const auto parsed = shop::ParseMilliseconds(time); !parsed.ok()) return parsed.status();
             if (equals == std::string::npos) {
               for (Service& service : services) service.delay = time;
               return absl::OkStatus();
             }
             const auto service = find(value.substr(0, equals));
             if (service == services.end()) return absl::InvalidArgumentError("there is no such service");
             service->delay = time;
             return absl::OkStatus();
           })
      .Add("--host HOST", "the address to listen on (127.0.0.1)",
           [&](const std::string& value) {
             options.host = value;
             return absl::OkStatus();
           })
      .Add(
          "--ports FIRST", "the first service's port, the others' follow; 0: any free ones (5101)",
          [&](const std::string& value) {
            if (absl::SimpleAtoi(value, &options.first_port) && options.first_port >= 0 && options.first_port < 65000) {
              return absl::OkStatus();
            }
            return absl::InvalidArgumentError("is not a port");
          })
      .Add("--no-seed", "leave empty databases empty", [&](const std::string&) {
        options.seed = false;
        return absl::OkStatus();
      });
  std::string usage = "shop all";
  for (const Service& service : services) usage += "|" + service.name;
  usage += "... [FLAGS]\n" + flags.Help();
  if (argc == 2 && std::string(argv[1]) == "--help") {
    std::cout << usage;
    return 0;
  }
  const auto arguments = flags.Parse(argc, argv);
  std::string mistake = arguments.ok() ? "" : std::string(arguments.status().message());
  if (arguments.ok() && arguments->empty()) mistake = "which services?";
  for (const std::string& name : arguments.ok() ? *arguments : std::vector<std::string>()) {
    if (name == "all") {
      for (Service& service : services) service.wanted = true;
    } else if (const auto service = find(name); service != services.end()) {
      service->wanted = true;
    } else {
      mistake = "there is no service " + name;
    }
  }
  if (!mistake.empty()) {
    std::cerr << "shop: " << mistake << "\n" << usage;
    return 2;
  }

  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  for (size_t i = 0; i < services.size(); ++i) {
    if (services[i].wanted) services[i].pid = Start(self.parent_path(), options, services[i], i);
  }
  return Supervise(services, signals);
}
