#include "gateway/upstream/xds_discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "tests/schema/temp_folder.h"
#include "tests/upstream/calling.h"

namespace portico::upstream {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kGood[] = R"({"xds_servers": [{"server_uri": "127.0.0.1:1", "channel_creds": [{"type": "insecure"}]}]})";

TEST(XdsBootstrapTest, WhatIsWrongIsSaid) {
  const struct {
    const char* text;
    const char* message;
  } cases[] = {
      {"", "no JSON object"},
      {"[]", "no JSON object"},
      {"{", "no JSON object"},
      {"{}", "\"xds_servers\" names nobody"},
      {R"({"xds_servers": []})", "\"xds_servers\" names nobody"},
      {R"({"xds_servers": {"server_uri": "x"}})", "\"xds_servers\" names nobody"},
      {R"({"xds_servers": ["x"]})", "a server without \"server_uri\""},
      {R"({"xds_servers": [{"server_uri": ""}]})", "a server without \"server_uri\""},
      {R"({"xds_servers": [{"server_uri": "x"}]})", "\"channel_creds\" has no type that is known"},
      {R"({"xds_servers": [{"server_uri": "x", "channel_creds": [{"type": "tls"}]}]})",
       "\"channel_creds\" has no type that is known"},
      {R"({"xds_servers": [{"server_uri": "x", "channel_creds": [{"type": 1}, "fake"]}]})",
       "\"channel_creds\" has no type that is known"},
  };
  for (const auto& c : cases) {
    EXPECT_THAT(std::string(CheckXdsBootstrap(c.text).message()), HasSubstr(c.message)) << c.text;
  }
  EXPECT_EQ(CheckXdsBootstrap(kGood), absl::OkStatus());
  EXPECT_EQ(CheckXdsBootstrap(R"({"xds_servers": [{"server_uri": "x", "channel_creds":
      [{"type": "tls"}, {"type": "google_default"}]}], "node": {}})"),
            absl::OkStatus());
}

class XdsDiscoveryTest : public CallingTest {
 protected:
  XdsDiscoveryTest() { Clear(); }
  ~XdsDiscoveryTest() override {
    watch_.reset();
    EXPECT_TRUE(RunUntil([&] { return loop_.alive.use_count() == 1; }));
    Clear();
  }
  static void Clear() {
    ::unsetenv("GRPC_XDS_BOOTSTRAP");
    ::unsetenv("GRPC_XDS_BOOTSTRAP_CONFIG");
  }
  // What is told next.
  absl::StatusOr<Addresses> Hears() {
    told_.reset();
    EXPECT_TRUE(RunUntil([&] { return told_.has_value(); }));
    return told_.value_or(absl::UnknownError("nothing"));
  }

  portico::testing::TempFolder folder_;
  DiscoveryLoop loop_{&worker(), nullptr, std::make_shared<int>()};
  std::optional<absl::StatusOr<Addresses>> told_;
  std::unique_ptr<Discovery> watch_ =
      *Discover("xds:///shop", loop_, [this](absl::StatusOr<Addresses> told) { told_ = std::move(told); });
};

TEST_F(XdsDiscoveryTest, TheTargetIsTheServerOnceThereIsABootstrap) {
  EXPECT_THAT(std::string(Hears().status().message()), HasSubstr("GRPC_XDS_BOOTSTRAP_CONFIG"));
  const std::string path = folder_.path() + "/bootstrap.json";
  ::setenv("GRPC_XDS_BOOTSTRAP", path.c_str(), 1);
  ::setenv("GRPC_XDS_BOOTSTRAP_CONFIG", kGood, 1);
  EXPECT_EQ(Hears().status().message(), "the xDS bootstrap: cannot read " + path) << "the path counts";
  folder_.Write("bootstrap.json", "{}");
  EXPECT_EQ(Hears().status().message(), "the xDS bootstrap: " + path + ": \"xds_servers\" names nobody");
  folder_.Write("bootstrap.json", kGood);
  const absl::StatusOr<Addresses> told = Hears();
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_THAT(*told, ElementsAre("xds:///shop"));
}

TEST_F(XdsDiscoveryTest, TheEnvironmentMayHoldIt) {
  ::setenv("GRPC_XDS_BOOTSTRAP_CONFIG", "x", 1);
  EXPECT_EQ(Hears().status().message(), "the xDS bootstrap: GRPC_XDS_BOOTSTRAP_CONFIG: no JSON object");
  ::setenv("GRPC_XDS_BOOTSTRAP_CONFIG", kGood, 1);
  EXPECT_TRUE(Hears().ok());
}

}  // namespace
}  // namespace portico::upstream
