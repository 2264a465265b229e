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
service Web {
  option (portico.facade) = true;
  rpc GetChain(Request) returns (ChainPage);
}
)";

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

}  // namespace
}  // namespace portico::compose
