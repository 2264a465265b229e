// What passes through a WebSocket when somebody is slow or silent.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/activity.h"
#include "tests/integration/gateway.h"
#include "tests/integration/websocket_client.h"

namespace portico::integration {
namespace {

using std::chrono::milliseconds;

class WebSocketFlowTest : public testing::Test {
 protected:
  void Start(const std::string& frontend_more = "") {
    server_ = std::make_unique<Process>(std::vector<std::string>{STREAMS_SERVER, "--listen", port_.address()});
    ASSERT_TRUE(server_->ErrorLine([](const std::string& line) { return absl::StrContains(line, "listening"); }));
    gateway_ = std::make_unique<Gateway>(folder_.Write(
        "portico.yaml",
        absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\n  - protos: ", PORTICO_SOURCE_DIR,
                     "/tests/integration/protos\nclusters:\n  streams:\n    target: ", port_.address(),
                     "\n    services: [shop.streams.v1.StreamService]\n    transport: ", TestedTransport(),
                     "\nfrontends:\n  - name: web\n"
                     "    listen: 127.0.0.1:0\n    expose: [\"shop.streams.*\"]\n",
                     frontend_more)));
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

  Json LineOfSocket() {
    return gateway_->LogLine([](const Json& entry) { return entry["status"] == 101; });
  }

  TempFolder folder_;
  ReservedPort port_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Gateway> gateway_;
};

// What the kernel may hold between a client and the service and on the way back: two connections, each direction with
// what one end has sent and the other has received. It decides that itself, up to limits of the machine.
int64_t KernelRoom() {
  int64_t room = 0;
  for (const char* file : {"/proc/sys/net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_wmem"}) {
    std::ifstream limits(file);
    int64_t least = 0, initial = 0, most = 0;
    EXPECT_TRUE(limits >> least >> initial >> most) << file;
    room += 4 * most;
  }
  return room;
}

std::string NumberOf(const WebSocketClient::Received& message) {
  const Json json = message.json();
  return json.is_object() ? json.value("number", "") : message.payload;
}

constexpr char kEcho[] = "/v1/numbers:echo";

TEST_F(WebSocketFlowTest, ASilentClientThatAnswersPingsStays) {
  Start("    streams: { ping: 200ms }\n");
  WebSocketClient client(address());
  ASSERT_TRUE(client.Open(kEcho));
  for (int i = 0; i < 4; ++i) {
    const WebSocketClient::Received ping = client.Next();
    ASSERT_EQ(ping.opcode, kPing) << i;
    client.Send(Frame(kPong, ping.payload));
  }
  client.Send(Frame(kText, "{\"number\": 7}"));
  WebSocketClient::Received received = client.Next();
  while (received.opcode == kPing) {
    client.Send(Frame(kPong, received.payload));
    received = client.Next();
  }
  EXPECT_EQ(received.json().value("number", ""), "7") << received.payload;
}

TEST_F(WebSocketFlowTest, AClientThatAnswersNoPingIsLost) {
  Start("    streams: { ping: 200ms }\n");
  WebSocketClient client(address());
  ASSERT_TRUE(client.Open(kEcho));
  EXPECT_EQ(client.Next().opcode, kPing);
  EXPECT_EQ(client.Next().opcode, -1);
  const Json line = LineOfSocket();
  EXPECT_EQ(line.value("code", ""), "CANCELLED") << line;
  EXPECT_EQ(line.value("complete", true), false) << line;
  GetUntil(address(), "/v1/activity",
           [](const Answer& answer) { return answer.status == 200 && answer.json().value("open", 0) == 0; });
}

TEST_F(WebSocketFlowTest, PingsCanBeTurnedOff) {
  Start("    streams: { ping: 0s }\n");
  WebSocketClient client(address());
  ASSERT_TRUE(client.Open(kEcho));
  EXPECT_EQ(client.Next(milliseconds(500)).opcode, -1);
  client.Send(Frame(kText, "{\"number\": 7}"));
  EXPECT_EQ(client.Next().json().value("number", ""), "7");
}

TEST_F(WebSocketFlowTest, AReaderThatStopsStopsTheService) {
  Start();
  // What is there once and for all.
  EXPECT_EQ(Get(address(), "/v1/numbers?to=100&filler=10000").status, 200);
  const int64_t before = ResidentMemory();
  const int64_t sent_before = SentAtRest(address());
  WebSocketClient client(address());
  ASSERT_TRUE(client.Open("/v1/numbers?filler=10000"));
  ASSERT_EQ(NumberOf(client.NextMessage()), "1");
  const int64_t sent = SentAtRest(address()) - sent_before;
  RecordProperty("sent", static_cast<int>(sent));
  RecordProperty("growth_kb", static_cast<int>(ResidentMemory() - before));
  EXPECT_LT(sent, 5000) << "50 MB";
  EXPECT_LT(ResidentMemory() - before, 8 << 10);
  // It goes on where it was.
  for (int64_t n = 2; n <= sent + 10; ++n) ASSERT_EQ(NumberOf(client.NextMessage()), absl::StrCat(n));
}

TEST_F(WebSocketFlowTest, AReaderThatStopsAndClosesHalfIsGone) {
  Start();
  WebSocketClient client(address());
  ASSERT_TRUE(client.Open("/v1/numbers?filler=10000"));
  SentAtRest(address());
  client.CloseWrite();
  EXPECT_EQ(LineOfSocket().value("complete", true), false);
  GetUntil(address(), "/v1/activity",
           [](const Answer& answer) { return answer.status == 200 && answer.json().value("open", 0) == 0; });
}

TEST_F(WebSocketFlowTest, AServiceThatStopsReadingStopsItsClients) {
  Start();
  // The service writes back what it reads, and nobody reads that.
  const std::string message = Frame(kText, absl::StrCat("{\"filler\": \"", std::string(10000, 'x'), "\"}"));
  std::vector<std::unique_ptr<WebSocketClient>> clients;
  std::vector<int64_t> taken;
  // Beyond it, some in the gateway and what flow control lets the service have.
  const int64_t most = KernelRoom() + (16 << 20);
  const auto stall = [&](int count) {
    for (int i = 0; i < count; ++i) {
      clients.push_back(std::make_unique<WebSocketClient>(address()));
      ASSERT_TRUE(clients.back()->Open(kEcho));
      taken.push_back(clients.back()->Flood(message, milliseconds(500), most));
      ASSERT_LT(taken.back(), most) << "it goes on for ever";
    }
  };
  stall(4);  // what the workers need once and for all
  const int64_t before = ResidentMemory();
  constexpr int kMore = 8;
  stall(kMore);
  const int64_t each = (ResidentMemory() - before) / kMore;
  RecordProperty("taken_kb", static_cast<int>(taken.back() >> 10));
  RecordProperty("kb_of_each", static_cast<int>(each));
  EXPECT_LT(each, 1024);
  // Nothing of it is lost.
  WebSocketClient& client = *clients.back();
  const int64_t count =
      (taken.back() + static_cast<int64_t>(client.unsent().size())) / static_cast<int64_t>(message.size());
  std::jthread rest([&] { client.Send(client.unsent() + Frame(kText, "")); });
  for (int64_t n = 0; n < count; ++n) {
    const WebSocketClient::Received echo = client.NextMessage();
    ASSERT_EQ(echo.opcode, kText) << n << " of " << count;
    ASSERT_GE(echo.payload.size(), 10000u) << n;
  }
  EXPECT_EQ(client.Next().code(), 1000);
}

}  // namespace
}  // namespace portico::integration
