// The benchmark's backend: answers the shop's calls with fixed data, at a cost that hides nothing else.
//
//   bench-backend [--ports N] [--delay 20ms]
//
// Listens on N free ports (default 1) of 127.0.0.1, all of which answer every method, so that each may stand for one
// service; prints them in one line, separated by spaces, and serves until SIGTERM.
#include <cstdint>
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "services/base/flags.h"
#include "tools/bench/backend/server.h"

int main(int argc, char** argv) {
  int ports = 1;
  std::chrono::milliseconds delay(0);
  shop::Flags flags;
  flags.Add("--ports N", "listen on this many free ports; 1 to 100", [&](const std::string& value) {
    char* end = nullptr;
    const long number = std::strtol(value.c_str(), &end, 10);
    if (*end != '\0' || number < 1 || number > 100) return absl::InvalidArgumentError("a number from 1 to 100, please");
    ports = static_cast<int>(number);
    return absl::OkStatus();
  });
  flags.Add("--delay TIME", "answer each call this much later, such as 20ms", [&](const std::string& value) {
    const auto parsed = shop::ParseMilliseconds(value);
    if (parsed.ok()) delay = *parsed;
    return parsed.status();
  });
  const auto arguments = flags.Parse(argc, argv);
  if (!arguments.ok() || !arguments->empty()) {
    const std::string problem =
        arguments.ok() ? "unexpected " + arguments->front() : std::string(arguments.status().message());
    std::fprintf(stderr, "bench-backend: %s\n%s", problem.c_str(), flags.Help().c_str());
    return 2;
  }
  bench::Server server(delay);
  for (int i = 0; i < ports; ++i) std::printf("%s%d", i == 0 ? "" : " ", server.Listen(0));
  std::printf("\n");
  std::fflush(stdout);
  server.Run();
}
