// The proxy that other tests are made by: that it does what they rely on.
#include "tests/integration/fault_proxy.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// A gateway that serves nothing stands behind: it is there anyway, and answers HTTP.
class FaultProxyTest : public testing::Test {
 protected:
  TempFolder folder_;
  Gateway gateway_{folder_.Write("portico.yaml", "contracts: [ { protos: " PORTICO_SOURCE_DIR "/proto } ]\n"
                                                 "frontends: [ { name: web, listen: '127.0.0.1:0' } ]\n"
                                                 "admin: { listen: '127.0.0.1:0' }\n")};
  FaultProxy proxy_{gateway_.address()};
  const std::string request_ = RequestText("GET", "/healthz");

  bool IsAnswered(Connection& connection) {
    if (!connection.Send(request_)) return false;
    const std::optional<Answer> answer = connection.Receive();
    return answer.has_value() && answer->status == 404;
  }
};

TEST_F(FaultProxyTest, PassesOnWhatIsSent) {
  Connection connection(proxy_.address());
  EXPECT_TRUE(IsAnswered(connection));
  EXPECT_TRUE(IsAnswered(connection));
  EXPECT_EQ(proxy_.counts().connections, 1);
  EXPECT_EQ(proxy_.counts().cut, 0);
  EXPECT_EQ(proxy_.counts().dropped + proxy_.counts().delayed, 0u);
}

TEST_F(FaultProxyTest, DelaysEitherDirection) {
  Connection connection(proxy_.address());
  ASSERT_TRUE(IsAnswered(connection));
  proxy_.Delay(milliseconds(150));
  const auto begin = Clock::now();
  EXPECT_TRUE(IsAnswered(connection));
  EXPECT_GE(Clock::now() - begin, milliseconds(300));
  EXPECT_GT(proxy_.counts().delayed, 0u);
  proxy_.Pass();
  EXPECT_TRUE(IsAnswered(connection)) << "nothing was lost";
}

TEST_F(FaultProxyTest, DropsWhatIsSentAndResetsThoseAfterwards) {
  Connection before(proxy_.address());
  Connection idle(proxy_.address());
  ASSERT_TRUE(IsAnswered(before));
  ASSERT_TRUE(IsAnswered(idle));
  proxy_.Drop();
  Connection after(proxy_.address());
  ASSERT_TRUE(before.Send(request_));
  ASSERT_TRUE(after.Send(request_));
  while (proxy_.counts().dropped < 2 * request_.size()) ASSERT_FALSE(before.Stirs(milliseconds(1)));
  EXPECT_FALSE(after.Stirs(milliseconds(50)));
  proxy_.Pass();
  EXPECT_FALSE(before.Receive().has_value());
  EXPECT_FALSE(after.Receive().has_value());
  EXPECT_TRUE(IsAnswered(idle)) << "it has lost nothing";
}

TEST_F(FaultProxyTest, CutsInTheMiddle) {
  Connection connection(proxy_.address());
  ASSERT_TRUE(IsAnswered(connection));
  proxy_.Cut(request_.size() + 20);
  EXPECT_FALSE(IsAnswered(connection));
  EXPECT_LE(connection.received().size(), 20u);
  Connection another(proxy_.address());
  EXPECT_FALSE(IsAnswered(another)) << "each of them";
  EXPECT_EQ(proxy_.counts().cut, 2);
  proxy_.Pass();
  Connection last(proxy_.address());
  EXPECT_TRUE(IsAnswered(last));
}

TEST_F(FaultProxyTest, ResetsWhoComesWhileNobodyListens) {
  const ReservedPort nobody;
  FaultProxy proxy(nobody.address());
  Connection connection(proxy.address());
  EXPECT_FALSE(IsAnswered(connection));
}

}  // namespace
}  // namespace portico::integration
