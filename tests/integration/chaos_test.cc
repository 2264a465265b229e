// Must show 5: services die and come back under load, and nobody gets a wrong answer; the gateway is told to stop under
// load, and finishes what it has begun.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iostream>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int kConnections = 64;
constexpr int kRequests = 10000;
constexpr int kDeaths = 12;

// The parts of the demo's page: name in `omitted`, field of the JSON, and field within every element of that one.
struct Part {
  const char* name;
  const char* field;
  const char* inner;
};
constexpr Part kParts[] = {{"price", "price", nullptr},
                           {"offers", "offers", nullptr},
                           {"reviews", "reviews", nullptr},
                           {"review_summary", "reviewSummary", nullptr},
                           {"purchases", "purchases", nullptr},
                           {"availability", "availability", nullptr},
                           {"sellers", "sellers", nullptr},
                           {"bought_together", "boughtTogether", nullptr},
                           {"also_bought", "alsoBought", nullptr},
                           {"bought_together.product", "boughtTogether", "product"},
                           {"bought_together.price", "boughtTogether", "price"},
                           {"also_bought.product", "alsoBought", "product"},
                           {"also_bought.price", "alsoBought", "price"}};

// What a target answers when all is well, and what came of asking in worse times.
struct Target {
  std::string path;
  bool page = false;
  Json whole = nullptr;
};

// Why an answer is wrong; empty when it is not.
std::string Fault(const Target& target, const Answer& answer) {
  if (answer.status == 503 || answer.status == 504) {
    const Json error = answer.json();
    if (!error.is_object() || error.value("message", "").empty()) return "an error without a message";
    if (error.value("code", 0) != (answer.status == 503 ? 14 : 4)) return "an error of another code";
    if (absl::StrContains(answer.body, "127.0.0.1")) return "an error that names an address";
    return "";
  }
  if (answer.status != 200) return "a status that nobody expects";
  // As JSON, since a service that has come back may write a map in another order.
  Json page = answer.json();
  if (page == target.whole) return answer.Header("Portico-Omitted").empty() ? "" : "nothing is omitted";
  if (!target.page || !page.is_object() || !page.contains("omitted")) return "another content";
  std::set<std::string> omitted;
  std::string header;
  for (const Json& part : page["omitted"]) {
    const std::string reason = part.value("reason", "");
    if (reason != "unavailable" && reason != "deadline") return "a part omitted for another reason";
    omitted.insert(part.value("part", ""));
    absl::StrAppend(&header, header.empty() ? "" : ", ", part.value("part", ""), ";reason=", reason);
  }
  if (answer.Header("Portico-Omitted") != header) return "header and body disagree about what is omitted";
  Json wanted = target.whole;
  for (const Part& part : kParts) {
    // Not one that would not have been there either way: skipped is not omitted.
    if (!wanted.contains(part.field) || omitted.erase(part.name) == 0) continue;
    if (part.inner == nullptr) {
      wanted.erase(part.field);
    } else {
      for (Json& element : wanted[part.field]) element.erase(part.inner);
    }
  }
  if (!omitted.empty()) return "an omitted part that there is not";
  page.erase("omitted");
  return page == wanted ? "" : "a page with another content";
}

// What the clients have seen.
struct Tally {
  std::atomic<int> requests{0};
  std::atomic<int> whole{0};
  std::atomic<int> partial{0};
  std::atomic<int> unavailable{0};
  std::atomic<int> deadline{0};
  std::mutex mutex;
  std::vector<std::string> faults;

  void Add(const Target& target, const Answer& answer) {
    ++requests;
    if (answer.status == 503) ++unavailable;
    if (answer.status == 504) ++deadline;
    if (answer.status == 200) ++(answer.Header("Portico-Omitted").empty() ? whole : partial);
    const std::string fault = Fault(target, answer);
    if (!fault.empty()) AddFault(absl::StrCat(target.path, ": ", fault, ": ", answer.status, " ", answer.body));
  }
  void AddFault(const std::string& fault) {
    const std::lock_guard<std::mutex> lock(mutex);
    faults.push_back(fault);
  }
};

class ChaosTest : public testing::Test {
 protected:
  void Learn(const std::string& address) {
    const Json products = Get(address, "/v1/products?page_size=20").json()["products"];
    for (const Json& product : products) {
      targets_.push_back({absl::StrCat("/v1/products/", product["productId"].get<std::string>())});
    }
    for (const char* page : {"/v1/products/pojos-in-action/page?customer_id=1", "/v1/products/pojos-in-action/page"}) {
      for (int i = 0; i < 10; ++i) targets_.push_back({page, true});
    }
    for (Target& target : targets_) {
      const Answer answer = Get(address, target.path);
      ASSERT_EQ(answer.status, 200);
      ASSERT_EQ(answer.Header("Portico-Omitted"), "");
      target.whole = answer.json();
    }
    ASSERT_EQ(targets_.size(), 40u);
  }

  std::vector<Target> targets_;
};

TEST_F(ChaosTest, OnlyCorrectAnswersWhileServicesDieAndComeBack) {
  ShopBehindGateway behind;
  Learn(behind.address());
  if (HasFatalFailure()) return;
  Tally tally;
  std::atomic<int> deaths{0};
  std::atomic<bool> overdue{false};
  std::atomic<int> running{kConnections};
  std::vector<std::thread> clients;
  for (int i = 0; i < kConnections; ++i) {
    clients.emplace_back([&, i] {
      Connection connection(behind.address());
      size_t at = static_cast<size_t>(i);
      while (!overdue && (tally.requests < kRequests || deaths < kDeaths)) {
        const Target& target = targets_[at++ % targets_.size()];
        std::optional<Answer> answer;
        if (connection.Send(RequestText("GET", target.path))) answer = connection.Receive();
        if (!answer.has_value()) {
          tally.AddFault(absl::StrCat(target.path, ": no whole answer: ", connection.received()));
          break;
        }
        tally.Add(target, *answer);
        // A refusal takes a fraction of an answer's time: whoever asked again at once would count little else.
        if (answer->status == 503) std::this_thread::sleep_for(milliseconds(5));
      }
      --running;
    });
  }

  // One service after the other dies, stays away for a while and comes back where it was.
  const auto begin = Clock::now();
  const std::vector<std::string> services = {"catalog", "reviews", "pricing", "orders"};
  while (running > 0) {
    const std::string& service = services[static_cast<size_t>(deaths) % services.size()];
    behind.shop.Kill(service);
    std::this_thread::sleep_for(milliseconds(100));
    behind.shop.Start(service);
    std::this_thread::sleep_for(milliseconds(200));
    ++deaths;
    if (Clock::now() - begin > std::chrono::seconds(45)) overdue = true;
  }
  for (std::thread& client : clients) client.join();

  const auto taken = std::chrono::duration_cast<milliseconds>(Clock::now() - begin).count();
  const std::string summary =
      absl::StrCat(tally.requests.load(), " requests, ", deaths.load(), " deaths, ", taken, " ms: ", tally.whole.load(),
                   " whole, ", tally.partial.load(), " partial, ", tally.unavailable.load(), " unavailable, ",
                   tally.deadline.load(), " deadline exceeded");
  std::cout << summary << std::endl;
  EXPECT_FALSE(overdue) << summary;
  EXPECT_GE(tally.requests, kRequests);
  EXPECT_GE(deaths, kDeaths);
  EXPECT_GT(tally.whole, tally.requests / 4) << summary;
  EXPECT_GT(tally.partial + tally.unavailable, 0) << "else nothing was shown: " << summary;
  for (size_t i = 0; i < std::min<size_t>(tally.faults.size(), 10); ++i) ADD_FAILURE() << tally.faults[i];
  EXPECT_EQ(tally.faults.size(), 0u);

  // And all is as before.
  for (const Target& target : targets_) {
    const Answer answer = GetUntil(behind.address(), target.path, [&](const Answer& each) {
      return each.status == 200 && each.Header("Portico-Omitted").empty();
    });
    EXPECT_EQ(answer.json(), target.whole);
  }
}

TEST_F(ChaosTest, SigtermUnderLoadCutsNothingThatWasBegun) {
  // Slow services, so that there always is something begun.
  ShopBehindGateway behind("", "30ms");
  Learn(behind.address());
  if (HasFatalFailure()) return;
  Tally tally;
  std::atomic<int64_t> told{std::numeric_limits<int64_t>::max()};
  const auto now = [] { return Clock::now().time_since_epoch().count(); };
  std::atomic<int> begun_before{0};
  std::atomic<int> refused_after{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < kConnections; ++i) {
    clients.emplace_back([&, i] {
      Connection connection(behind.address());
      size_t at = static_cast<size_t>(i);
      const auto give_up = Clock::now() + kPatience;
      while (Clock::now() < give_up) {
        // Half of the clients make a connection for each request.
        if (i % 2 == 1) connection = Connection(behind.address());
        const Target& target = targets_[at++ % targets_.size()];
        const bool sent = connection.connected() && connection.Send(RequestText("GET", target.path));
        const bool before = sent && now() < told;
        const std::optional<Answer> answer = sent ? connection.Receive() : std::nullopt;
        if (!answer.has_value()) {
          // After the signal a connection may be refused or closed, but no answer may be cut in the middle.
          if (before)
            tally.AddFault(
                absl::StrCat(target.path, ": sent before the signal, and no whole answer: ", connection.received()));
          if (!connection.received().empty())
            tally.AddFault(absl::StrCat(target.path, ": cut: ", connection.received()));
          ++refused_after;
          return;
        }
        if (before) ++begun_before;
        tally.Add(target, *answer);
        // A refusal takes a fraction of an answer's time: whoever asked again at once would count little else.
        if (answer->status == 503) std::this_thread::sleep_for(milliseconds(5));
        if (absl::EqualsIgnoreCase(answer->Header("Connection"), "close") && i % 2 == 0) {
          if (now() < told) tally.AddFault("a connection that ends without need");
          connection = Connection(behind.address());
        }
      }
      tally.AddFault("the gateway has not stopped");
    });
  }
  const auto patience = Clock::now() + std::chrono::seconds(60);
  while (tally.requests < 2000 && Clock::now() < patience) std::this_thread::sleep_for(milliseconds(1));
  told = now();
  const auto signalled = Clock::now();
  behind.gateway->process().Signal(SIGTERM);
  const std::optional<int> exit = behind.gateway->process().Wait();
  const auto taken = std::chrono::duration_cast<milliseconds>(Clock::now() - signalled).count();
  for (std::thread& client : clients) client.join();
  std::cout << tally.requests << " requests, " << begun_before << " begun before the signal, stopped after " << taken
            << " ms" << std::endl;
  EXPECT_EQ(exit, 0) << behind.gateway->process().Error();
  EXPECT_EQ(refused_after, kConnections) << "each client ends that way";
  EXPECT_EQ(tally.unavailable + tally.deadline + tally.partial, 0) << "services were well all the time";
  for (size_t i = 0; i < std::min<size_t>(tally.faults.size(), 10); ++i) ADD_FAILURE() << tally.faults[i];
  EXPECT_LT(taken, 10000);
  EXPECT_TRUE(absl::StrContains(behind.gateway->process().Error(), "\"event\":\"stopped\""));
}

TEST_F(ChaosTest, ASlowRequestIsFinishedAfterSigterm) {
  ShopBehindGateway behind("", "1500ms");
  Connection connection(behind.address());
  ASSERT_TRUE(connection.Send(RequestText("GET", "/v1/products/pojos-in-action")));
  GetUntil(behind.gateway->admin(), "/metrics", [](const Answer& answer) {
    return absl::StrContains(answer.body, "portico_requests_in_flight{frontend=\"web\"} 1");
  });
  behind.gateway->process().Signal(SIGTERM);
  // While it drains it says so, and takes nobody in.
  GetUntil(behind.gateway->admin(), "/readyz", [](const Answer& answer) { return answer.status == 503; });
  const std::optional<Answer> answer = connection.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->json()["title"], "POJOs in Action");
  EXPECT_EQ(answer->Header("Connection"), "close");
  EXPECT_TRUE(connection.Ends());
  EXPECT_EQ(behind.gateway->process().Wait(), 0);
  EXPECT_TRUE(absl::StrContains(behind.gateway->process().Out(), "\"status\":200")) << "logged before the end";
}

}  // namespace
}  // namespace portico::integration
