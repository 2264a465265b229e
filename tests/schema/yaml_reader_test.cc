#include "gateway/schema/yaml_reader.h"

#include <gtest/gtest.h>

#include "google/api/http.pb.h"

namespace portico::schema {
namespace {

TEST(YamlReaderTest, OtherKeysBesideTheRootAreIgnored) {
  google::api::Http http;
  YamlPositions positions("x.yaml");
  Diagnostics diagnostics;
  EXPECT_TRUE(ReadYaml("name: x\nhttp:\n  rules:\n  - selector: a.B.C\n    get: /v1\napis: [ { name: a } ]\n", "http",
                       http, positions, diagnostics))
      << diagnostics.ToString();
  ASSERT_EQ(http.rules_size(), 1);
  EXPECT_EQ(http.rules(0).get(), "/v1");
  EXPECT_EQ(positions.Find("http.rules[0].get").ToString(), "x.yaml:5:10");
}

TEST(YamlReaderTest, PositionsFallBackToTheParent) {
  YamlPositions positions("x.yaml");
  positions.Set("a", 1, 1);
  positions.Set("a.b[0]", 2, 5);
  EXPECT_EQ(positions.Find("a.b[0].c").ToString(), "x.yaml:2:5");
  EXPECT_EQ(positions.Find("a.b[1].c").ToString(), "x.yaml:1:1");
  EXPECT_EQ(positions.Find("z").ToString(), "x.yaml");
  EXPECT_FALSE(positions.Has("a.b"));
}

TEST(YamlReaderTest, AnAliasThatContainsItselfEndsAtTheSchema) {
  google::api::Http http;
  YamlPositions positions("x.yaml");
  Diagnostics diagnostics;
  EXPECT_FALSE(ReadYaml("http: &a { rules: [ *a ] }\n", "http", http, positions, diagnostics));
  EXPECT_FALSE(diagnostics.empty());
}

}  // namespace
}  // namespace portico::schema
