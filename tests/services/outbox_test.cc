// The bounds of streams, without a network.
#include "services/base/outbox.h"

#include "tests/services/harness.h"

namespace shop::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Notes what it is told; writes are done when the test says so.
struct FakeReactor {
  std::vector<int> written;
  std::vector<grpc::StatusCode> finished;

  void StartWrite(const int* message) { written.push_back(*message); }
  void Finish(const grpc::Status& status) { finished.push_back(status.error_code()); }
};

using TestOutbox = Outbox<FakeReactor, int>;

TEST(OutboxTest, WritesOneAfterTheOther) {
  FakeReactor reactor;
  TestOutbox outbox(reactor, kEveryEvent);
  outbox.Release();
  for (const int message : {1, 2, 3}) outbox.Send(message);
  EXPECT_THAT(reactor.written, ElementsAre(1));
  outbox.Written(true);
  outbox.Written(true);
  EXPECT_THAT(reactor.written, ElementsAre(1, 2, 3));
  outbox.Written(true);
  outbox.Send(4);
  EXPECT_THAT(reactor.written, ElementsAre(1, 2, 3, 4));
}

TEST(OutboxTest, DoesNothingBeforeItIsReleased) {
  FakeReactor reactor;
  TestOutbox outbox(reactor, kEveryEvent);
  outbox.Send(1);
  outbox.EndAfterAll(grpc::Status::OK);
  EXPECT_THAT(reactor.written, IsEmpty());
  EXPECT_THAT(reactor.finished, IsEmpty());
  outbox.Release();
  EXPECT_THAT(reactor.written, ElementsAre(1));
  EXPECT_THAT(reactor.finished, IsEmpty());
  outbox.Written(true);
  EXPECT_THAT(reactor.finished, ElementsAre(grpc::StatusCode::OK));
}

TEST(OutboxTest, OfStatesOnlyTheNewestWaits) {
  FakeReactor reactor;
  TestOutbox outbox(reactor, kNewestState);
  outbox.Release();
  for (int message = 1; message <= 1000; ++message) outbox.Send(message);
  outbox.Written(true);
  outbox.Written(true);
  EXPECT_THAT(reactor.written, ElementsAre(1, 1000));
  EXPECT_THAT(reactor.finished, IsEmpty());
}

TEST(OutboxTest, WhoMissesAnEventIsTold) {
  FakeReactor reactor;
  TestOutbox outbox(reactor, {2, OutboxLimits::WhenFull::kEnd});
  outbox.Release();
  for (const int message : {1, 2, 3}) outbox.Send(message);
  EXPECT_THAT(reactor.finished, IsEmpty());
  outbox.Send(4);
  outbox.Send(5);
  // Not while a message is being written.
  EXPECT_THAT(reactor.finished, IsEmpty());
  outbox.Written(true);
  EXPECT_THAT(reactor.written, ElementsAre(1));
  EXPECT_THAT(reactor.finished, ElementsAre(grpc::StatusCode::RESOURCE_EXHAUSTED));
}

TEST(OutboxTest, FinishesOnce) {
  FakeReactor reactor;
  TestOutbox outbox(reactor, kEveryEvent);
  outbox.Release();
  outbox.EndNow(grpc::Status(grpc::StatusCode::UNAVAILABLE, ""));
  outbox.EndNow(grpc::Status::CANCELLED);
  outbox.EndAfterAll(grpc::Status::OK);
  outbox.Send(1);
  EXPECT_THAT(reactor.written, IsEmpty());
  EXPECT_THAT(reactor.finished, ElementsAre(grpc::StatusCode::UNAVAILABLE));
}

TEST(OutboxTest, AnEndNowDropsWhatAnEndAfterAllWouldSend) {
  FakeReactor reactor;
  TestOutbox outbox(reactor, kEveryEvent);
  outbox.Release();
  for (const int message : {1, 2}) outbox.Send(message);
  outbox.EndAfterAll(grpc::Status::OK);
  outbox.EndNow(grpc::Status::CANCELLED);
  outbox.Written(true);
  EXPECT_THAT(reactor.written, ElementsAre(1));
  EXPECT_THAT(reactor.finished, ElementsAre(grpc::StatusCode::OK));
}

TEST(OutboxTest, AFailedWriteIsTheEnd) {
  FakeReactor reactor;
  TestOutbox outbox(reactor, kEveryEvent);
  outbox.Release();
  for (const int message : {1, 2}) outbox.Send(message);
  outbox.Written(false);
  EXPECT_THAT(reactor.written, ElementsAre(1));
  EXPECT_THAT(reactor.finished, ElementsAre(grpc::StatusCode::CANCELLED));
}

TEST(OutboxTest, SaysOnceThatThereIsRoom) {
  FakeReactor reactor;
  TestOutbox outbox(reactor, kEveryEvent);
  outbox.Release();
  EXPECT_TRUE(outbox.HasRoom());
  for (const int message : {1, 2, 3}) outbox.Send(message);
  EXPECT_FALSE(outbox.HasRoom());
  EXPECT_FALSE(outbox.Written(true));
  EXPECT_TRUE(outbox.Written(true));
  EXPECT_FALSE(outbox.Written(true));
  outbox.EndNow(grpc::Status::OK);
  EXPECT_FALSE(outbox.HasRoom());
}

}  // namespace
}  // namespace shop::test
