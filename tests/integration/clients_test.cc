// Real clients: the libraries of tests/clients against the shop. Each file of that folder is a program that reports its
// own failures; what is tested here is that it has none.
#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

class ClientsTest : public testing::Test {
 protected:
  void SetUp() override {
    shop_.StartAll();
    gifts_ = std::make_unique<Process>(std::vector<std::string>{GIFTS_SERVER, "--listen", gifts_port_.address()});
    const auto listens = [](const std::string& line) { return absl::StrContains(line, "\"event\":\"listening\""); };
    ASSERT_TRUE(gifts_->ErrorLine(listens).has_value()) << gifts_->Error();
    const std::string config =
        absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\n  - descriptors: ", GIFTS_CONTRACTS, "\n",
                     shop_.Clusters(), "  gifts:\n    target: ", gifts_port_.address(),
                     "\n    services: [shop.gifts.v1.GiftService]\n"
                     "frontends:\n"
                     "  - name: web\n"
                     "    listen: 127.0.0.1:0\n"
                     "    expose: [\"*\"]\n"
                     "    cors: { origins: [\"http://localhost:8000\", \"http://",
                     page_port_.address(),
                     "\"], credentials: true, max_age: 10m }\n"
                     "  - name: small\n"
                     "    listen: 127.0.0.1:0\n"
                     "    expose: [shop.reviews.v1.ReviewService]\n"
                     "admin: { listen: 127.0.0.1:0 }\n");
    gateway_ = std::make_unique<Gateway>(folder_.Write("portico.yaml", config));
  }

  void Run(const std::string& file, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {"/usr/bin/env",
                                        "node",
                                        absl::StrCat(PORTICO_SOURCE_DIR, "/tests/clients/", file),
                                        "--web",
                                        gateway_->address("web"),
                                        "--small",
                                        gateway_->address("small"),
                                        "--shop",
                                        SHOP_CONTRACTS,
                                        "--gifts",
                                        GIFTS_CONTRACTS};
    command.insert(command.end(), more.begin(), more.end());
    const Finished finished = RunToEnd(std::move(command), "", std::chrono::minutes(3));
    EXPECT_EQ(finished.exit, 0) << finished.out << finished.error;
    // A program that finds no test succeeds, too.
    EXPECT_TRUE(absl::StrContains(finished.out, "pass ")) << finished.out << finished.error;
    EXPECT_FALSE(absl::StrContains(finished.out, "pass 0\n")) << finished.out;
  }

  std::unique_ptr<Gateway> gateway_;
  ReservedPort page_port_;  // of pages that may call

 private:
  TempFolder folder_;
  Shop shop_;
  ReservedPort gifts_port_;
  std::unique_ptr<Process> gifts_;
};

TEST_F(ClientsTest, ConnectOverEachOfItsTransports) {
  Run("connect.test.mjs");
  const Json line = gateway_->LogLine([](const Json& entry) { return entry["protocol"] == "grpc-web"; });
  EXPECT_EQ(line["method"], "POST");
}

TEST_F(ClientsTest, GrpcWeb) {
  Run("grpc-web.test.mjs");
}

TEST_F(ClientsTest, WhatBrowsersAsk) {
  Run("cors.test.mjs");
}

TEST_F(ClientsTest, WebSockets) {
  Run("ws.test.mjs");
}

// An entry of its own: it needs Chromium.
class BrowserTest : public ClientsTest {};

TEST_F(BrowserTest, ALivePage) {
  const std::string& address = page_port_.address();
  Run("browser.test.mjs", {"--page", address.substr(address.rfind(':') + 1), "--screenshot", BROWSER_SCREENSHOT});
}

}  // namespace
}  // namespace portico::integration
