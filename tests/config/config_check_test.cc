#include "gateway/config/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/schema/temp_folder.h"

namespace portico::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Three plain services, one facade, and one of google's own.
class ConfigCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("proto/shop.proto", R"(syntax = "proto3";
package shop;
import "portico/annotations.proto";
message M {}
service Catalog { rpc Get(M) returns (M); rpc List(M) returns (M); }
service Orders { rpc Get(M) returns (M); }
service Reviews { rpc Get(M) returns (M); }
service Web { option (portico.facade) = true; rpc GetPage(M) returns (M); }
)");
    folder_.Write("proto/google/longrunning/operations.proto", R"(syntax = "proto3";
package google.longrunning;
message Op {}
service Operations { rpc GetOperation(Op) returns (Op); }
)");
    schema::Diagnostics diagnostics;
    schema_ =
        schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder_.Path("proto"), {}}}, diagnostics);
    ASSERT_NE(schema_, nullptr) << diagnostics.ToString();
  }

  void Load(const std::string& yaml) {
    schema::Diagnostics diagnostics;
    loaded_ = LoadConfig(folder_.Write("portico.yaml", yaml), diagnostics);
    ASSERT_NE(loaded_, nullptr) << diagnostics.ToString();
  }

  std::string Mistakes(const std::string& yaml) {
    Load(yaml);
    schema::Diagnostics diagnostics;
    CheckConfig(*loaded_, *schema_, true, diagnostics);
    return absl::StrReplaceAll(diagnostics.ToString(), {{folder_.Path("portico.yaml:"), ""}});
  }

  // Which methods a frontend that exposes `patterns` has, when catalog and reviews are served.
  std::vector<std::string> Exposed(const std::string& patterns) {
    Load(absl::StrCat("clusters: { a: { target: 'h:1', services: [shop.Catalog, shop.Reviews] },\n",
                      "            b: { target: 'h:2', services: [google.longrunning.Operations] } }\n",
                      "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [", patterns, "] } ]\n"));
    std::vector<std::string> names;
    for (const schema::Method* method : ResolveExposed(loaded_->config.frontends(0), *schema_, loaded_->config)) {
      names.push_back(method->full_name);
    }
    return names;
  }

  absl::string_view ClusterOf(const char* service) {
    return config::ClusterOf(*schema_->FindService(service), loaded_->config);
  }

  testing::TempFolder folder_;
  std::shared_ptr<const schema::Schema> schema_;
  std::unique_ptr<const LoadedConfig> loaded_;
};

TEST_F(ConfigCheckTest, AServiceGoesToTheClusterThatNamesItOrToEverythings) {
  EXPECT_EQ(
      Mistakes("clusters: { a: { target: 'h:1', services: [shop.Catalog] }, b: { target: 'h:2', services: ['*'] } }\n"),
      "");
  EXPECT_EQ(ClusterOf("shop.Catalog"), "a");
  EXPECT_EQ(ClusterOf("shop.Orders"), "b");
  EXPECT_EQ(ClusterOf("shop.Web"), "") << "a facade";
  Load("clusters: { a: { target: 'h:1', services: [shop.Catalog] } }\n");
  EXPECT_EQ(ClusterOf("shop.Orders"), "");
}

TEST_F(ConfigCheckTest, MistakesInClusters) {
  EXPECT_EQ(Mistakes("clusters:\n  a:\n    target: h:1\n    services: [shop.Catalog, shop.Nope, shop.Web, '*']\n"
                     "  b:\n    target: h:2\n    services:\n      - shop.Catalog\n      - '*'\n"),
            absl::StrCat("4:30: clusters.a.services[1]: no contract has a service \"shop.Nope\"\n"
                         "4:41: clusters.a.services[2]: \"shop.Web\" is a facade: the gateway answers it, no cluster "
                         "does\n"
                         "8:9: clusters.b.services[0]: \"shop.Catalog\" is in clusters.a.services[0] too, at ",
                         "4:16\n"
                         "9:9: clusters.b.services[1]: \"*\" is in clusters.a.services[3] too, at ",
                         "4:51\n"));
}

TEST_F(ConfigCheckTest, MistakesInExpose) {
  EXPECT_EQ(Mistakes("clusters: { a: { target: 'h:1', services: [shop.Catalog] } }\n"
                     "frontends:\n"
                     "  - name: web\n"
                     "    listen: 127.0.0.1:0\n"
                     "    expose: [shop.Catalog, shop.Web, '*', 'shop.*', shop.Catalog/Get,\n"
                     "      shop.Orders,\n"
                     "      shop.Orders/Get,\n"
                     "      shop.Nope,\n"
                     "      shop.Catalog/Nope,\n"
                     "      'store.*']\n"),
            "6:7: frontends[0].expose[5]: no cluster serves shop.Orders, and it is no facade\n"
            "7:7: frontends[0].expose[6]: no cluster serves shop.Orders, and it is no facade\n"
            "8:7: frontends[0].expose[7]: no contract has anything that \"shop.Nope\" names\n"
            "9:7: frontends[0].expose[8]: no contract has anything that \"shop.Catalog/Nope\" names\n"
            "10:7: frontends[0].expose[9]: no contract has anything that \"store.*\" names\n");
}

TEST_F(ConfigCheckTest, WhatPatternsExpose) {
  EXPECT_THAT(Exposed(""), IsEmpty());
  EXPECT_THAT(Exposed("shop.Reviews"), ElementsAre("shop.Reviews/Get"));
  EXPECT_THAT(Exposed("shop.Catalog/List"), ElementsAre("shop.Catalog/List"));
  EXPECT_THAT(Exposed("'shop.Catalog/*', shop.Catalog"), ElementsAre("shop.Catalog/Get", "shop.Catalog/List"));
  EXPECT_THAT(Exposed("'shop.*'"),
              ElementsAre("shop.Catalog/Get", "shop.Catalog/List", "shop.Reviews/Get", "shop.Web/GetPage"));
  EXPECT_THAT(Exposed("'*'"),
              ElementsAre("shop.Catalog/Get", "shop.Catalog/List", "shop.Reviews/Get", "shop.Web/GetPage"))
      << "neither what no cluster serves nor google's";
  EXPECT_THAT(Exposed("'google.*'"), ElementsAre("google.longrunning.Operations/GetOperation"));
}

}  // namespace
}  // namespace portico::config
