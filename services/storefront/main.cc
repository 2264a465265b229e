// The process of the shop's site.
#include <csignal>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "services/base/flags.h"
#include "services/storefront/site.h"

int main(int argc, char** argv) {
  shop::storefront::SiteOptions options;
  const auto into = [](std::string& target) {
    return [&target](const std::string& value) {
      target = value;
      return absl::OkStatus();
    };
  };
  shop::Flags flags;
  flags.Add("--listen HOST:PORT", "where the site is; port 0: a free one (127.0.0.1:8000)", into(options.listen))
      .Add("--web HOST:PORT", "Portico's web frontend (127.0.0.1:8080)", into(options.web))
      .Add("--mobile HOST:PORT", "Portico's mobile frontend (127.0.0.1:8081)", into(options.mobile));
  const auto arguments = flags.Parse(argc, argv);
  if (argc == 2 && std::string(argv[1]) == "--help") {
    std::cout << "storefront [FLAGS]\n" << flags.Help();
    return 0;
  }
  if (!arguments.ok() || !arguments->empty()) {
    std::cerr << "storefront: " << (arguments.ok() ? "takes flags only" : std::string(arguments.status().message()))
              << "\n"
              << flags.Help();
    return 2;
  }

  // Before there are other threads, so that all of them leave the signals to sigwait.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  const auto site = shop::storefront::Site::Start(options);
  if (!site.ok()) {
    std::cerr << "storefront: " << site.status().message() << "\n";
    return 1;
  }
  std::cerr << absl::StrCat("{\"event\":\"listening\",\"service\":\"storefront\",\"address\":\"", (*site)->address(),
                            "\"}\n");
  int received = 0;
  sigwait(&signals, &received);
  return 0;
}
