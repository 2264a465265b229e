// The catalog answers REST alike through the gateway and in its own process (`shop-catalog --rest`): the same chain,
// routes and errors.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::SizeIs;

constexpr char kBook[] = "/v1/products/pojos-in-action";

enum class Way { kGateway, kInProcess };

class CatalogRestTest : public testing::TestWithParam<Way> {
 protected:
  CatalogRestTest() {
    if (GetParam() == Way::kGateway) {
      behind_ = std::make_unique<ShopBehindGateway>();
      address_ = behind_->address();
      return;
    }
    catalog_ = std::make_unique<Process>(std::vector<std::string>{
        std::string(SHOP_BIN_DIR) + "/shop-catalog", "--listen", "127.0.0.1:0", "--rest", "0", "--data", data_.path()});
    const auto line =
        catalog_->ErrorLine([](const std::string& each) { return absl::StrContains(each, "\"rest\":true"); });
    if (line.has_value()) address_ = Json::parse(*line)["address"];
  }

  void SetUp() override { ASSERT_NE(address_, "") << catalog_->Error(); }

  Answer GetOk(const std::string& target) {
    Answer answer = Get(address_, target);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), "application/json");
    return answer;
  }

  const std::string& address() const { return address_; }

 private:
  TempFolder data_;
  std::unique_ptr<ShopBehindGateway> behind_;
  std::unique_ptr<Process> catalog_;
  std::string address_;
};

TEST_P(CatalogRestTest, Product) {
  const Json book = GetOk(kBook).json();
  EXPECT_EQ(book["productId"], "pojos-in-action");
  EXPECT_EQ(book["title"], "POJOs in Action");
  EXPECT_EQ(book["authors"], Json({"Chris Richardson"}));
  EXPECT_EQ(book["pageCount"], 592);
  EXPECT_EQ(book["category"], "ARCHITECTURE");
  EXPECT_EQ(book["createTime"], "2022-01-01T00:00:00Z");
  EXPECT_EQ(book["attributes"]["binding"], "paperback");
  EXPECT_FALSE(book.contains("product_id")) << "JSON names";
}

TEST_P(CatalogRestTest, AMissingProductIsNotFound) {
  const Answer answer = Get(address(), "/v1/products/nobody-wrote-this");
  EXPECT_EQ(answer.status, 404);
  const Json error = answer.json();
  EXPECT_EQ(error["code"], 5);
  EXPECT_EQ(error["details"][1]["@type"], "type.googleapis.com/google.rpc.ResourceInfo");
  EXPECT_EQ(error["details"][1]["resourceName"], "nobody-wrote-this") << "the service's own details, by their contract";
}

TEST_P(CatalogRestTest, ProductsAPageAtATime) {
  const Json first = GetOk("/v1/products?page_size=5").json();
  ASSERT_THAT(first["products"], SizeIs(5));
  const std::string token = first["nextPageToken"];
  const Json second = GetOk(absl::StrCat("/v1/products?pageSize=5&pageToken=", token)).json();
  ASSERT_THAT(second["products"], SizeIs(5));
  EXPECT_LT(first["products"][4]["productId"], second["products"][0]["productId"]);
}

TEST_P(CatalogRestTest, RepeatedQueryParametersAccumulate) {
  const Json found =
      GetOk("/v1/products:batchGet?product_ids=pojos-in-action&product_ids=none&productIds=corals-cycles-and-limits")
          .json();
  ASSERT_THAT(found["products"], SizeIs(2));
  EXPECT_EQ(found["products"][0]["productId"], "pojos-in-action");
  EXPECT_EQ(found["products"][1]["productId"], "corals-cycles-and-limits");
}

TEST_P(CatalogRestTest, ALiteralWithAVerbBeatsAVariable) {
  const Json found = GetOk("/v1/products:search?query=pojos").json();
  EXPECT_EQ(found["products"][0]["productId"], "pojos-in-action");
}

TEST_P(CatalogRestTest, PatchChangesOnlyWhatTheMaskNames) {
  const Json before = GetOk(kBook).json();
  const Answer patched = Patch(address(), absl::StrCat(kBook, "?update_mask=title"),
                               {{"title", "POJOs in Motion"}, {"publisher", "Not to be taken"}});
  ASSERT_EQ(patched.status, 200) << patched.body;
  Json wanted = before;
  wanted["title"] = "POJOs in Motion";
  wanted["updateTime"] = patched.json()["updateTime"];
  EXPECT_EQ(patched.json(), wanted);
  EXPECT_EQ(GetOk(kBook).json(), wanted);
}

TEST_P(CatalogRestTest, PatchWithoutAMaskChangesWhatTheBodyHas) {
  const Answer patched = Patch(address(), kBook, {{"pageCount", 600}, {"description", ""}});
  ASSERT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(patched.json()["pageCount"], 600);
  EXPECT_FALSE(patched.json().contains("description")) << "named by the body, and so cleared";
  EXPECT_EQ(patched.json()["title"], "POJOs in Action");
}

TEST_P(CatalogRestTest, CreateAndDelete) {
  const Json book = {{"productId", "a-new-one"}, {"title", "A New One"}, {"category", "FICTION"}};
  EXPECT_EQ(Post(address(), "/v1/products", book).status, 200);
  EXPECT_EQ(Post(address(), "/v1/products", book).status, 409);
  EXPECT_EQ(GetOk("/v1/products/a-new-one").json()["category"], "FICTION");
  const Answer deleted = Delete(address(), "/v1/products/a-new-one");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.body, "{}");
  EXPECT_EQ(Get(address(), "/v1/products/a-new-one").status, 404);
  EXPECT_EQ(Delete(address(), "/v1/products/a-new-one").status, 404);
}

TEST_P(CatalogRestTest, PrettyIsTheSameData) {
  const Answer pretty = GetOk(absl::StrCat(kBook, "?pretty"));
  EXPECT_EQ(pretty.json(), GetOk(kBook).json());
  EXPECT_THAT(pretty.body, testing::HasSubstr("\n  \"title\": \"POJOs in Action\""));
}

TEST_P(CatalogRestTest, BadInputIsToldAlike) {
  const struct {
    const char* method;
    const char* target;
    const char* body;
    int status;
    int code;
  } rows[] = {{"POST", "/v1/products", "{", 400, 3},
              {"POST", "/v1/products", R"({"pageCount":"many"})", 400, 3},
              {"POST", "/v1/products", R"({"colour":"red"})", 400, 3},
              {"GET", "/v1/products?page_size=-1", "", 400, 3},
              {"GET", "/v1/products/%zz", "", 400, 3},
              {"GET", "/v2/products", "", 404, 5},
              {"GET", "/v1/products/a%0Ab", "", 400, 3},
              {"PATCH", "/v1/products", "{}", 405, 12}};
  for (const auto& row : rows) {
    SCOPED_TRACE(absl::StrCat(row.method, " ", row.target, " ", row.body));
    const Answer answer = Send(address(), row.method, row.target, {{"Content-Type", "application/json"}}, row.body);
    EXPECT_EQ(answer.status, row.status);
    EXPECT_EQ(answer.json()["code"], row.code) << answer.body;
    EXPECT_FALSE(answer.json().value("message", "").empty());
  }
}

TEST_P(CatalogRestTest, HeadersThatAServerCouldActOn) {
  const Answer whole = GetOk(kBook);
  EXPECT_EQ(Get(address(), kBook, {{"Range", "bytes=0-9"}}).body, whole.body);
  const std::string large = R"({"title":")" + std::string(5 << 20, 'x') + "\"}";
  const Answer refused = Send(address(), "POST", "/v1/products", {{"Content-Type", "application/json"}}, large);
  EXPECT_EQ(refused.status, 413);
  EXPECT_EQ(refused.json()["code"], 8) << refused.body;
}

TEST(CatalogRestPortTest, ATakenPortIsAnError) {
  TempFolder data;
  TempFolder other_data;
  const auto command = [](const std::string& port, const TempFolder& folder) {
    return std::vector<std::string>{std::string(SHOP_BIN_DIR) + "/shop-catalog",
                                    "--listen",
                                    "127.0.0.1:0",
                                    "--rest",
                                    port,
                                    "--data",
                                    folder.path()};
  };
  Process first(command("0", data));
  const auto line = first.ErrorLine([](const std::string& each) { return absl::StrContains(each, "\"rest\":true"); });
  ASSERT_TRUE(line.has_value()) << first.Error();
  const std::string address = Json::parse(*line)["address"];
  const Finished second = RunToEnd(command(address.substr(address.find(':') + 1), other_data));
  EXPECT_GT(second.exit, 0);
  EXPECT_THAT(second.error, testing::HasSubstr("cannot listen on " + address));
}

INSTANTIATE_TEST_SUITE_P(Ways, CatalogRestTest, testing::Values(Way::kGateway, Way::kInProcess), [](const auto& info) {
  return std::string(info.param == Way::kGateway ? "Gateway" : "InProcess");
});

}  // namespace
}  // namespace portico::integration
