// Must shows 2 to 5 of live contracts: services appear, by their .proto or by reflection alone, break, mend and are cut
// apart while clients go on asking and notice nothing; a thousand reloads cost no memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <sstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using Clock = std::chrono::steady_clock;

constexpr char kProtos[] = PORTICO_SOURCE_DIR "/proto";
constexpr char kLiveProtos[] = PORTICO_SOURCE_DIR "/tests/integration/protos";
constexpr char kGiftsFile[] = "protos/shop/gifts/v1/gifts.proto";
constexpr char kWrapping[] = "/v1/products/pojos-in-action/wrapping";
constexpr char kCard[] = "/v1/products/pojos-in-action/card";

#if defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// What the issue promises.
constexpr milliseconds kSoon(2000);

milliseconds Since(Clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - begin);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(file.good() && !text.str().empty()) << path;
  return text.str();
}

std::string Replaced(const std::string& text, const std::string& what, const std::string& by) {
  EXPECT_THAT(text, HasSubstr(what));
  return absl::StrReplaceAll(text, {{what, by}});
}

bool IsOk(const Answer& answer) {
  return answer.status == 200;
}

// Clients that keep asking, each on one connection, and know every byte of what they must get.
class Traffic {
 public:
  Traffic(const std::string& address, const std::vector<std::string>& paths, int clients) {
    for (const std::string& path : paths) {
      const Answer answer = Get(address, path);
      EXPECT_EQ(answer.status, 200) << path << ": " << answer.body;
      expected_.emplace_back(path, answer.body);
    }
    for (int i = 0; i < clients; ++i) {
      clients_.emplace_back([this, address, at = static_cast<size_t>(i)] { Run(address, at); });
    }
  }
  ~Traffic() { Stop(); }
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  int requests() const { return requests_; }

  // Waits until so many more requests have been answered.
  void Await(int more) {
    const int wanted = requests_ + more;
    std::unique_lock<std::mutex> lock(mutex_);
    const bool came = changed_.wait_for(lock, kPatience, [&] { return requests_ >= wanted || !faults_.empty(); });
    EXPECT_TRUE(came) << "the traffic has stalled";
  }

  // Ends, and tells what was wrong.
  void Stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& client : clients_) client.join();
    EXPECT_EQ(faults_.size(), 0u);
    for (size_t i = 0; i < std::min<size_t>(faults_.size(), 5); ++i) ADD_FAILURE() << faults_[i];
  }

 private:
  void Run(const std::string& address, size_t at) {
    Connection connection(address);
    while (true) {
      const auto& [path, body] = expected_[at++ % expected_.size()];
      std::optional<Answer> answer;
      if (connection.Send(RequestText("GET", path))) answer = connection.Receive();
      std::string fault;
      if (!answer.has_value()) {
        fault = absl::StrCat(path, ": no whole answer: ", connection.received());
        connection = Connection(address);
      } else if (answer->status != 200 || answer->body != body || !answer->Header("Portico-Omitted").empty()) {
        fault = absl::StrCat(path, ": ", answer->status, " ", answer->body, "\ninstead of ", body);
      }
      std::unique_lock<std::mutex> lock(mutex_);
      if (!fault.empty()) faults_.push_back(fault);
      ++requests_;
      changed_.notify_all();
      // The clients' pace: what is measured meanwhile must not wait for a processor.
      const auto next = Clock::now() + milliseconds(5);
      if (changed_.wait_until(lock, next, [this] { return stopping_; })) return;
    }
  }

  std::vector<std::pair<std::string, std::string>> expected_;
  std::atomic<int> requests_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::vector<std::string> faults_;
  std::vector<std::thread> clients_;
};

const std::vector<std::string>& ShopPaths() {
  static const auto& paths = *new std::vector<std::string>{
      "/v1/products/pojos-in-action",         "/v1/products/pojos-in-action/page?customer_id=1",
      "/v1/products/pojos-in-action/reviews", "/v1/products/pojos-in-action/reviews:summary",
      "/v1/products/pojos-in-action/price",   "/v1/products?page_size=5"};
  return paths;
}

class LiveContractsTest : public testing::Test {
 protected:
  void StartGateway(const std::string& config) {
    config_ = folder_.Write("portico.yaml", config);
    gateway_ = std::make_unique<Gateway>(config_);
  }
  // The repository's contracts, or a folder of them, into a folder that the test may edit.
  void CopyProtos(const std::string& folder = "") {
    std::filesystem::create_directories(folder_.path() + "/protos");
    std::filesystem::copy(kProtos + folder, folder_.path() + "/protos" + folder,
                          std::filesystem::copy_options::recursive);
  }

  // The demo's arrangement: seven clusters by name, and one for whatever else comes.
  std::string Config(const std::string& more_contracts = "") const {
    return absl::StrCat("contracts:\n  - protos: protos\n", more_contracts, shop_.Clusters(),
                        "  default:\n    target: ", gifts_port_.address(), "\n    services: [\"*\"]\n", Frontend());
  }
  static std::string Frontend() {
    return "frontends:\n  - { name: web, listen: 127.0.0.1:0, expose: [\"shop.*\"] }\nadmin: { listen: 127.0.0.1:0 }\n";
  }

  // Starts the server of gifts, or of another address and version, and waits until it listens.
  std::unique_ptr<Process> StartGifts(const std::vector<std::string>& more = {}) const {
    return StartServer(gifts_port_.address(), more);
  }
  static std::unique_ptr<Process> StartServer(const std::string& address, const std::vector<std::string>& more) {
    std::vector<std::string> command = {GIFTS_SERVER, "--listen", address};
    command.insert(command.end(), more.begin(), more.end());
    auto server = std::make_unique<Process>(std::move(command));
    const auto listens = [](const std::string& line) { return absl::StrContains(line, "\"event\":\"listening\""); };
    EXPECT_TRUE(server->ErrorLine(listens).has_value()) << server->Error();
    return server;
  }

  const std::string& address() const { return gateway_->address(); }
  const std::string& admin() const { return gateway_->admin(); }
  Json Status() const { return Get(admin(), "/config").json(); }
  std::string GiftsProto() const { return ReadFile(absl::StrCat(kLiveProtos, "/shop/gifts/v1/gifts.proto")); }

  // Every worker answers so, within two seconds from `begin`.
  void ExpectSoon(const std::string& what, Clock::time_point begin, const std::string& target,
                  const std::function<bool(const Answer&)>& wanted) {
    GetUntil(address(), target, wanted, kOfAllWorkers);
    const milliseconds taken = Since(begin);
    std::cout << what << ": " << taken.count() << " ms" << std::endl;
    EXPECT_LE(taken, kSoon) << what;
  }

  TempFolder folder_;
  Shop shop_;
  ReservedPort gifts_port_;
  std::string config_;
  std::unique_ptr<Gateway> gateway_;
};

const Json& Wrapping() {
  static const Json& wrapping = *new Json{{"productId", "pojos-in-action"}, {"paper", "red"}};
  return wrapping;
}

TEST_F(LiveContractsTest, AProtoIsAddedBrokenAndMended) {
  CopyProtos();
  shop_.StartAll();
  StartGateway(Config());
  EXPECT_EQ(Get(address(), kWrapping).status, 404);
  Traffic traffic(address(), ShopPaths(), 3);
  traffic.Await(50);

  const std::string proto = GiftsProto();
  auto begin = Clock::now();
  folder_.Write(kGiftsFile, proto);
  std::unique_ptr<Process> gifts = StartGifts();
  ExpectSoon("a proto and its server are added", begin, kWrapping, IsOk);
  EXPECT_EQ(Get(address(), kWrapping).json(), Wrapping());
  Json status = Status();
  EXPECT_EQ(status["errors"], Json::array());
  EXPECT_EQ(status["failed"], 0);
  const int reloads = status["reloads"];
  EXPECT_GE(reloads, 1);

  // A type that there is not, in a place that the mistake must name.
  const std::string broken = Replaced(proto, "returns (Wrapping)", "returns (Rapping)");
  const size_t at = broken.find("Rapping");
  const auto line = 1 + std::count(broken.begin(), broken.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  const size_t column = at - broken.rfind('\n', at);
  begin = Clock::now();
  folder_.Write(kGiftsFile, broken);
  GetUntil(admin(), "/config", [](const Answer& answer) { return !answer.json()["errors"].empty(); });
  std::cout << "a mistake is told: " << Since(begin).count() << " ms" << std::endl;
  EXPECT_LE(Since(begin), kSoon);
  status = Status();
  EXPECT_EQ(status["reloads"], reloads);
  EXPECT_GE(status["failed"], 1);
  ASSERT_THAT(status["errors"], SizeIs(1)) << status;
  const Json mistake = status["errors"][0];
  const std::string file = mistake["file"];
  EXPECT_TRUE(absl::EndsWith(file, "shop/gifts/v1/gifts.proto")) << file;
  EXPECT_EQ(mistake["line"], line);
  EXPECT_EQ(mistake["column"], column);
  const std::string message = mistake["message"];
  EXPECT_THAT(message, HasSubstr("Rapping"));

  const Finished check = RunToEnd({PORTICO_BINARY, "check", config_});
  EXPECT_EQ(check.exit, 1);
  EXPECT_THAT(check.out + check.error, HasSubstr(absl::StrCat("shop/gifts/v1/gifts.proto:", line, ":", column, ": ")));
  const auto told = gateway_->process().ErrorLine(
      [](const std::string& text) { return absl::StrContains(text, "\"event\":\"reload_failed\""); });
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(Json::parse(*told, nullptr, false)["errors"], Json::array({mistake})) << *told;
  const std::string metrics = Get(admin(), "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr("portico_config_last_reload_successful 0\n"));
  const std::string quoted = absl::StrReplaceAll(message, {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
  EXPECT_THAT(metrics, HasSubstr(absl::StrCat("portico_config_error{file=\"", file, "\",line=\"", line, "\",column=\"",
                                              column, "\",message=\"", quoted, "\"} 1\n")));
  // The gifts are served as they were.
  for (int i = 0; i < kOfAllWorkers; ++i) EXPECT_EQ(Get(address(), kWrapping).json(), Wrapping());
  traffic.Await(50);

  // A second path shows that it is the mended file that is served.
  const std::string path = "get: \"/v1/products/{product_id}/wrapping\"";
  begin = Clock::now();
  folder_.Write(kGiftsFile,
                Replaced(proto, path, path + " additional_bindings { get: \"/v1/gifts/{product_id}/wrapping\" }"));
  ExpectSoon("the mistake is mended", begin, "/v1/gifts/pojos-in-action/wrapping", IsOk);
  EXPECT_EQ(Get(address(), kWrapping).json(), Wrapping());
  status = Status();
  EXPECT_EQ(status["errors"], Json::array());
  EXPECT_EQ(status["reloads"], reloads + 1);
  const std::string mended = Get(admin(), "/metrics").body;
  EXPECT_THAT(mended, HasSubstr("portico_config_last_reload_successful 1\n"));
  EXPECT_THAT(mended, Not(HasSubstr("portico_config_error{")));

  // And a file that is taken away takes its routes with it.
  begin = Clock::now();
  std::filesystem::remove(folder_.path() + "/" + kGiftsFile);
  ExpectSoon("the proto is removed", begin, kWrapping, [](const Answer& answer) { return answer.status == 404; });
  traffic.Stop();
  std::cout << traffic.requests() << " requests meanwhile" << std::endl;
}

TEST_F(LiveContractsTest, AServiceKnownByReflectionOnly) {
  CopyProtos();
  shop_.StartAll();
  StartGateway(Config("  - reflection: default\n"));
  EXPECT_EQ(Get(address(), kWrapping).status, 404) << "the server is down, and nobody knows of it";
  Traffic traffic(address(), ShopPaths(), 3);
  traffic.Await(50);

  std::unique_ptr<Process> gifts = StartGifts();
  ExpectSoon("a server is learned", Clock::now(), kWrapping, IsOk);
  EXPECT_EQ(Get(address(), kWrapping).json(), Wrapping());
  EXPECT_EQ(Get(address(), kCard).status, 404);

  gifts = nullptr;
  const auto unavailable = [](const Answer& answer) { return answer.status == 503; };
  ExpectSoon("its end is noticed", Clock::now(), kWrapping, unavailable);
  traffic.Await(50);

  gifts = StartGifts({"--cards"});
  const auto begin = Clock::now();
  ExpectSoon("another version is learned", begin, kCard, IsOk);
  ExpectSoon("its other service answers", begin, kWrapping, IsOk);
  EXPECT_EQ(Get(address(), kCard).json(), Json({{"text", "Enjoy pojos-in-action"}}));

  traffic.Stop();
  std::cout << traffic.requests() << " requests meanwhile" << std::endl;
  EXPECT_EQ(Status()["errors"], Json::array());
  EXPECT_EQ(Status()["failed"], 0) << gateway_->process().Error();
}

TEST_F(LiveContractsTest, NotASingleProtoOnTheGatewaysSide) {
  StartGateway(absl::StrCat("contracts:\n  - reflection: default\nclusters:\n  default:\n    target: ",
                            gifts_port_.address(), "\n    services: [\"*\"]\n", Frontend()));
  EXPECT_EQ(Get(address(), kWrapping).status, 404);
  const std::unique_ptr<Process> gifts = StartGifts();
  ExpectSoon("a server is learned", Clock::now(), kWrapping, IsOk);
  EXPECT_EQ(Get(address(), kWrapping).json(), Wrapping());
  EXPECT_EQ(Status()["failed"], 0) << gateway_->process().Error();
}

// So fast that whoever looks now and then does not see it away, and long before `refresh`.
TEST_F(LiveContractsTest, AServerThatRestartsAtOnceAsAnotherVersion) {
  StartGateway(
      absl::StrCat("contracts:\n  - { reflection: default, refresh: 60s }\nclusters:\n  default:\n    target: ",
                   gifts_port_.address(), "\n    services: [\"*\"]\n", Frontend()));
  std::unique_ptr<Process> gifts = StartGifts({"--cards"});
  ExpectSoon("a server is learned", Clock::now(), kCard, IsOk);
  // Clients go on asking, and so the connection is back at once.
  gifts = nullptr;
  gifts = StartGifts();
  ExpectSoon("another version after a fast restart", Clock::now(), kCard,
             [](const Answer& answer) { return answer.status == 404; });
  EXPECT_EQ(Get(address(), kWrapping).json(), Wrapping());
}

TEST_F(LiveContractsTest, ReviewsMoveAndAreCutInTwo) {
  CopyProtos();
  shop_.StartAll();
  StartGateway(Config());
  Traffic traffic(address(), ShopPaths(), 4);
  traffic.Await(100);

  // Reviews move to another instance with the same data; the first one goes.
  Shop elsewhere;
  elsewhere.Start("reviews");
  const std::string moved = Replaced(Config(), shop_.address("reviews"), elsewhere.address("reviews"));
  auto begin = Clock::now();
  folder_.Write("portico.yaml", moved);
  GetUntil(admin(), "/clusters",
           [&](const Answer& answer) { return absl::StrContains(answer.body, elsewhere.address("reviews")); });
  std::cout << "reviews have moved: " << Since(begin).count() << " ms" << std::endl;
  traffic.Await(100);  // each worker has gone over, and has answered what it had begun
  EXPECT_EQ(shop_.Stop("reviews"), 0);
  traffic.Await(100);

  // The summary becomes a service of its own, with another contract, another cluster and the same public path.
  const ReservedPort ratings_port;
  std::unique_ptr<Process> ratings =
      StartServer(ratings_port.address(), {"--ratings-of", elsewhere.address("reviews")});
  begin = Clock::now();
  folder_.Write("protos/shop/ratings/v1/ratings.proto",
                ReadFile(absl::StrCat(kLiveProtos, "/shop/ratings/v1/ratings.proto")));
  folder_.Write(
      "protos/shop/reviews/v1/reviews.proto",
      Replaced(ReadFile(absl::StrCat(kProtos, "/shop/reviews/v1/reviews.proto")),
               "    option (google.api.http) = { get: \"/v1/products/{product_id}/reviews:summary\" };\n", ""));
  const std::string web =
      Replaced(ReadFile(absl::StrCat(kProtos, "/shop/web/v1/web.proto")),
               "shop.reviews.v1.ReviewService/GetReviewSummary", "shop.ratings.v1.RatingService/GetReviewSummary");
  folder_.Write("protos/shop/web/v1/web.proto",
                Replaced(web, "import \"shop/reviews/v1/reviews.proto\";",
                         "import \"shop/ratings/v1/ratings.proto\";\nimport \"shop/reviews/v1/reviews.proto\";"));
  folder_.Write("portico.yaml", Replaced(moved, "clusters:\n",
                                         absl::StrCat("clusters:\n  ratings:\n    target: ", ratings_port.address(),
                                                      "\n    services: [shop.ratings.v1.RatingService]\n")));
  GetUntil(admin(), "/routes", [](const Answer& answer) {
    return absl::StrContains(answer.body, "shop.ratings.v1.RatingService/GetReviewSummary");
  });
  GetUntil(admin(), "/config", [](const Answer& answer) { return answer.json()["errors"].empty(); });
  GetUntil(admin(), "/clusters", [](const Answer& answer) { return absl::StrContains(answer.body, "\"ratings\""); });
  std::cout << "reviews are cut in two: " << Since(begin).count() << " ms" << std::endl;
  traffic.Await(200);
  traffic.Stop();
  std::cout << traffic.requests() << " requests meanwhile" << std::endl;

  // It is the new service that has answered.
  ratings = nullptr;
  const std::string summary = "/v1/products/pojos-in-action/reviews:summary";
  GetUntil(
      address(), summary, [](const Answer& answer) { return answer.status == 503; }, kOfAllWorkers);
  EXPECT_EQ(Get(address(), "/v1/products/pojos-in-action/page").Header("Portico-Omitted"),
            "review_summary;reason=unavailable");
  EXPECT_EQ(Get(address(), "/v1/products/pojos-in-action/reviews").status, 200);
}

// Bytes of a process that are in memory.
int64_t ResidentBytes(pid_t pid) {
  std::ifstream statm(absl::StrCat("/proc/", pid, "/statm"));
  int64_t all = 0;
  int64_t resident = 0;
  statm >> all >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// A proto with so many services, which have no server.
std::string Depots(int first, int count) {
  std::string proto = absl::StrCat(R"(syntax = "proto3";
package shop.depot)",
                                   first, R"(.v1;
import "google/api/annotations.proto";
message GetShelfRequest { string shelf_id = 1; }
message Shelf {
  string shelf_id = 1;
  repeated string products = 2;
  map<string, int32> counts = 3;
}
)");
  for (int i = first; i < first + count; ++i) {
    absl::StrAppend(&proto, absl::StrReplaceAll(R"(// A depot.
service DepotNNN {
  rpc GetShelf(GetShelfRequest) returns (Shelf) {
    option (google.api.http) = { get: "/v1/depotNNN/{shelf_id}" };
  }
  rpc PutShelf(Shelf) returns (Shelf) {
    option (google.api.http) = { put: "/v1/depotNNN/{shelf_id}" body: "*" };
  }
}
)",
                                                {{"NNN", absl::StrCat(i)}}));
  }
  return proto;
}

TEST_F(LiveContractsTest, AThousandReloadsOfThreeHundredServicesCostNoMemory) {
  constexpr int kServices = 300;
  constexpr int kServicesOfAFile = 10;
  // A sanitizer keeps freed memory for a while, and takes its time.
  constexpr int kReloads = kSanitized ? 100 : 1000;
  CopyProtos("/google");
  folder_.Write(kGiftsFile, GiftsProto());
  for (int i = 0; i < kServices; i += kServicesOfAFile) {
    folder_.Write(absl::StrCat("protos/shop/depot", i, "/v1/depot.proto"), Depots(i, kServicesOfAFile));
  }
  const std::unique_ptr<Process> gifts = StartGifts();
  StartGateway(absl::StrCat("contracts:\n  - protos: protos\nclusters:\n  default:\n    target: ",
                            gifts_port_.address(), "\n    services: [\"*\"]\n", Frontend()));
  EXPECT_THAT(Get(admin(), "/routes").json(), SizeIs(2 * kServices + 1));
  Traffic traffic(address(), {kWrapping}, 1);
  traffic.Await(10);

  const auto begin = Clock::now();
  int64_t after_ten = 0;
  for (int i = 1; i <= kReloads; ++i) {
    gateway_->process().Signal(SIGHUP);
    const Json status =
        GetUntil(admin(), "/config", [&](const Answer& answer) { return answer.json()["reloads"] >= i; }).json();
    ASSERT_EQ(status["failed"], 0) << status;
    ASSERT_EQ(status["reloads"], i) << "one signal, one reload";
    if (i == 10) after_ten = ResidentBytes(gateway_->process().pid());
    if (i == 10 || i == 100 || i == 300 || i == kReloads) {
      std::cout << i << " reloads: " << ResidentBytes(gateway_->process().pid()) / 1024 << " KiB, "
                << Since(begin).count() << " ms" << std::endl;
    }
  }
  traffic.Await(10);
  const int64_t after_all = ResidentBytes(gateway_->process().pid());
  traffic.Stop();
  std::cout << traffic.requests() << " requests meanwhile" << std::endl;
  EXPECT_GT(after_ten, 0);
  if (!kSanitized) EXPECT_LE(after_all, after_ten + after_ten / 10);
  EXPECT_EQ(Status()["errors"], Json::array());
}

}  // namespace
}  // namespace portico::integration
