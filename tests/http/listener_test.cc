#include "gateway/http/listener.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/http/serving.h"

namespace portico::http {
namespace {

using std::chrono::milliseconds;

constexpr char kGet[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

using ListenerTest = ServingTest;

TEST_F(ListenerTest, ATakenAddressIsAnErrorThatNamesIt) {
  Serve();
  EXPECT_TRUE(listener_->serving());
  const auto second = Listener::Create(threads_.workers(), address(), Limits(), handler_, errors_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), testing::HasSubstr(address()));
}

TEST_F(ListenerTest, DrainAnswersWhatHasBegunAndClosesWhatIsIdle) {
  Serve();
  RawClient busy(address());
  busy.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  RawClient idle(address());
  idle.Send(kGet);
  EXPECT_EQ(idle.Read().status, 200);
  RawClient half(address());
  half.Send("GET /half HTTP/1.1\r\nHo");
  ASSERT_TRUE(Eventually([&] { return handler_.Waiting() == 1; }));
  const std::shared_future<void> drained = Drain(std::chrono::seconds(20));
  EXPECT_FALSE(listener_->serving());
  EXPECT_TRUE(idle.Closed());
  EXPECT_FALSE(idle.reset());
  EXPECT_EQ(drained.wait_for(milliseconds(0)), std::future_status::timeout);
  half.Send("st: h\r\n\r\n");
  const RawClient::Answer late = half.Read();
  EXPECT_EQ(late.body, "GET /half ");
  EXPECT_EQ(late.Header("Connection"), "close");
  half.Close();
  handler_.Release();
  const RawClient::Answer answer = busy.Read();
  EXPECT_EQ(answer.body, "waited");
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_TRUE(busy.Closed());
  busy.Close();
  EXPECT_EQ(drained.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_FALSE(RawClient(address()).connected());
}

TEST_F(ListenerTest, DrainCutsWhatTakesTooLong) {
  Serve();
  RawClient stuck(address());
  stuck.Send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return handler_.Waiting() == 1; }));
  EXPECT_EQ(Drain(milliseconds(100)).wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(handler_.cancelled, 1);
}

// Closing a SO_REUSEPORT socket resets what is queued on it, unless it is accepted first.
TEST_F(ListenerTest, WhatIsQueuedAtDrainIsServed) {
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Create(threads_.workers(), "127.0.0.1:0", Limits(), handler_, errors_);
  ASSERT_TRUE(listener.ok());
  listener_ = *std::move(listener);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<RawClient>(address()));
    clients.back()->Send(kGet);
  }
  const std::shared_future<void> drained = Drain(std::chrono::seconds(20));
  threads_.Start();
  for (const auto& client : clients) EXPECT_EQ(client->Read().status, 200);
  clients.clear();
  EXPECT_EQ(drained.wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

TEST_F(ListenerTest, ClientsComeAndGoAtAnyMoment) {
  Serve();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        RawClient client(address());
        const std::string request = i % 2 == 0 ? std::string(kGet) : "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n";
        const size_t split = std::min(request.size(), static_cast<size_t>((i + t) % 40));
        client.Send(absl::string_view(request).substr(0, split));
        if (i % 3 == 0) client.Send(absl::string_view(request).substr(split));
        i % 5 == 0 ? client.Reset() : client.Close();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  RawClient client(address());
  client.Send(kGet);
  EXPECT_EQ(client.Read().status, 200);
}

}  // namespace
}  // namespace portico::http
