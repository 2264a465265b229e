#include "gateway/protocol/stream_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/protocol/scripted_stream.h"

namespace portico::protocol {
namespace {

using std::chrono::milliseconds;

class StreamCallTest : public ::testing::Test {
 public:
  // A call keeps itself alive until it has ended, and what waits for it as well.
  ~StreamCallTest() override {
    if (call_ != nullptr) call_->Cancel();
    call_.reset();
    Turn();
  }

  void Open(size_t ahead_bytes = 1 << 16) {
    worker_.Spawn([](StreamCallTest* test, size_t ahead) -> Async<void> {
      absl::StatusOr<std::shared_ptr<StreamCall>> call =
          co_await StreamCall::Open(test->service_, test->method_, test->context_, ahead);
      if (call.ok()) test->call_ = *std::move(call);
    }(this, ahead_bytes));
    Turn();
    ASSERT_NE(call_, nullptr);
  }

  void AwaitOpening() {
    worker_.Spawn([](StreamCallTest* test) -> Async<void> {
      test->opening_ = co_await test->call_->AwaitOpening(test->context_);
    }(this));
    Turn();
  }

  // Reads one message, or the end ("end" and the status's code).
  void Read() {
    worker_.Spawn([](StreamCallTest* test) -> Async<void> {
      std::string message;
      const absl::StatusOr<bool> more = co_await test->call_->Read(&message);
      test->read_.push_back(!more.ok() ? absl::StrCat("failed: ", more.status().message()) : *more ? message : "end");
    }(this));
    Turn();
  }

  void Turn() { worker_.context().poll(); }
  void TurnUntilOpening() {
    const auto give_up = net::Clock::now() + std::chrono::seconds(5);
    while (!opening_.has_value() && net::Clock::now() < give_up) worker_.context().run_one_for(milliseconds(20));
  }

  net::Worker worker_{0};
  ScriptedService service_;
  schema::Service contract_;
  rpc::Method method_ = [this] {
    rpc::Method method;
    method.service = &contract_;
    return method;
  }();
  rpc::Context context_{worker_, net::kNoDeadline};
  std::shared_ptr<StreamCall> call_;
  std::optional<absl::Status> opening_;
  std::vector<std::string> read_;
};

TEST_F(StreamCallTest, WhatIsOmittedIsTheGatewaysOwnWord) {
  for (const bool composed : {false, true}) {
    contract_.facade = composed;
    Open();
    service_.trailers = {{"cost", "3"}, {"portico-omitted", "price;reason=deadline"}};
    EXPECT_EQ(call_->omitted(), composed ? "price;reason=deadline" : "");
  }
}

TEST_F(StreamCallTest, OpensWithTheFirstMessage) {
  Open();
  AwaitOpening();
  EXPECT_FALSE(opening_.has_value());
  service_.Send("one");
  Turn();
  ASSERT_TRUE(opening_.has_value());
  EXPECT_TRUE(opening_->ok());
  EXPECT_TRUE(call_->ready());
  service_.Send("two");
  service_.End();
  for (int i = 0; i < 4; ++i) Read();
  EXPECT_EQ(read_, (std::vector<std::string>{"one", "two", "end", "end"}));
}

TEST_F(StreamCallTest, OpensWithTheHeaders) {
  Open();
  AwaitOpening();
  service_.SendHeaders({{"a", "b"}});
  TurnUntilOpening();
  ASSERT_TRUE(opening_.has_value());
  EXPECT_TRUE(opening_->ok());
  EXPECT_FALSE(call_->ready());
  EXPECT_EQ(call_->headers(), (rpc::Metadata{{"a", "b"}}));
}

TEST_F(StreamCallTest, OpensWithoutAnythingAfterAWhile) {
  Open();
  AwaitOpening();
  TurnUntilOpening();
  ASSERT_TRUE(opening_.has_value());
  EXPECT_TRUE(opening_->ok());
  Read();
  service_.End(absl::NotFoundError("gone"));
  Turn();
  EXPECT_EQ(read_, (std::vector<std::string>{"failed: gone"}));
}

TEST_F(StreamCallTest, AFailureBeforeAnythingElseIsTheAnswer) {
  Open();
  AwaitOpening();
  service_.trailers = {{"cost", "3"}};
  service_.End(absl::NotFoundError("no such product"));
  Turn();
  ASSERT_TRUE(opening_.has_value());
  EXPECT_EQ(opening_->code(), absl::StatusCode::kNotFound);
  ASSERT_NE(context_.failure_metadata(), nullptr);
  EXPECT_EQ(context_.failure_metadata()->trailers, (rpc::Metadata{{"cost", "3"}}));
}

TEST_F(StreamCallTest, AnEmptyStreamIsNoFailure) {
  Open();
  service_.End();
  AwaitOpening();
  ASSERT_TRUE(opening_.has_value() && opening_->ok());
  Read();
  EXPECT_EQ(read_, (std::vector<std::string>{"end"}));
}

TEST_F(StreamCallTest, ASlowReaderStopsTheReading) {
  Open(1000);
  for (int i = 0; i < 100; ++i) service_.Send(std::string(100, 'x'));
  AwaitOpening();
  Turn();
  const int ahead = service_.taken;
  EXPECT_LE(ahead, 10);
  EXPECT_GE(ahead, 5);
  Read();
  EXPECT_LE(service_.taken, ahead + 1);
  for (int i = 0; i < 99; ++i) Read();
  EXPECT_EQ(read_.size(), 100u);
  EXPECT_EQ(service_.taken, 100);
}

TEST_F(StreamCallTest, EmptyMessagesAreBoundedToo) {
  Open(1000);
  for (int i = 0; i < 1000; ++i) service_.Send("");
  AwaitOpening();
  Turn();
  EXPECT_LT(service_.taken, 100);
}

TEST_F(StreamCallTest, WaitingHasALimitAndCanBeInterrupted) {
  Open();
  std::vector<bool> waited;
  const auto wait = [&](net::Deadline until) {
    worker_.Spawn([](StreamCallTest* test, net::Deadline limit, std::vector<bool>* out) -> Async<void> {
      out->push_back(co_await test->call_->Await(limit));
    }(this, until, &waited));
    Turn();
  };
  wait(net::Clock::now() + milliseconds(1));
  const auto give_up = net::Clock::now() + std::chrono::seconds(5);
  while (waited.empty() && net::Clock::now() < give_up) worker_.context().run_one_for(milliseconds(20));
  EXPECT_EQ(waited, (std::vector<bool>{false}));
  wait(net::kNoDeadline);
  EXPECT_EQ(waited.size(), 1u);
  call_->Interrupt();
  EXPECT_EQ(waited, (std::vector<bool>{false, false}));
  wait(net::kNoDeadline);
  service_.Send("x");
  Turn();
  EXPECT_EQ(waited, (std::vector<bool>{false, false, true}));
}

TEST_F(StreamCallTest, CancellingEndsTheCallWhereverItIs) {
  for (const size_t ahead : {size_t{10}, size_t{1} << 16}) {
    for (const bool reading : {false, true}) {
      service_.cancelled = false;
      service_.end.reset();
      service_.messages.clear();
      service_.has_headers = false;
      Open(ahead);
      service_.Send("a message of more than ten bytes");
      if (reading) AwaitOpening();
      Turn();
      call_->Cancel();
      call_.reset();
      Turn();
      EXPECT_TRUE(service_.cancelled) << ahead << reading;
    }
  }
}

TEST_F(StreamCallTest, ItsRequestsEndCancelsIt) {
  Open();
  AwaitOpening();
  context_.Cancel();
  Turn();
  EXPECT_TRUE(service_.cancelled);
  ASSERT_TRUE(opening_.has_value());
  EXPECT_EQ(opening_->code(), absl::StatusCode::kCancelled);
}

TEST_F(StreamCallTest, ARefusalIsAFailure) {
  service_.refusal = absl::UnavailableError("closed");
  std::optional<absl::Status> refused;
  worker_.Spawn([](StreamCallTest* test, std::optional<absl::Status>* out) -> Async<void> {
    *out = (co_await StreamCall::Open(test->service_, test->method_, test->context_, 1)).status();
  }(this, &refused));
  Turn();
  EXPECT_EQ(refused, absl::UnavailableError("closed"));
}

}  // namespace
}  // namespace portico::protocol
