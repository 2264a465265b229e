// Must show 4: whatever a client sends, the answer is a 4xx that says what is wrong, and the gateway goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;

constexpr int kInvalidArgument = 3;
constexpr int kNotFound = 5;
constexpr int kResourceExhausted = 8;
constexpr int kUnimplemented = 12;

struct BadInput {
  std::string name;
  std::string request;  // bytes on the wire
  int status = 0;
  int code = 0;
  std::string field;        // of the first violation in the answer's BadRequest; empty: there need be none
  std::string header = "";  // "Name: value" that the answer has
};

std::string Head(const std::string& lines) {
  return absl::StrCat(lines, "\r\n");
}

std::string Sends(const std::string& verb, const std::string& target, const std::string& body,
                  const std::string& type = "application/json") {
  return RequestText(verb, target, {{"Content-Type", type}}, body);
}

constexpr char kReviews[] = "/v1/products/pojos-in-action/reviews";

// A review that would be right but for the members given.
std::string Review(const std::string& members) {
  return Sends("POST", kReviews, absl::StrCat("{", members, "}"));
}

std::string Order(const std::string& body) {
  return Sends("POST", "/v1/customers/1/orders", body);
}

std::string Product(const std::string& members) {
  return Sends("POST", "/v1/products", absl::StrCat("{\"title\": \"T\", ", members, "}"));
}

std::string Gets(const std::string& target) {
  return RequestText("GET", target);
}

std::vector<BadInput> Bodies() {
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  return {
      {"CutOff", Review("\"rating\": 5, \"title\": "), 400, kInvalidArgument, ""},
      {"TrailingComma", Review("\"rating\": 5,"), 400, kInvalidArgument, ""},
      {"NoQuotes", Review("rating: 5"), 400, kInvalidArgument, ""},
      {"SingleQuotes", Review("'rating': 5"), 400, kInvalidArgument, ""},
      {"Comment", Review("\"rating\": 5 /* best */"), 400, kInvalidArgument, ""},
      {"MoreBehindIt", Sends("POST", kReviews, "{\"rating\": 5} {}"), 400, kInvalidArgument, ""},
      {"OnlyBlanks", Sends("POST", kReviews, "   "), 400, kInvalidArgument, ""},
      {"Array", Sends("POST", kReviews, "[{\"rating\": 5}]"), 400, kInvalidArgument, "review"},
      {"Number", Sends("POST", kReviews, "5"), 400, kInvalidArgument, "review"},
      {"DuplicateMember", Review("\"rating\": 5, \"rating\": 4"), 400, kInvalidArgument, "review.rating"},
      {"TextForNumber", Review("\"rating\": \"five\""), 400, kInvalidArgument, "review.rating"},
      {"FractionForInteger", Review("\"rating\": 4.5"), 400, kInvalidArgument, "review.rating"},
      {"TooLargeForInt32", Review("\"rating\": 2147483648"), 400, kInvalidArgument, "review.rating"},
      {"FarTooLarge", Review("\"rating\": 1e400"), 400, kInvalidArgument, ""},
      {"BooleanForNumber", Review("\"rating\": true"), 400, kInvalidArgument, "review.rating"},
      {"ObjectForNumber", Review("\"rating\": {}"), 400, kInvalidArgument, "review.rating"},
      {"NumberForText", Review("\"rating\": 5, \"title\": 5"), 400, kInvalidArgument, "review.title"},
      {"NotANumberOfJson", Review("\"rating\": 05"), 400, kInvalidArgument, ""},
      {"Infinity", Review("\"rating\": Infinity"), 400, kInvalidArgument, ""},
      {"UnknownField", Review("\"rating\": 5, \"stars\": 5"), 400, kInvalidArgument, "review.stars"},
      {"UnknownFieldInAList", Order(R"({"lines": [{"productId": "a", "quantity": 1}, {"colour": 1}]})"), 400,
       kInvalidArgument, "order.lines[1].colour"},
      {"WrongTypeInAList", Order(R"({"lines": [{"productId": "a", "quantity": "many"}]})"), 400, kInvalidArgument,
       "order.lines[0].quantity"},
      {"ObjectForAList", Order(R"({"lines": {"productId": "a"}})"), 400, kInvalidArgument, "order.lines"},
      {"NullInAList", Order(R"({"lines": [null]})"), 400, kInvalidArgument, "order.lines[0]"},
      {"UnknownEnum", Product("\"category\": \"PLUMBING\""), 400, kInvalidArgument, "product.category"},
      {"WrongTypeForAnEnum", Product("\"category\": 1.5"), 400, kInvalidArgument, "product.category"},
      {"WrongTypeInAMap", Product(R"("attributes": {"binding": 1})"), 400, kInvalidArgument,
       "product.attributes[binding]"},
      {"ListForAMap", Product(R"("attributes": [])"), 400, kInvalidArgument, "product.attributes"},
      {"MalformedTimestamp", Product(R"("createTime": "yesterday")"), 400, kInvalidArgument, "product.create_time"},
      {"TimestampOutOfRange", Product(R"("createTime": "10000-01-01T00:00:00Z")"), 400, kInvalidArgument,
       "product.create_time"},
      {"InvalidUtf8", Review("\"rating\": 5, \"title\": \"\xff\xfe\""), 400, kInvalidArgument, ""},
      {"OverlongUtf8", Review("\"rating\": 5, \"title\": \"\xc0\xaf\""), 400, kInvalidArgument, ""},
      {"SurrogateInUtf8", Review("\"rating\": 5, \"title\": \"\xed\xa0\x80\""), 400, kInvalidArgument, ""},
      {"HalfASurrogatePair", Review(R"("rating": 5, "title": "\ud83d")"), 400, kInvalidArgument, ""},
      {"ControlCharacter", Review("\"rating\": 5, \"title\": \"a\nb\""), 400, kInvalidArgument, ""},
      {"InvalidUtf8InAName", Review("\"rating\": 5, \"\xff\": 1"), 400, kInvalidArgument, ""},
      {"TooDeep", Review("\"rating\": 5, \"x\": " + deep), 400, kInvalidArgument, ""},
      {"TooDeepOnly", Sends("POST", kReviews, deep), 400, kInvalidArgument, ""},
      {"BodyWhereNoneIsTaken", Sends("DELETE", "/v1/products/none", "{\"force\": true}"), 400, kInvalidArgument,
       "force"},
      {"WhatTheServiceRefuses", Review("\"rating\": 11"), 400, kInvalidArgument, "review.rating"},
      {"PlainText", Sends("POST", kReviews, "{\"rating\": 5}", "text/plain"), 415, kInvalidArgument, ""},
      {"AForm", Sends("POST", kReviews, "rating=5&stars=5", "application/x-www-form-urlencoded"), 400, kInvalidArgument,
       "review.stars"},
      {"JsonInTheGuiseOfAForm", Sends("POST", kReviews, "{\"rating\": 5}", "application/x-www-form-urlencoded"), 415,
       kInvalidArgument, ""},
      {"AFormWithoutItsEnd",
       Sends("POST", kReviews, "--b\r\nContent-Disposition: form-data; name=title\r\n\r\nx",
             "multipart/form-data; boundary=b"),
       400, kInvalidArgument, ""},
      {"AnotherCharset", Sends("POST", kReviews, "{\"rating\": 5}", "application/json; charset=iso-8859-1"), 415,
       kInvalidArgument, ""},
      {"TooLargeABody", Sends("POST", kReviews, std::string(70000, ' ')), 413, kResourceExhausted, ""},
      {"AnnouncedTooLarge", Head("POST /v1/products HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n"), 413,
       kResourceExhausted, ""},
      {"TooLargeInChunks",
       Head("POST /v1/products HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n") + "20000\r\n" +
           std::string(0x20000, ' ') + "\r\n0\r\n\r\n",
       413, kResourceExhausted, ""},
  };
}

std::vector<BadInput> Targets() {
  return {
      {"WrongMethod", RequestText("PUT", "/v1/products/x"), 405, kUnimplemented, "", "Allow: DELETE, GET, HEAD, PATCH"},
      {"WrongMethodOfAList", RequestText("DELETE", "/v1/products"), 405, kUnimplemented, "", "Allow: GET, HEAD, POST"},
      {"InventedMethod", RequestText("BREW", "/v1/products"), 405, kUnimplemented, "", "Allow: GET, HEAD, POST"},
      {"UnknownPath", Gets("/v1/nothing"), 404, kNotFound, ""},
      {"Root", Gets("/"), 404, kNotFound, ""},
      {"EmptySegment", Gets("/v1/products/"), 404, kNotFound, ""},
      {"DoubleSlash", Gets("/v1//products"), 404, kNotFound, ""},
      {"OneSegmentTooMany", Gets("/v1/products/a/b/c"), 404, kNotFound, ""},
      {"UnknownCustomVerb", Gets("/v1/products:burn"), 404, kNotFound, ""},
      {"InvalidUtf8InThePath", Gets("/v1/products/%FF%FE"), 400, kInvalidArgument, "product_id"},
      {"HalfAPercentSign", Gets("/v1/products/%4"), 400, kInvalidArgument, ""},
      {"PercentSignBeforeLetters", Gets("/v1/products/%zz"), 400, kInvalidArgument, ""},
      {"RawBytesInThePath", Gets("/v1/products/\xc3\xbc"), 400, kInvalidArgument, ""},
      {"UnknownParameter", Gets("/v1/products?colour=red"), 400, kInvalidArgument, "colour"},
      {"UnknownParameterOfInvalidUtf8", Gets("/v1/products?%FF=red"), 400, kInvalidArgument, ""},
      {"ParameterTwice", Gets("/v1/products?page_size=1&page_size=2"), 400, kInvalidArgument, "page_size"},
      {"ParameterTwiceUnderTwoNames", Gets("/v1/products?page_size=1&pageSize=2"), 400, kInvalidArgument, "page_size"},
      {"TextForANumber", Gets("/v1/products?page_size=many"), 400, kInvalidArgument, "page_size"},
      {"NothingForANumber", Gets("/v1/products?page_size="), 400, kInvalidArgument, "page_size"},
      {"TooLargeANumber", Gets("/v1/products?page_size=99999999999"), 400, kInvalidArgument, "page_size"},
      {"PartOfAScalar", Gets("/v1/products?page_size.x=1"), 400, kInvalidArgument, ""},
      {"WhatThePathHasAlready", Gets("/v1/products/x?product_id=y"), 400, kInvalidArgument, "product_id"},
      {"WhatTheBodyHasAlready", Sends("POST", absl::StrCat(kReviews, "?review.rating=3"), "{\"rating\": 5}"), 400,
       kInvalidArgument, "review.rating"},
      {"InvalidUtf8InTheQuery", Gets("/v1/products?page_token=%C3"), 400, kInvalidArgument, "page_token"},
      {"PercentSignInTheQuery", Gets("/v1/products?page_token=100%"), 400, kInvalidArgument, ""},
      {"UnknownFieldSelected", Gets("/v1/products/pojos-in-action?fields=colour"), 400, kInvalidArgument, ""},
      {"MaskOfAnUnknownField", Sends("PATCH", "/v1/products/pojos-in-action?update_mask=colour", "{}"), 400,
       kInvalidArgument, ""},
      {"InventedPageToken", Gets("/v1/products?page_token=abc"), 400, kInvalidArgument, "page_token"},
      {"MalformedTimeout", RequestText("GET", "/v1/products", {{"X-Request-Timeout", "soon"}}), 400, kInvalidArgument,
       ""},
      {"MalformedGrpcTimeout", RequestText("GET", "/v1/products", {{"Grpc-Timeout", "5"}}), 400, kInvalidArgument, ""},
  };
}

std::vector<BadInput> Messages() {
  const std::string get = "GET /v1/products/pojos-in-action HTTP/1.1\r\n";
  const std::string host = get + "Host: a\r\n";
  const std::string post = "POST /v1/products HTTP/1.1\r\nHost: a\r\n";
  const std::string chunked = Head(post + "Transfer-Encoding: chunked\r\n");
  std::string many = host;
  for (int i = 0; i < 60; ++i) absl::StrAppend(&many, "X-", i, ": 1\r\n");
  return {
      {"TooLargeAHeader", Head(host + "X-Large: " + std::string(20000, 'x') + "\r\n"), 431, kResourceExhausted, ""},
      {"EndlessHeader", host + "X-Endless: " + std::string(200000, 'x'), 431, kResourceExhausted, ""},
      {"TooLongATarget", Gets("/v1/" + std::string(20000, 'x')), 431, kResourceExhausted, ""},
      {"TooManyHeaders", Head(many), 431, kResourceExhausted, ""},
      {"NoHost", Head(get), 400, kInvalidArgument, ""},
      {"TwoHosts", Head(host + "Host: b\r\n"), 400, kInvalidArgument, ""},
      {"MalformedHost", Head(get + "Host: a b\r\n"), 400, kInvalidArgument, ""},
      {"TwoLengths", Head(post + "Content-Length: 2\r\nContent-Length: 3\r\n") + "{}", 400, kInvalidArgument, ""},
      {"TwoEqualLengths", Head(post + "Content-Length: 2\r\nContent-Length: 2\r\n") + "{}", 400, kInvalidArgument, ""},
      {"LengthList", Head(post + "Content-Length: 2, 2\r\n") + "{}", 400, kInvalidArgument, ""},
      {"NegativeLength", Head(post + "Content-Length: -2\r\n"), 400, kInvalidArgument, ""},
      {"SignedLength", Head(post + "Content-Length: +2\r\n") + "{}", 400, kInvalidArgument, ""},
      {"LengthAndChunks", Head(post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400,
       kInvalidArgument, ""},
      {"UnknownCoding", Head(post + "Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n", 400, kInvalidArgument, ""},
      {"CodingAfterChunked", Head(post + "Transfer-Encoding: chunked, identity\r\n") + "0\r\n\r\n", 400,
       kInvalidArgument, ""},
      {"ChunksTwice", Head(post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400,
       kInvalidArgument, ""},
      {"ChunksOnOldHttp", Head("POST /v1/products HTTP/1.0\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400,
       kInvalidArgument, ""},
      {"ChunkSizeOfLetters", chunked + "zz\r\n{}\r\n0\r\n\r\n", 400, kInvalidArgument, ""},
      {"NegativeChunkSize", chunked + "-2\r\n{}\r\n0\r\n\r\n", 400, kInvalidArgument, ""},
      {"HugeChunkSize", chunked + "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n", 400, kInvalidArgument, ""},
      {"ChunkLongerThanSaid", chunked + "2\r\n{}{}\r\n0\r\n\r\n", 400, kInvalidArgument, ""},
      {"FoldedLine", Head(host + "X-Folded: a\r\n b\r\n"), 400, kInvalidArgument, ""},
      {"BlankBeforeColon", Head(host + "X-Blank : a\r\n"), 400, kInvalidArgument, ""},
      {"NoColon", Head(host + "X-Nothing\r\n"), 400, kInvalidArgument, ""},
      {"NulInAHeader", Head(host + std::string("X-Nul: a\0b\r\n", 12)), 400, kInvalidArgument, ""},
      {"NoTarget", "GET\r\n\r\n", 400, kInvalidArgument, ""},
      {"NoVersion", "GET /\r\n\r\n", 400, kInvalidArgument, ""},
      {"TwoTargets", "GET /a /b HTTP/1.1\r\nHost: a\r\n\r\n", 400, kInvalidArgument, ""},
      {"AnotherProtocol", "GET / HTTQ/1.1\r\nHost: a\r\n\r\n", 400, kInvalidArgument, ""},
      {"AnotherVersion", "GET / HTTP/1.9\r\nHost: a\r\n\r\n", 505, kInvalidArgument, ""},
      {"NoPath", "GET products HTTP/1.1\r\nHost: a\r\n\r\n", 400, kInvalidArgument, ""},
      {"Fragment", "GET /v1/products#top HTTP/1.1\r\nHost: a\r\n\r\n", 400, kInvalidArgument, ""},
      {"Tls", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15), 400, kInvalidArgument, ""},
      {"UnknownExpectation", Head(post + "Content-Length: 2\r\nExpect: miracles\r\n") + "{}", 417, kInvalidArgument,
       ""},
  };
}

// All cases against one gateway, which must survive each.
class BadInputTest : public testing::TestWithParam<BadInput> {
 protected:
  static void SetUpTestSuite() {
    behind_ =
        std::make_unique<ShopBehindGateway>("    limits: { header_bytes: 16384, headers: 50, body_bytes: 65536 }\n");
  }
  static void TearDownTestSuite() {
    // A crash would have been hidden by nothing, but a fault of memory may show only at the end.
    behind_->gateway->process().Signal(SIGTERM);
    EXPECT_EQ(behind_->gateway->process().Wait(), 0) << behind_->gateway->process().Error();
    behind_ = nullptr;
  }

  static void ExpectAlive() {
    const Answer good = Get(behind_->address(), "/v1/products/pojos-in-action");
    ASSERT_EQ(good.status, 200) << good.body;
    ASSERT_EQ(good.json()["title"], "POJOs in Action");
  }

  static std::unique_ptr<ShopBehindGateway> behind_;
};

std::unique_ptr<ShopBehindGateway> BadInputTest::behind_;

TEST_P(BadInputTest, IsRefusedAndExplained) {
  const BadInput& bad = GetParam();
  Connection connection(behind_->address());
  ASSERT_TRUE(connection.connected());
  connection.Send(bad.request);  // it may be refused before all is taken
  const std::optional<Answer> answer = connection.Receive();
  ASSERT_TRUE(answer.has_value()) << "no whole answer: " << connection.received();
  EXPECT_EQ(answer->status, bad.status) << answer->body;
  EXPECT_EQ(answer->Header("Content-Type"), "application/json");
  const Json error = answer->json();
  ASSERT_TRUE(error.is_object()) << answer->body;
  EXPECT_EQ(error["code"], bad.code) << answer->body;
  EXPECT_FALSE(error.value("message", "").empty());
  if (!bad.field.empty()) {
    std::vector<std::string> fields;
    for (const Json& detail : error.value("details", Json::array())) {
      for (const Json& violation : detail.value("fieldViolations", Json::array())) {
        fields.push_back(violation.value("field", ""));
        EXPECT_FALSE(violation.value("description", "").empty());
      }
    }
    EXPECT_THAT(fields, testing::Contains(bad.field)) << answer->body;
  }
  if (!bad.header.empty()) {
    const size_t colon = bad.header.find(": ");
    EXPECT_EQ(answer->Header(bad.header.substr(0, colon)), bad.header.substr(colon + 2));
  }
  // A connection either ends with such an answer, or is as good as before.
  if (absl::EqualsIgnoreCase(answer->Header("Connection"), "close")) {
    EXPECT_TRUE(connection.Ends()) << connection.received();
  } else {
    ASSERT_TRUE(connection.Send(Gets("/v1/products/pojos-in-action")));
    const std::optional<Answer> good = connection.Receive();
    ASSERT_TRUE(good.has_value());
    EXPECT_EQ(good->status, 200) << good->body;
  }
  ExpectAlive();
}

const auto kName = [](const testing::TestParamInfo<BadInput>& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Body, BadInputTest, testing::ValuesIn(Bodies()), kName);
INSTANTIATE_TEST_SUITE_P(Target, BadInputTest, testing::ValuesIn(Targets()), kName);
INSTANTIATE_TEST_SUITE_P(Message, BadInputTest, testing::ValuesIn(Messages()), kName);

// Requests with a few bytes changed at random, the same ones in every run: whatever is said to them, it is no fault of
// the gateway, and it survives.
using MutationTest = BadInputTest;
TEST_F(MutationTest, IsNeverAFaultOfTheGateway) {
  const std::vector<std::string> whole = {
      Gets("/v1/products/pojos-in-action?fields=title"),
      Gets("/v1/products?page_size=2"),
      Gets("/v1/products/pojos-in-action/page?customer_id=1&fields=product.title"),
      Review(R"("rating": 11, "title": "caf\u00e9", "createTime": "2024-01-01T00:00:00Z")"),
      Product(R"("category": "FICTION", "attributes": {"a": "b"}, "title": "again: refused")"),
      Head("POST /v1/products HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n") + "2\r\n{}\r\n0\r\n\r\n"};
  std::mt19937 dice(20240229);
  const auto below = [&dice](size_t bound) { return static_cast<size_t>(dice()) % bound; };
  int answered = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string request = whole[below(whole.size())];
    for (size_t changes = 1 + below(3); changes > 0; --changes) {
      const size_t at = below(request.size());
      switch (below(4)) {
        case 0:
          request[at] = static_cast<char>(below(256));
          break;
        case 1:
          request[at] = static_cast<char>(request[at] ^ (1 << below(8)));
          break;
        case 2:
          request.erase(at, 1 + below(8));
          break;
        default:
          request.insert(at, request.substr(below(request.size()), below(16)));
      }
      if (request.empty()) request = "\r\n";
    }
    Connection connection(behind_->address());
    ASSERT_TRUE(connection.connected()) << "after request " << i;
    connection.Send(request);
    // What is incomplete by now is waited for, rightly; it ends here.
    if (!connection.Stirs(std::chrono::milliseconds(10))) continue;
    const std::optional<Answer> answer = connection.Receive(absl::StartsWith(request, "HEAD "));
    if (!answer.has_value()) continue;
    ++answered;
    ASSERT_TRUE(answer->status < 500 || answer->status == 505) << request << "\n" << answer->body;
  }
  EXPECT_GT(answered, 1000);
  ExpectAlive();
}

}  // namespace
}  // namespace portico::integration
