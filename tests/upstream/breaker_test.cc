#include "gateway/upstream/breaker.h"

#include <gmock/gmock.h>

#include "gateway/rpc/status.h"
#include "google/rpc/error_details.pb.h"
#include "tests/upstream/calling.h"
#include "tests/upstream/fake_service.h"

namespace portico::upstream {
namespace {

using std::chrono::milliseconds;

class BreakerTest : public CallingTest {
 protected:
  static std::shared_ptr<CircuitBreaker> Circuit() {
    BreakerOptions options;
    options.min_calls = 4;
    options.open_for = std::chrono::minutes(5);
    return std::make_shared<CircuitBreaker>(options, 1);
  }
  static Async<void> RunStream(rpc::Handler& handler, const rpc::Method& method, rpc::Context& context,
                               std::optional<absl::Status>& end) {
    absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await handler.Open(method, context);
    if (!stream.ok()) {
      end = stream.status();
      co_return;
    }
    std::string message;
    const absl::StatusOr<bool> more = co_await (*stream)->Read(&message);
    end = more.status();
  }
  absl::Status Stream(rpc::Handler& handler) {
    rpc::Context context(worker(), In(5000));
    std::optional<absl::Status> end;
    worker().Spawn(RunStream(handler, method_, context, end));
    EXPECT_TRUE(RunUntil([&] { return end.has_value(); }));
    return *end;
  }
};

TEST_F(BreakerTest, OpenRefusesWithoutACall) {
  FakeService service(absl::UnavailableError("down"));
  Breaker breaker(Circuit(), milliseconds(100), service);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Call(breaker, "x").status().message(), "down");
  for (int i = 0; i < 20; ++i) {
    const absl::Status refused = Call(breaker, "x").status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(rpc::OmissionReason(refused), "breaker_open");
    EXPECT_TRUE(rpc::IsRefused(refused));
    const std::vector<rpc::Detail> details = rpc::DetailsOf(refused);
    ASSERT_EQ(details.size(), 1u);
    google::rpc::RetryInfo info;
    ASSERT_TRUE(info.ParseFromString(details.front().value));
    EXPECT_GT(info.retry_delay().seconds(), 290);
    EXPECT_LE(info.retry_delay().seconds(), 300);
  }
  EXPECT_EQ(service.calls(), 4);
}

TEST_F(BreakerTest, OnlyWhatIsTheServicesFaultCounts) {
  struct Case {
    absl::Status status;
    bool opens;
  };
  const Case cases[] = {
      {absl::UnavailableError(""), true},
      {absl::InternalError(""), true},
      {absl::UnknownError(""), true},
      {absl::DataLossError(""), true},
      {rpc::WithHttpStatus(absl::FailedPreconditionError(""), 502), true},
      {absl::NotFoundError(""), false},
      {absl::InvalidArgumentError(""), false},
      {absl::PermissionDeniedError(""), false},
      {absl::UnauthenticatedError(""), false},
      {absl::ResourceExhaustedError(""), false},
      {absl::UnimplementedError(""), false},
      {absl::AbortedError(""), false},
      // At once: the caller's own doing.
      {absl::CancelledError(""), false},
      {absl::DeadlineExceededError(""), false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.status.ToString());
    FakeService service{absl::StatusOr<std::string>(c.status)};
    Breaker breaker(Circuit(), std::chrono::minutes(1), service);
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(Call(breaker, "x").ok());
    EXPECT_EQ(service.calls(), c.opens ? 4 : 10);
  }
}

TEST_F(BreakerTest, ACallThatWasGivenItsTimeCountsWhenItsCallerGivesUp) {
  FakeService service(absl::DeadlineExceededError("late"));
  Breaker breaker(Circuit(), milliseconds(0), service);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(Call(breaker, "x").ok());
  EXPECT_EQ(service.calls(), 4);
}

TEST_F(BreakerTest, StreamsCountByTheirFirstMessage) {
  FakeService service(absl::UnavailableError("down"));
  Breaker breaker(Circuit(), milliseconds(100), service);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Stream(breaker).message(), "down");
  EXPECT_EQ(rpc::OmissionReason(Stream(breaker)), "breaker_open");
  EXPECT_EQ(service.calls(), 4);

  FakeService well(absl::StatusOr<std::string>("message"));
  const std::shared_ptr<CircuitBreaker> circuit = Circuit();
  Breaker other(circuit, milliseconds(100), well);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(Stream(other).ok());
  EXPECT_EQ(circuit->Read(net::Clock::now()).calls, 4u);
  EXPECT_EQ(circuit->Read(net::Clock::now()).failures, 0u);
}

}  // namespace
}  // namespace portico::upstream
