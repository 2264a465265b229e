#include "tests/integration/shop.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace portico::integration {

ReservedPort::ReservedPort() {
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (bind(descriptor_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
      getsockname(descriptor_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    std::abort();
  }
  address_ = absl::StrCat("127.0.0.1:", ntohs(at.sin_port));
}

ReservedPort::~ReservedPort() {
  close(descriptor_);
}

Shop::Shop() {
  services_["catalog"].full_name = "shop.catalog.v1.CatalogService";
  services_["pricing"].full_name = "shop.pricing.v1.PricingService";
  services_["reviews"].full_name = "shop.reviews.v1.ReviewService";
  services_["orders"].full_name = "shop.orders.v1.OrderService";
  services_["inventory"].full_name = "shop.inventory.v1.InventoryService";
  services_["recommendations"].full_name = "shop.recommendations.v1.RecommendationService";
  services_["sellers"].full_name = "shop.sellers.v1.SellerService";
  for (auto& [name, service] : services_) service.port = std::make_unique<ReservedPort>();
}

void Shop::Launch(const std::string& service, const std::string& delay) {
  Service& starting = services_.at(service);
  std::vector<std::string> command = {std::string(SHOP_BIN_DIR) + "/shop-" + service, "--listen",
                                      starting.port->address(), "--data", data_.path()};
  if (!delay.empty()) command.insert(command.end(), {"--delay", delay});
  starting.process = nullptr;
  starting.process = std::make_unique<Process>(std::move(command));
}

void Shop::Start(const std::string& service, const std::string& delay) {
  Launch(service, delay);
  Process& process = *services_.at(service).process;
  const auto listens = [](const std::string& line) { return absl::StrContains(line, "\"event\":\"listening\""); };
  ASSERT_TRUE(process.ErrorLine(listens).has_value()) << service << ": " << process.Error();
}

void Shop::StartAll(const std::string& delay) {
  for (const auto& [name, service] : services_) Start(name, delay);
}

void Shop::Kill(const std::string& service) {
  services_.at(service).process = nullptr;
}

std::optional<int> Shop::Stop(const std::string& service) {
  services_.at(service).process->Signal(SIGTERM);
  return services_.at(service).process->Wait();
}

std::string TestedTransport() {
  const char* const transport = std::getenv("PORTICO_TEST_TRANSPORT");
  return transport == nullptr ? "auto" : transport;
}

std::string Shop::Clusters(const std::string& more) const {
  std::string text = "clusters:\n";
  const std::string spoken = absl::StrCat("    transport: ", TestedTransport(), "\n");
  for (const auto& [name, service] : services_) {
    absl::StrAppend(&text, "  ", name, ":\n    target: ", service.port->address(), "\n    services: [",
                    service.full_name, "]\n", spoken, more);
  }
  return text;
}

}  // namespace portico::integration
