// Streams over REST: events, lines, arrays, uploads and downloads, and what happens when somebody is slow or leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/integration/activity.h"
#include "tests/integration/envelopes.h"
#include "tests/integration/gateway.h"
#include "tests/integration/websocket_client.h"

namespace portico::integration {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr char kBook[] = "/v1/products/pojos-in-action";

int64_t NumberIn(const char* variable, int64_t otherwise) {
  const char* const text = std::getenv(variable);
  int64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

class StreamsTest : public testing::Test {
 protected:
  StreamsTest() {
    shop_.StartAll();
    server_ = std::make_unique<Process>(std::vector<std::string>{STREAMS_SERVER, "--listen", port_.address()});
    EXPECT_TRUE(server_->ErrorLine([](const std::string& line) { return absl::StrContains(line, "listening"); }));
    const std::string clusters = shop_.Clusters();
    const std::string spoken = absl::StrCat("    transport: ", TestedTransport(), "\n");
    std::string config = ShopConfig(shop_);
    config.replace(config.find(clusters), clusters.size(),
                   absl::StrCat("  - protos: ", PORTICO_SOURCE_DIR, "/tests/integration/protos\n", clusters,
                                "  streams:\n    target: ", port_.address(), "\n",
                                "    services: [shop.streams.v1.StreamService]\n", spoken));
    config.replace(
        config.find("[\"*\"]"), 5,
        "[\"shop.catalog.*\", \"shop.pricing.*\", \"shop.inventory.*\", \"shop.reviews.*\", \"shop.streams.*\"]");
    config_ = config;
    gateway_ = std::make_unique<Gateway>(folder_.Write("portico.yaml", config));
  }

  const std::string& address() const { return gateway_->address(); }

  // Of the gateway, in kB.
  int64_t ResidentMemory() const {
    std::ifstream file(absl::StrCat("/proc/", gateway_->process().pid(), "/status"));
    std::string word;
    while (file >> word) {
      int64_t value = 0;
      if (word == "VmRSS:" && file >> value) return value;
    }
    return 0;
  }

  Json Activity() { return Get(address(), "/v1/activity").json(); }

  // Waits until so many streams of the test server are open.
  void WaitForOpen(int count) {
    GetUntil(address(), "/v1/activity",
             [&](const Answer& answer) { return answer.status == 200 && answer.json().value("open", 0) == count; });
  }

  static Connection Watch(const std::string& address, absl::string_view target, absl::string_view accept) {
    Connection connection(address);
    EXPECT_TRUE(connection.Send(RequestText("GET", target, {{"Accept", std::string(accept)}})));
    return connection;
  }

  TempFolder folder_;
  Shop shop_;
  ReservedPort port_;
  std::unique_ptr<Process> server_;
  std::string config_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(StreamsTest, EventsComeAsTheyHappen) {
  Connection events = Watch(address(), absl::StrCat(kBook, "/price:watch"), "text/event-stream");
  ASSERT_TRUE(events.ReceiveUntil("id: 1\ndata: {"));
  EXPECT_THAT(events.received(), HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(events.received(), HasSubstr("retry: 3000\n\n"));
  const Answer set = Send(address(), "PUT", absl::StrCat(kBook, "/price"), {{"Content-Type", "application/json"}},
                          R"({"price":{"currencyCode":"USD","units":"12"}})");
  ASSERT_EQ(set.status, 200) << set.body;
  ASSERT_TRUE(events.ReceiveUntil("id: 2\ndata: {"));
  EXPECT_TRUE(events.ReceiveUntil("\"units\":\"12\""));
}

TEST_F(StreamsTest, ReviewsStreamOpensBeforeThereIsAny) {
  Connection lines = Watch(address(), absl::StrCat(kBook, "/reviews:watch"), "*/*");
  ASSERT_TRUE(lines.ReceiveUntil("\r\n\r\n"));
  EXPECT_THAT(lines.received(), HasSubstr("Content-Type: application/x-ndjson\r\n"));
  // The watch may begin a moment after its answer.
  for (int i = 0; i < 100 && !absl::StrContains(lines.received(), "Fine"); ++i) {
    EXPECT_EQ(Post(address(), absl::StrCat(kBook, "/reviews"), Json{{"rating", 5}, {"title", "Fine"}}).status, 200);
    if (lines.Stirs(std::chrono::milliseconds(100))) lines.ReceiveUntil("\"title\":\"Fine\"");
  }
  EXPECT_THAT(lines.received(), HasSubstr("\"title\":\"Fine\""));
}

TEST_F(StreamsTest, ProductsAreImported) {
  const std::string lines = "{\"title\":\"One Import\",\"pageCount\":1}\n{\"title\":\"Two Import\"}\n";
  EXPECT_EQ(Send(address(), "POST", "/v1/products:import", {{"Content-Type", "application/x-ndjson"}}, lines).body,
            R"({"created":"2"})");
  const std::string array = R"([{"title":"One Import","pageCount":2}, {"title":"Three Import"}])";
  EXPECT_EQ(Send(address(), "POST", "/v1/products:import", {{"Content-Type", "application/json"}}, array).body,
            R"({"created":"1","updated":"1"})");
  const Answer wrong = Send(address(), "POST", "/v1/products:import", {{"Content-Type", "application/x-ndjson"}},
                            "{\"title\":\"Four Import\"}\n{\"pageCount\":\"many\"}\n");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("message 2 (at byte 24 of the body): product.page_count"));
}

TEST_F(StreamsTest, TheFormIsTheClients) {
  EXPECT_EQ(Get(address(), "/v1/numbers?to=2").body, "{\"number\":\"1\"}\n{\"number\":\"2\"}\n");
  EXPECT_EQ(Get(address(), "/v1/numbers?to=2", {{"Accept", "application/json"}}).body,
            "[\n{\"number\":\"1\"},\n{\"number\":\"2\"}\n]\n");
  EXPECT_EQ(Get(address(), "/v1/numbers?to=1", {{"Accept", "text/event-stream"}, {"Last-Event-ID", "7"}}).body,
            "retry: 3000\n\nid: 8\ndata: {\"number\":\"1\"}\n\nevent: end\ndata: {}\n\n");
  EXPECT_EQ(Get(address(), "/v1/numbers?to=1", {{"Accept", "image/png"}}).status, 406);
}

TEST_F(StreamsTest, AFailureIsTheLastLine) {
  const Answer answer = Get(address(), "/v1/numbers?to=1&failure=worn+out");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "{\"number\":\"1\"}\n{\"error\":{\"code\":15,\"message\":\"worn out\"}}\n");
  const Json line = gateway_->LogLine([](const Json& entry) { return entry.value("path", "") == "/v1/numbers"; });
  EXPECT_EQ(line.value("code", ""), "DATA_LOSS") << line;
  const Answer missing = Get(address(), "/v1/products/none/price:watch");
  EXPECT_EQ(missing.status, 404);
}

TEST_F(StreamsTest, BothSidesTalk) {
  const Answer answer = Send(address(), "POST", "/v1/numbers:echo", {{"Content-Type", "application/json"}},
                             R"([{"number":1},{"number":2}])");
  EXPECT_EQ(answer.body, "{\"number\":\"1\"}\n{\"number\":\"2\"}\n");
  // More than all buffers on the way hold, so that neither side may wait for the other's end.
  const std::string line = absl::StrCat("{\"number\":5,\"filler\":\"", std::string(10000, 'x'), "\"}\n");
  Connection both(address());
  ASSERT_TRUE(
      both.Send(absl::StrCat("POST /v1/numbers:echo HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-ndjson\r\n",
                             "Content-Length: ", 3000 * line.size(), "\r\n\r\n")));
  std::thread sender([&] {
    for (int i = 0; i < 3000; ++i) EXPECT_TRUE(both.Send(line));
  });
  EXPECT_GT(both.Skip("\r\n0\r\n\r\n"), int64_t{30000000});
  sender.join();
}

TEST_F(StreamsTest, AStreamGoesOnWhileEverythingBehindItIsExchanged) {
  Connection events = Watch(address(), absl::StrCat(kBook, "/price:watch"), "text/event-stream");
  ASSERT_TRUE(events.ReceiveUntil("id: 1\ndata: {"));
  // All clusters change, so that their connections are closed but for what is open on them; and the frontend.
  const std::string config =
      absl::StrReplaceAll(config_, {{"    target: ", "    timeout: 7s\n    target: "}, {", \"shop.reviews.*\"", ""}});
  folder_.Write("portico.yaml", config);
  GetUntil(
      address(), absl::StrCat(kBook, "/reviews"), [](const Answer& answer) { return answer.status == 404; }, 50);
  const Answer set = Send(address(), "PUT", absl::StrCat(kBook, "/price"), {{"Content-Type", "application/json"}},
                          R"({"price":{"currencyCode":"USD","units":"13"}})");
  ASSERT_EQ(set.status, 200) << set.body;
  ASSERT_TRUE(events.ReceiveUntil("id: 2\ndata: {"));
  EXPECT_TRUE(events.ReceiveUntil("\"units\":\"13\""));
}

TEST_F(StreamsTest, AServiceThatDiesEndsTheStream) {
  Connection lines = Watch(address(), absl::StrCat(kBook, "/price:watch"), "*/*");
  ASSERT_TRUE(lines.ReceiveUntil("\"productId\""));
  Connection events = Watch(address(), absl::StrCat(kBook, "/price:watch"), "text/event-stream");
  ASSERT_TRUE(events.ReceiveUntil("id: 1\n"));
  shop_.Kill("pricing");
  EXPECT_TRUE(lines.ReceiveUntil("{\"error\":{\"code\":14,"));
  EXPECT_TRUE(lines.ReceiveUntil("\r\n0\r\n\r\n"));
  EXPECT_TRUE(events.ReceiveUntil("event: error\ndata: {\"code\":14,"));
}

TEST_F(StreamsTest, LeavingEndsTheCall) {
  for (const bool resets : {false, true}) {
    Connection connection = Watch(address(), "/v1/numbers?filler=1000", "*/*");
    ASSERT_TRUE(connection.ReceiveUntil("\"number\":\"1\""));
    WaitForOpen(1);
    resets ? connection.Reset() : connection.Close();
    WaitForOpen(0);
  }
  // Behind more than is read while a request is answered.
  Connection pipelines(address());
  ASSERT_TRUE(pipelines.Send(RequestText("GET", "/v1/numbers?filler=1000") + std::string(40000, 'G')));
  WaitForOpen(1);
  pipelines.Close();
  WaitForOpen(0);
  // In the midst of an upload.
  Connection connection(address());
  ASSERT_TRUE(connection.Send("POST /v1/streams/f:upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc"));
  WaitForOpen(1);
  connection.Close();
  WaitForOpen(0);
}

// From the moment a client closes to the end of the call in its service, both by the machine's clock. The best of some
// tries: what a busy machine adds is not the gateway's.
TEST_F(StreamsTest, TheServiceHearsOfLeavingWithin100Milliseconds) {
  const auto rpc = [](const char* type, const std::string& message) {
    return RequestText("POST", "/shop.streams.v1.StreamService/Count", {{"Content-Type", type}}, Envelope(0, message));
  };
  const struct {
    const char* name;
    std::string request;
    std::string begun;  // what an answer has once it has begun
  } kWays[] = {
      {"REST", RequestText("GET", "/v1/numbers?filler=1000"), "\"number\":\"1\""},
      {"REST, behind more than is read ahead", RequestText("GET", "/v1/numbers?filler=1000") + std::string(40000, 'G'),
       "HTTP/1.1 "},
      {"WebSocket", Upgrade("/v1/numbers?filler=1000"), "\"number\":\"1\""},
      {"a silent WebSocket", Upgrade("/v1/numbers:echo"), "\r\n\r\n"},
      {"Connect", rpc("application/connect+json", R"({"filler":1000})"), "\"number\":\"1\""},
      {"gRPC-Web", rpc("application/grpc-web+proto", "\x10\x64"), "\x08\x01\x12"},
  };
  for (const auto& way : kWays) {
    int64_t best = std::numeric_limits<int64_t>::max();
    for (int i = 0; i < 5; ++i) {
      Connection client(address());
      ASSERT_TRUE(client.Send(way.request));
      ASSERT_TRUE(client.ReceiveUntil(way.begun)) << way.name << ": " << client.received();
      WaitForOpen(1);
      const int64_t left = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
      client.Close();
      WaitForOpen(0);
      int64_t ended = 0;
      ASSERT_TRUE(absl::SimpleAtoi(Activity().value("endedAt", ""), &ended));
      best = std::min(best, ended - left);
    }
    RecordProperty(way.name, absl::StrCat(best / 1000, " us"));
    EXPECT_GT(best, 0) << way.name;
    EXPECT_LT(best, 100000000) << way.name;
  }
}

TEST_F(StreamsTest, AReaderThatStopsStopsTheServiceAndNobodyElse) {
  const int64_t before = ResidentMemory();
  Connection stalled = Watch(address(), "/v1/numbers?filler=10000", "*/*");
  ASSERT_TRUE(stalled.ReceiveUntil("\"number\":\"1\""));
  // The service stops once everything on the way is full.
  const int64_t sent = SentAtRest(address());
  EXPECT_LT(sent, 5000) << "50 MB";
  EXPECT_LT(ResidentMemory() - before, 8 << 10);
  for (int i = 0; i < 20; ++i) {
    const Answer other = Get(address(), "/v1/numbers?to=100");
    EXPECT_EQ(std::count(other.body.begin(), other.body.end(), '\n'), 100);
  }
  // It goes on where it was.
  EXPECT_TRUE(stalled.ReceiveUntil(absl::StrCat("{\"number\":\"", sent + 10, "\"")));
}

TEST_F(StreamsTest, ManySubscribersCostLittle) {
  const auto many = static_cast<int>(NumberIn("PORTICO_SUBSCRIBERS", 400));
  // One of them stops reading, in the midst of more than it has room for.
  Connection stalled = Watch(address(), "/v1/numbers?filler=10000", "text/event-stream");
  ASSERT_TRUE(stalled.ReceiveUntil("id: 1\n"));
  SentAtRest(address());
  const std::string target = absl::StrCat(kBook, "/stock:watch");
  std::vector<Connection> subscribers;
  const auto subscribe = [&](int count) {
    for (int i = 0; i < count; ++i) {
      subscribers.push_back(Watch(address(), target, "text/event-stream"));
      ASSERT_TRUE(subscribers.back().ReceiveUntil("id: 1\n"));
    }
  };
  subscribe(50);  // what is there once and for all
  const int64_t before = ResidentMemory();
  subscribe(many);
  const int64_t each = (ResidentMemory() - before) * 1024 / many;
  RecordProperty("bytes_per_subscriber", static_cast<int>(each));
  // The gRPC library's calls alone take more.
  EXPECT_LT(each, TestedTransport() == "grpc" ? 65536 : 16384);
  const Answer set = Send(address(), "PUT", absl::StrCat(kBook, "/stock"), {{"Content-Type", "application/json"}},
                          R"({"available":321})");
  ASSERT_EQ(set.status, 200) << set.body;
  for (Connection& subscriber : subscribers) ASSERT_TRUE(subscriber.ReceiveUntil("\"available\":321"));
}

TEST_F(StreamsTest, LargeFilesPassThroughLittleMemory) {
  const int64_t size = NumberIn("PORTICO_STREAM_MB", 256) << 20;
  EXPECT_EQ(Get(address(), "/v1/streams/f:download?bytes=1000000").body.size(), 1000000u);
  const int64_t before = ResidentMemory();

  Connection up(address());
  ASSERT_TRUE(up.Send(absl::StrCat("POST /v1/streams/big:upload HTTP/1.1\r\nHost: h\r\nContent-Type: image/raw\r\n",
                                   "Content-Length: ", size, "\r\n\r\n")));
  const std::string piece(1 << 20, 'x');
  for (int64_t sent = 0; sent < size; sent += static_cast<int64_t>(piece.size())) ASSERT_TRUE(up.Send(piece));
  const std::optional<Answer> answer = up.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->json(), (Json{{"name", "big"}, {"contentType", "image/raw"}, {"bytes", absl::StrCat(size)}}));
  const int64_t after_upload = ResidentMemory();

  Connection down = Watch(address(), absl::StrCat("/v1/streams/big:download?bytes=", size), "*/*");
  ASSERT_TRUE(down.ReceiveUntil("\r\n\r\n"));
  EXPECT_THAT(down.received(), HasSubstr("Content-Type: application/x-test\r\n"));
  EXPECT_GE(down.Skip("\r\n0\r\n\r\n"), size);
  const int64_t after_download = ResidentMemory();

  RecordProperty("upload_growth_kb", static_cast<int>(after_upload - before));
  RecordProperty("download_growth_kb", static_cast<int>(after_download - before));
  EXPECT_LT(after_upload - before, 20 << 10);
  EXPECT_LT(after_download - before, 20 << 10);
}

TEST_F(StreamsTest, AnEarlyAnswerEndsAnUpload) {
  Connection up(address());
  ASSERT_TRUE(
      up.Send("POST /v1/streams/f:upload?stop_after=3 HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc"));
  const std::optional<Answer> answer = up.Receive();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->json()["bytes"], "3");
  EXPECT_EQ(answer->Header("Connection"), "close");
}

TEST_F(StreamsTest, AClientsTimeoutBoundsAStream) {
  const Answer answer = Get(address(), absl::StrCat(kBook, "/price:watch"), {{"X-Request-Timeout", "600ms"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("\n{\"error\":{\"code\":4,"));
}

TEST_F(StreamsTest, StoppingEndsStreamsProperly) {
  Connection events = Watch(address(), absl::StrCat(kBook, "/price:watch"), "text/event-stream");
  ASSERT_TRUE(events.ReceiveUntil("id: 1\n"));
  Connection counting = Watch(address(), "/v1/numbers?to=3000&filler=10000", "*/*");
  ASSERT_TRUE(counting.ReceiveUntil("\"number\":\"1\""));
  gateway_->process().Signal(SIGTERM);
  // A browser may come back elsewhere; what comes to an end of its own does.
  EXPECT_TRUE(events.ReceiveUntil("reconnect\n\n\r\n0\r\n\r\n"));
  EXPECT_THAT(events.received(), testing::Not(HasSubstr("event: ")));
  EXPECT_TRUE(counting.ReceiveUntil("\"number\":\"3000\""));
  EXPECT_TRUE(counting.ReceiveUntil("\r\n0\r\n\r\n"));
  EXPECT_EQ(gateway_->process().Wait(), 0);
}

}  // namespace
}  // namespace portico::integration
