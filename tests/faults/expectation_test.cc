// What the fault matrix takes for right and for wrong.
#include "tests/faults/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "gateway/compose/projection.h"
#include "gateway/schema/schema.h"

namespace portico::faults {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class ExpectationTest : public testing::Test {
 protected:
  ExpectationTest() : projections_(compose::IsFilledByGateway) {
    using schema::ContractSource;
    const std::string source = PORTICO_SOURCE_DIR;
    schema::Diagnostics diagnostics;
    schema_ =
        schema::Schema::Load({{ContractSource::Kind::kProtoFolder, absl::StrCat(source, "/tests/faults/protos"), {}},
                              {ContractSource::Kind::kProtoFolder, absl::StrCat(source, "/proto"), {}}},
                             diagnostics);
    if (schema_ == nullptr) ADD_FAILURE() << diagnostics.ToString();
  }

  Expectation Of(const char* facade_method, const Faults& faults, const std::set<std::string>& called) {
    schema::Diagnostics diagnostics;
    const auto plan = compose::CompilePlan(*schema_->FindMethod(facade_method), *schema_, projections_, diagnostics);
    return Expect(*plan, faults, called);
  }

  std::shared_ptr<const schema::Schema> schema_;
  compose::Projections projections_;
};

constexpr char kOrderDetails[] = "ftgo.web.v1.OrderDetailsStore/GetOrderDetails";
constexpr char kGetOrder[] = "ftgo.orders.v1.OrderService/GetOrder";
constexpr char kGetBill[] = "ftgo.accounting.v1.AccountingService/GetBill";
constexpr char kAlsoBought[] = "counts.v1.Counts/ListAlsoBought";
constexpr char kOrElse[] = "counts.v1.Counts/ListAlsoBoughtOrElse";
constexpr char kList[] = "shop.recommendations.v1.RecommendationService/ListAlsoBought";
constexpr char kPrices[] = "shop.pricing.v1.PricingService/BatchGetPrices";

TEST_F(ExpectationTest, ARequiredPartIsThePage) {
  const std::set<std::string> called = {kGetOrder, kGetBill};
  EXPECT_THAT(Of(kOrderDetails, {{kGetOrder, Fault::kFail}}, called).failures, ElementsAre(503));
  EXPECT_THAT(Of(kOrderDetails, {{kGetOrder, Fault::kLate}}, called).failures, ElementsAre(504));
  EXPECT_THAT(Of(kOrderDetails, {{kGetOrder, Fault::kMalformed}}, called).failures, ElementsAre(502));
  EXPECT_THAT(Of(kOrderDetails, {{kGetOrder, Fault::kEmpty}}, called).failures, IsEmpty());
}

TEST_F(ExpectationTest, AnOptionalPartIsNamed) {
  const std::set<std::string> called = {kGetOrder, kGetBill};
  const Expectation late = Of(kOrderDetails, {{kGetBill, Fault::kLate}}, called);
  EXPECT_THAT(late.failures, IsEmpty());
  EXPECT_THAT(late.omitted, ElementsAre(Pair("bill", ElementsAre("deadline"))));
  EXPECT_THAT(Of(kOrderDetails, {{kGetBill, Fault::kEmpty}}, called).omitted, IsEmpty());
}

TEST_F(ExpectationTest, ElementsGoWithTheirList) {
  const std::set<std::string> called = {kList, kPrices};
  EXPECT_THAT(Of(kAlsoBought, {{kPrices, Fault::kEmpty}}, called).omitted,
              ElementsAre(Pair("items.price", ElementsAre("not_found"))));
  EXPECT_THAT(Of(kAlsoBought, {{kPrices, Fault::kEmpty}, {kList, Fault::kFail}}, called).omitted,
              ElementsAre(Pair("items", ElementsAre("unavailable"))));
}

// A literal has values of its own; what is fetched for them may fail as well.
TEST_F(ExpectationTest, WhatIsFetchedForALiteralMayBeOmitted) {
  const std::set<std::string> called = {kList, kPrices};
  const Expectation alone = Of(kOrElse, {{kList, Fault::kFail}}, called);
  EXPECT_THAT(alone.omitted, IsEmpty());
  EXPECT_THAT(alone.perhaps_omitted, Contains(Pair("items.price", ElementsAre("not_found"))));
  EXPECT_THAT(alone.in, IsEmpty());
  const Expectation both = Of(kOrElse, {{kList, Fault::kFail}, {kPrices, Fault::kFail}}, called);
  EXPECT_THAT(both.omitted, IsEmpty());
  EXPECT_THAT(both.perhaps_omitted, Contains(Pair("items.price", ElementsAre("unavailable"))));
  EXPECT_THAT(Of(kOrElse, {}, called).in, ElementsAre("items", "items.price"));
}

TEST(ViolationTest, NamesWhatIsWrong) {
  const Expectation fails = {.failures = {503, 504}};
  const Expectation may_fail = {.failures = {503}, .may_fail = true};
  const Expectation lacks = {.omitted = {{"bill", {"deadline"}}}};
  const Expectation may_lack = {.perhaps_omitted = {{"bill", {"deadline"}}}};
  const struct {
    const char* name;
    Expectation expected;
    int status;
    const char* omitted;
    const char* wrong;
  } cases[] = {
      {"a whole page", {}, 200, "", ""},
      {"a page that should not fail", {}, 503, "", "expected 200"},
      {"a failure", fails, 504, "", ""},
      {"a page that should fail", fails, 200, "", "expected 503 or 504"},
      {"another failure", fails, 500, "", "expected 503 or 504"},
      {"one that may fail and has not", may_fail, 200, "", ""},
      {"one that may fail and has", may_fail, 503, "", ""},
      {"one that has failed otherwise", may_fail, 500, "", "expected 503"},
      {"a part that may be named", may_lack, 200, "bill;reason=deadline", ""},
      {"a part that may be named and is not", may_lack, 200, "", ""},
      {"a part that may be named for another reason", may_lack, 200, "bill;reason=failed", "bill should be there"},
      {"a part that is named", lacks, 200, "bill;reason=deadline", ""},
      {"a part that is not named", lacks, 200, "", "bill is not named"},
      {"another reason", lacks, 200, "bill;reason=failed", "the reason for bill should be deadline"},
      {"a part too many", lacks, 200, "bill;reason=deadline, ticket;reason=failed", "ticket should be there"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Violation(c.expected, c.status, c.omitted), c.wrong);
  }
}

TEST(ViolationTest, LooksIntoTheBody) {
  const Expectation expected = {.omitted = {{"also_bought.price", {"failed"}}}, .in = {"order", "also_bought.product"}};
  const auto healthy = nlohmann::json::parse(R"({"order":{},"alsoBought":[{"price":{},"product":{}}]})");
  const struct {
    const char* name;
    const char* body;
    const char* wrong;
  } cases[] = {
      {"as it must be", R"({"order":{},"alsoBought":[{"product":{}},{}]})", ""},
      {"with original names", R"({"order":{},"also_bought":[{"product":{}}]})", ""},
      {"a part that should be absent", R"({"order":{},"alsoBought":[{"product":{}},{"product":{},"price":{}}]})",
       "also_bought.price is named and is there"},
      {"a part that should be there", R"({"alsoBought":[{"product":{}}]})", "order is not there"},
      {"unpopulated fields are absent", R"({"order":{},"alsoBought":[{"product":{},"price":null}]})", ""},
      {"one within a list", R"({"order":{},"alsoBought":[]})", "also_bought.product is not there"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(BodyViolation(expected, nlohmann::json::parse(c.body), healthy), c.wrong);
  }
  EXPECT_EQ(BodyViolation(expected, nlohmann::json::parse("{}"), nlohmann::json::parse("{}")), "");
}

}  // namespace
}  // namespace portico::faults
