// The order-details query of the FTGO example of the microservices literature: an order, which must be there, and its
// ticket, delivery and bill, each of a service of its own, which may not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/faults/behind.h"

namespace portico::faults {
namespace {

using integration::Answer;
using integration::Get;
using integration::Headers;
using integration::Json;
using std::chrono::seconds;
using testing::Each;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;
using Clock = std::chrono::steady_clock;

constexpr char kOrder[] = "/orders/99";
constexpr char kGetOrder[] = "ftgo.orders.v1.OrderService/GetOrder";
// By name.
constexpr struct {
  const char* name;
  const char* method;
  const char* field;
} kOptional[] = {{"bill", "ftgo.accounting.v1.AccountingService/GetBill", "payment"},
                 {"delivery", "ftgo.delivery.v1.DeliveryService/GetDelivery", "courier"},
                 {"ticket", "ftgo.kitchen.v1.KitchenService/GetTicket", "status"}};

class OrderDetailsTest : public testing::Test {
 protected:
  OrderDetailsTest()
      : behind_({{"orders", "ftgo.orders.v1.OrderService"},
                 {"kitchen", "ftgo.kitchen.v1.KitchenService"},
                 {"delivery", "ftgo.delivery.v1.DeliveryService"},
                 {"accounting", "ftgo.accounting.v1.AccountingService"},
                 {"*", "*"}}) {}

  Answer Ask(const std::string& faults, Headers headers = {}) {
    if (!faults.empty()) headers.emplace_back("Grpc-Metadata-Fake-Faults", faults);
    return Get(behind_.address(), kOrder, headers);
  }

  Behind behind_;
};

TEST_F(OrderDetailsTest, IsWholeWhenAllIsWell) {
  const Answer answer = Ask("");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(OmittedIn(answer), IsEmpty());
  EXPECT_EQ(answer.json(), Json::parse(R"({"order": {"orderId": "99", "state": "some state"},
      "ticket": {"orderId": "99", "status": "some status"}, "delivery": {"orderId": "99", "courier": "some courier"},
      "bill": {"orderId": "99", "payment": "some payment"}})"));
}

// Each service answers only when it has been called as well as the three others: were one call made after another's
// answer, no answer would ever come.
TEST_F(OrderDetailsTest, AllFourCallsAreUnderWayAtOnce) {
  const Answer answer = Ask("", {{"Grpc-Metadata-Fake-Together", "4"}, {"X-Request-Id", "together"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(OmittedIn(answer), IsEmpty());
  EXPECT_THAT(behind_.services().TakeCalls(),
              UnorderedElementsAre(Pair(kGetOrder, 1), Pair(kOptional[0].method, 1), Pair(kOptional[1].method, 1),
                                   Pair(kOptional[2].method, 1)));
}

// Every optional part well, failing, hanging or empty: 64 combinations, and so every subset of each kind.
TEST_F(OrderDetailsTest, EverySubsetOfTheOptionalPartsMayFailHangOrBeEmpty) {
  constexpr int kCombinations = 64;
  struct Outcome {
    std::vector<std::string> faults;  // by part; "" is none
    Answer answer;
    Clock::duration taken{};
  };
  std::vector<Outcome> outcomes(kCombinations);
  std::atomic<int> next{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([&] {
      for (int i; (i = next++) < kCombinations;) {
        Outcome& outcome = outcomes[static_cast<size_t>(i)];
        std::string command;
        for (int part = 0; part < 3; ++part) {
          constexpr const char* kFaults[] = {"", "fail", "late", "empty"};
          outcome.faults.push_back(kFaults[(i >> (2 * part)) & 3]);
          if (!outcome.faults.back().empty()) {
            absl::StrAppend(&command, kOptional[part].method, "=", outcome.faults.back(), ";");
          }
        }
        const auto begin = Clock::now();
        outcome.answer = Ask(command);
        outcome.taken = Clock::now() - begin;
      }
    });
  }
  for (std::thread& client : clients) client.join();

  for (const Outcome& outcome : outcomes) {
    SCOPED_TRACE(absl::StrJoin(outcome.faults, ", "));
    const Answer& answer = outcome.answer;
    ASSERT_EQ(answer.status, 200) << answer.body;
    const Json page = answer.json();
    EXPECT_EQ(page["order"]["orderId"], "99");
    std::vector<std::string> header;
    for (size_t part = 0; part < 3; ++part) {
      const std::string& fault = outcome.faults[part];
      const bool lost = fault == "fail" || fault == "late";
      EXPECT_EQ(page.contains(kOptional[part].name), !lost) << kOptional[part].name;
      if (lost) {
        header.push_back(absl::StrCat(kOptional[part].name, ";reason=", fault == "fail" ? "unavailable" : "deadline"));
      } else {
        // An empty answer is an answer: the part is there, and has nothing in it.
        EXPECT_EQ(page[kOptional[part].name].contains(kOptional[part].field), fault.empty());
      }
    }
    EXPECT_THAT(OmittedIn(answer), ElementsAreArray(header));
    std::vector<std::string> body;
    for (const Json& omitted : page.value("omitted", Json::array())) {
      body.push_back(
          absl::StrCat(omitted["part"].get<std::string>(), ";reason=", omitted["reason"].get<std::string>()));
    }
    std::sort(body.begin(), body.end());
    EXPECT_EQ(body, header);
    // A part may take 1.5 s, the page 6 s.
    EXPECT_LT(outcome.taken, seconds(20));
  }
}

TEST_F(OrderDetailsTest, AnUnknownOrderIsNotFound) {
  const Answer answer = Ask(absl::StrCat(kGetOrder, "=5"));
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.json()["code"], 5);
  EXPECT_FALSE(answer.json().contains("ticket"));
}

TEST_F(OrderDetailsTest, AFailingOrderIsAFailingPage) {
  const struct {
    const char* fault;
    int status;
  } cases[] = {{"fail", 503}, {"13", 500}, {"2", 500}, {"15", 500}, {"malformed", 502}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.fault);
    // That the others never answer delays nothing: they are given up at once.
    std::string faults = absl::StrCat(kGetOrder, "=", c.fault);
    for (const auto& part : kOptional) absl::StrAppend(&faults, ";", part.method, "=late");
    const Answer answer = Ask(faults);
    EXPECT_EQ(answer.status, c.status) << answer.body;
  }
}

TEST_F(OrderDetailsTest, AHangingOrderEndsWithTheDeadline) {
  const auto begin = Clock::now();
  const Answer answer = Ask(absl::StrCat(kGetOrder, "=late"), {{"X-Request-Timeout", "700ms"}});
  EXPECT_EQ(answer.status, 504) << answer.body;
  EXPECT_LT(Clock::now() - begin, seconds(15));
}

TEST_F(OrderDetailsTest, TheClientsDeadlineHoldsForOptionalPartsToo) {
  std::string faults;
  for (const auto& part : kOptional) absl::StrAppend(&faults, part.method, "=late;");
  const auto begin = Clock::now();
  const Answer answer = Ask(faults, {{"X-Request-Timeout", "1200ms"}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(OmittedIn(answer),
              ElementsAre("bill;reason=deadline", "delivery;reason=deadline", "ticket;reason=deadline"));
  EXPECT_LT(Clock::now() - begin, seconds(15));
}

}  // namespace
}  // namespace portico::faults
