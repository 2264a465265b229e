// How the time of an answer is divided, and what its end means.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "portico/annotations.proto";

message Request { string id = 1; }
message Item { string id = 1; }
service Shop {
  rpc GetFirst(Request) returns (Item);
  rpc GetSecond(Request) returns (Item);
}
message ChainPage {
  Item first = 1 [(portico.fetch) = { method: "web.Shop/GetFirst" }];
  Item second = 2 [(portico.fetch) = { method: "web.Shop/GetSecond" bind: "id = self.first.id" }];
  repeated portico.Omitted omitted = 15;
}
message FallbackPage {
  Item first = 1 [(portico.fetch) = { method: "web.Shop/GetFirst" fallback: '{"id": "none"}' }];
  Item second = 2 [(portico.fetch) = { method: "web.Shop/GetSecond" bind: "id = self.first.id" }];
}
message RequiredPage {
  Item first = 1 [(portico.fetch) = { method: "web.Shop/GetFirst" }];
  Item second = 2 [(portico.fetch) = { method: "web.Shop/GetSecond" bind: "id = self.first.id" required: true }];
}
service Web {
  option (portico.facade) = true;
  rpc GetChain(Request) returns (ChainPage);
  rpc GetFallback(Request) returns (FallbackPage);
  rpc GetRequired(Request) returns (RequiredPage);
}
)";

// A shop whose second method takes 5 ms; knows until when it may take for the first.
class UnevenShop final : public rpc::Handler {
 public:
  static constexpr std::chrono::milliseconds kSecond{5};

  explicit UnevenShop(std::string reply) : reply_(std::move(reply)) {}
  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload, rpc::Context& context) override {
    if (method.name == "GetFirst") first_deadline = context.deadline();
    const net::Deadline busy = net::Clock::now() + kSecond;
    while (method.name == "GetSecond" && net::Clock::now() < busy) continue;
    rpc::Reply reply;
    reply.message = reply_;
    co_return reply;
  }
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method&, rpc::Context&) override {
    co_return absl::UnimplementedError("no streams");
  }
  net::Deadline first_deadline;

 private:
  const std::string reply_;
};

class DeadlineTest : public ::testing::Test {
 protected:
  DeadlineTest() { folder_.Write("web.proto", kContracts); }
  portico::testing::TempFolder folder_;
};

TEST_F(DeadlineTest, WhoeverFindsOutThatTheTimeIsUpThePartsAreLate) {
  for (const bool service_first : {true, false}) {
    SCOPED_TRACE(service_first);
    Page page(folder_, "web.Web/GetChain");
    ASSERT_TRUE(page.ok()) << page.mistakes();
    page.services().On(
        "web.Shop/GetFirst", [](const std::string&) { return absl::DeadlineExceededError("late"); },
        /*held=*/!service_first);
    page.context().ShortenDeadline(net::Clock::now());
    page.Get("{}");
    EXPECT_EQ(page.omitted(), "first;reason=deadline, second;reason=deadline");
  }
}

TEST_F(DeadlineTest, WhoIsLateBeforeThatIsMissedByWhoNeedsIt) {
  Page page(folder_, "web.Web/GetChain");
  ASSERT_TRUE(page.ok()) << page.mistakes();
  page.services().On("web.Shop/GetFirst", [](const std::string&) { return absl::DeadlineExceededError("late"); });
  page.Get("{}");
  EXPECT_EQ(page.omitted(), "first;reason=deadline, second;reason=dependency");
}

TEST_F(DeadlineTest, WhatComesAfterACallIsLeftItsUsualTime) {
  const std::pair<const char*, bool> methods[] = {
      {"web.Web/GetRequired", true},
      {"web.Web/GetFallback", true},
      {"web.Web/GetChain", false},  // without the first there is no second: it may take as long as there is
  };
  for (const auto& [method, divided] : methods) {
    SCOPED_TRACE(method);
    UnevenShop shop("\x0a\x01i");
    Page page(folder_, method, &shop);
    ASSERT_TRUE(page.ok()) << page.mistakes();
    for (int i = 0; i < 16; ++i) {
      page.NewContext();
      EXPECT_THAT(page.Get("{}"), ::testing::HasSubstr("second"));
      EXPECT_EQ(shop.first_deadline, page.context().deadline()) << "nothing is known yet";
    }
    page.NewContext();
    page.Get("{}");
    const auto left = page.context().deadline() - shop.first_deadline;
    if (divided) {
      EXPECT_GE(left, UnevenShop::kSecond);
    } else {
      EXPECT_EQ(left, net::Clock::duration::zero());
    }
  }
}

}  // namespace
}  // namespace portico::compose
