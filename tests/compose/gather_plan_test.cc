#include "gateway/compose/gather_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "tests/schema/temp_folder.h"

namespace portico::compose {
namespace {

using ::testing::HasSubstr;

constexpr char kHead[] = R"(syntax = "proto3";
package web;
import "portico/annotations.proto";
message GetRequest { string product_id = 1; string locale = 2; Inner inner = 3; repeated string tags = 4; }
message Inner { string product_id = 1; }
message BatchRequest {
  string locale = 1; repeated string product_ids = 2; Inner inner = 3; repeated string tags = 4; repeated Inner many = 5;
  repeated int32 numbers = 6; string one = 7;
}
message NarrowRequest { repeated string product_ids = 2; int32 locale = 1; Inner inner = 3; repeated string tags = 4; }
message Product { string product_id = 1; int32 number = 2; repeated string names = 3; }
message BatchReply { repeated Product products = 3; repeated Inner others = 4; Product one = 5; }
service Shop {
  rpc BatchGet(BatchRequest) returns (BatchReply);
  rpc NarrowGet(NarrowRequest) returns (BatchReply);
  rpc Stream(BatchRequest) returns (stream BatchReply);
)";

class GatherPlanTest : public ::testing::Test {
 protected:
  // The mistakes in `gather` of web.Shop/Get, or of `method`, of which `more` is said besides.
  std::string Mistakes(const std::string& gather,
                       const std::string& more = "option idempotency_level = NO_SIDE_EFFECTS;",
                       const std::string& rpc = "rpc Get(GetRequest) returns (Product)") {
    folder_.Write(
        "web.proto",
        absl::StrCat(kHead, "  ", rpc, " {\n    ", more, "\n    option (portico.policy) = { gather: { ", gather,
                     " } };\n  }\n}\nservice Facade { option (portico.facade) = true; rpc BatchGet("
                     "BatchRequest) returns (BatchReply); }\n"));
    schema::Diagnostics diagnostics;
    schema_ = schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder_.path(), {}}}, diagnostics);
    if (schema_ == nullptr) return "the contracts: " + diagnostics.ToString();
    plan_ = CompileGather(*schema_->FindMethod("web.Shop/Get"), *schema_, diagnostics);
    EXPECT_EQ(plan_ == nullptr, !diagnostics.empty());
    return diagnostics.ToString();
  }

  portico::testing::TempFolder folder_;
  std::shared_ptr<const schema::Schema> schema_;
  std::unique_ptr<const GatherPlan> plan_;
};

constexpr char kTwin[] = "method: \"web.Shop/BatchGet\" ";
constexpr char kBatch[] =
    "batch: { keys: \"product_ids\" from: \"request.product_id\" items: \"products\" item_key: \"product_id\" } ";

TEST_F(GatherPlanTest, HasDefaults) {
  EXPECT_EQ(Mistakes(absl::StrCat(kTwin, kBatch)), "");
  ASSERT_NE(plan_, nullptr);
  EXPECT_EQ(plan_->within, std::chrono::milliseconds(1));
  EXPECT_EQ(plan_->max_keys, 100u);
  EXPECT_EQ(plan_->twin->full_name, "web.Shop/BatchGet");
}

TEST_F(GatherPlanTest, HasBounds) {
  EXPECT_EQ(Mistakes(absl::StrCat(kTwin, kBatch, "within: \"0.25ms\" max_keys: 7")), "");
  ASSERT_NE(plan_, nullptr);
  EXPECT_EQ(plan_->within, std::chrono::microseconds(250));
  EXPECT_EQ(plan_->max_keys, 7u);
}

std::string BatchOf(const std::string& keys, const std::string& from, const std::string& items,
                    const std::string& item_key) {
  return absl::StrCat(kTwin, "batch: { keys: \"", keys, "\" from: \"", from, "\" items: \"", items, "\" item_key: \"",
                      item_key, "\" }");
}

TEST_F(GatherPlanTest, SaysWhatIsWrongAndWhere) {
  const std::string right = absl::StrCat(kTwin, kBatch);
  const struct {
    std::string gather;
    const char* mistake;
  } cases[] = {
      {kBatch, "policy.gather.method of web.Shop/Get: there is no method \"\""},
      {absl::StrCat("method: \"web.Shop/None\" ", kBatch), "there is no method \"web.Shop/None\""},
      {absl::StrCat("method: \"web.Shop/Get\" ", kBatch), "it is the method itself"},
      {absl::StrCat("method: \"web.Shop/Stream\" ", kBatch), "web.Shop/Stream streams"},
      {absl::StrCat("method: \"web.Facade/BatchGet\" ", kBatch), "web.Facade/BatchGet is of a facade"},
      {absl::StrCat("method: \"web.Shop/NarrowGet\" ", kBatch), "policy.gather.method of web.Shop/Get: \"locale\""},
      {kTwin, "policy.gather.batch.from of web.Shop/Get: \"\" is not \"request.FIELD\""},
      {BatchOf("product_ids", "self.product_id", "products", "product_id"), "is not \"request.FIELD\""},
      {BatchOf("product_ids", "request.none", "products", "product_id"), "web.GetRequest has no field \"none\""},
      {BatchOf("product_ids", "request.inner.product_id", "products", "product_id"),
       "not a single value of the request"},
      {BatchOf("product_ids", "request.tags", "products", "product_id"), "not a single value of the request"},
      {BatchOf("product_ids", "request.inner", "products", "product_id"), "not a single value of the request"},
      {BatchOf("one", "request.product_id", "products", "product_id"), "\"one\" is not a repeated scalar"},
      {BatchOf("many", "request.product_id", "products", "product_id"), "\"many\" is not a repeated scalar"},
      {BatchOf("many.product_id", "request.product_id", "products", "product_id"), "is not a repeated scalar"},
      {BatchOf("numbers", "request.product_id", "products", "product_id"), "policy.gather.batch.from"},
      {BatchOf("tags", "request.product_id", "products", "product_id"), "web.BatchRequest has no field \"tags\" for"},
      {BatchOf("product_ids", "request.product_id", "one", "product_id"), "\"one\" is not a repeated message"},
      {BatchOf("product_ids", "request.product_id", "others", "product_id"),
       "\"others\" are web.Inner, but the method answers web.Product"},
      {BatchOf("product_ids", "request.product_id", "products", "none"), "web.Product has no field \"none\""},
      {BatchOf("product_ids", "request.product_id", "products", "names"), "\"names\" is repeated"},
      {BatchOf("product_ids", "request.product_id", "products", "number"), "policy.gather.batch.item_key"},
      {right + "within: \"2ms\"", "policy.gather.within of web.Shop/Get: \"2ms\": expected up to \"1ms\""},
      {right + "within: \"0ms\"", "expected up to \"1ms\""},
      {right + "within: \"soon\"", "expected up to \"1ms\""},
      {right + "max_keys: 1", "policy.gather.max_keys of web.Shop/Get: expected 2 to 1000"},
      {right + "max_keys: 1001", "expected 2 to 1000"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.gather);
    const std::string mistakes = Mistakes(c.gather);
    EXPECT_THAT(mistakes, HasSubstr(c.mistake));
    EXPECT_THAT(mistakes, HasSubstr("web.proto:19:5: "));
  }
}

TEST_F(GatherPlanTest, MethodsThatChangeSomethingAreNotGathered) {
  EXPECT_THAT(Mistakes(absl::StrCat(kTwin, kBatch), ""), HasSubstr("it might change something"));
}

TEST_F(GatherPlanTest, StreamsAreNotGathered) {
  EXPECT_THAT(Mistakes(absl::StrCat(kTwin, kBatch), "option idempotency_level = NO_SIDE_EFFECTS;",
                       "rpc Get(GetRequest) returns (stream Product)"),
              HasSubstr("streams are not put together"));
}

}  // namespace
}  // namespace portico::compose
