#include "services/base/process.h"

#include <pthread.h>

#include <csignal>
#include <ctime>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/base/flags.h"
#include "services/base/registration.h"
#include "services/base/server.h"

namespace shop {

int Run(const ServiceProcess& process, int argc, const char* const* argv) {
  const std::string program = "shop-" + process.name;
  ServiceOptions options;
  std::string listen = absl::StrCat("127.0.0.1:", process.port);
  std::chrono::milliseconds grace(5000);

  Flags flags;
  const auto take_time = [](std::chrono::milliseconds& time) {
    return [&time](const std::string& value) {
      const auto parsed = ParseMilliseconds(value);
      if (parsed.ok()) time = *parsed;
      return parsed.status();
    };
  };
  flags
      .Add("--listen HOST:PORT", "where to listen; port 0 is a free one (" + listen + ")",
           [&](const std::string& value) {
             if (value.find(':') == std::string::npos) return absl::InvalidArgumentError("is not HOST:PORT");
             listen = value;
             return absl::OkStatus();
           })
      .Add("--data DIR", "the folder of the database (data)",
           [&](const std::string& value) {
             options.data = value;
             return absl::OkStatus();
           })
      .Add("--delay TIME", "answer every call this much later (0s)", take_time(options.delay))
      .Add("--grace TIME", "how long a stop may take to answer calls begun (5s)", take_time(grace))
      .Add("--no-seed", "leave an empty database empty", [&](const std::string&) {
        options.seed = false;
        return absl::OkStatus();
      });
  if (process.verifies_callers) {
    options.identity.audience = process.name;
    const auto take_text = [](std::string& text) {
      return [&text](const std::string& value) {
        text = value;
        return value.empty() ? absl::InvalidArgumentError("is empty") : absl::OkStatus();
      };
    };
    flags
        .Add("--identity-keys FILE|URL", "answer only calls with a token of the gateway, which has these keys",
             take_text(options.identity.keys))
        .Add("--identity-issuer NAME", "who issues the tokens (portico)", take_text(options.identity.issuer))
        .Add("--identity-audience NAME", "what the gateway calls this cluster (" + process.name + ")",
             take_text(options.identity.audience));
  }
  std::string register_at;
  std::string advertised;
  std::chrono::milliseconds drain(1000);
  flags
      .Add("--register WHERE", "be known in etcd, at etcd:///PREFIX or etcd://HOST:PORT/PREFIX",
           [&](const std::string& value) {
             register_at = value;
             return Registration::Check(value);
           })
      .Add("--advertise HOST:PORT", "the address to be known by (where it listens)",
           [&](const std::string& value) {
             if (value.find(':') == std::string::npos) return absl::InvalidArgumentError("is not HOST:PORT");
             advertised = value;
             return absl::OkStatus();
           })
      .Add("--drain TIME", "how long a stop goes on taking calls after leaving etcd (1s)", take_time(drain));
  int rest_port = -1;
  if (process.rest != nullptr) {
    flags.Add("--rest PORT", "serve REST as well, on this port of 127.0.0.1; 0 is a free one",
              [&](const std::string& value) {
                constexpr int kMaxPort = 65535;
                if (absl::SimpleAtoi(value, &rest_port) && rest_port >= 0 && rest_port <= kMaxPort)
                  return absl::OkStatus();
                return absl::InvalidArgumentError("is no port");
              });
  }
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    std::cout << program << " [FLAGS]\n" << flags.Help();
    return 0;
  }
  const auto arguments = flags.Parse(argc, argv);
  if (!arguments.ok() || !arguments->empty()) {
    std::cerr << program << ": "
              << (arguments.ok() ? "unknown argument " + arguments->front() : std::string(arguments.status().message()))
              << "\n"
              << flags.Help();
    return 2;
  }

  // Blocked before the first thread starts, so that every thread has them blocked and sigwait alone gets them.
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  auto service = process.create(options);
  if (!service.ok()) {
    std::cerr << program << ": " << service.status() << "\n";
    return 1;
  }
  auto server = Server::Start(listen, **service, process.service);
  if (!server.ok()) {
    std::cerr << program << ": " << server.status() << "\n";
    return 1;
  }
  // In one piece, because several processes may write to the same stderr.
  std::cerr << absl::StrCat("{\"event\":\"listening\",\"service\":\"", process.name, "\",\"address\":\"",
                            (*server)->address(), "\"}\n")
            << std::flush;
  std::unique_ptr<Face> face;
  if (rest_port >= 0) {
    auto opened = process.rest(process.service, (*server)->InProcessChannel(), rest_port);
    if (!opened.ok()) {
      std::cerr << program << ": " << opened.status() << "\n";
      return 1;
    }
    face = *std::move(opened);
    std::cerr << absl::StrCat("{\"event\":\"listening\",\"service\":\"", process.name,
                              "\",\"rest\":true,\"address\":\"", face->address(), "\"}\n")
              << std::flush;
  }

  std::unique_ptr<Registration> registration;
  if (!register_at.empty()) {
    const std::string address = advertised.empty() ? (*server)->address() : advertised;
    auto started = Registration::Start(register_at, address, [&process](const std::string& key) {
      std::cerr << absl::StrCat("{\"event\":\"registered\",\"service\":\"", process.name, "\",\"key\":\"", key, "\"}\n")
                << std::flush;
    });
    if (!started.ok()) {
      std::cerr << program << ": " << started.status() << "\n";
      return 1;
    }
    registration = *std::move(started);
  }

  int received = 0;
  sigwait(&stop_signals, &received);
  if (registration != nullptr) {
    registration.reset();  // first nobody comes any more
    // Whoever has not heard yet is answered still: a call that arrives in the middle of a shutdown is cancelled by the
    // gRPC library. A second signal means now.
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(drain);
    const timespec wait = {seconds.count(), std::chrono::nanoseconds(drain - seconds).count()};
    sigtimedwait(&stop_signals, nullptr, &wait);
  }
  face.reset();  // finishes what it is answering, while the service still does
  (*server)->Stop(grace);
  return 0;
}

}  // namespace shop
