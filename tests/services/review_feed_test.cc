// The conversation about reviews.
#include <atomic>
#include <utility>

#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace std::chrono_literals;  // NOLINT
using reviews::v1::ReviewFeedRequest;
using reviews::v1::ReviewFeedResponse;
using Clock = std::chrono::steady_clock;

constexpr char kPojos[] = "pojos-in-action";

ReviewFeedRequest Subscribe(const std::string& product_id) {
  ReviewFeedRequest request;
  request.set_subscribe(product_id);
  return request;
}

ReviewFeedRequest Unsubscribe(const std::string& product_id) {
  ReviewFeedRequest request;
  request.set_unsubscribe(product_id);
  return request;
}

ReviewFeedRequest Create(const std::string& product_id, const std::string& title) {
  ReviewFeedRequest request;
  request.mutable_create()->set_product_id(product_id);
  request.mutable_create()->set_rating(5);
  request.mutable_create()->set_title(title);
  return request;
}

// One who takes part.
class Participant {
 public:
  explicit Participant(Reviews& reviews) {
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    stream_ = reviews.stub().ReviewFeed(&context);
    stream_->WaitForInitialMetadata();
  }

  void Say(const ReviewFeedRequest& request) { EXPECT_TRUE(stream_->Write(request)); }

  // The next thing the service says; empty at the end.
  ReviewFeedResponse Hear() {
    ReviewFeedResponse response;
    if (!stream_->Read(&response)) response.Clear();
    return response;
  }

  void SayNoMore() { stream_->WritesDone(); }
  grpc::Status Finish() { return stream_->Finish(); }

  grpc::ClientContext context;

 private:
  std::unique_ptr<grpc::ClientReaderWriter<ReviewFeedRequest, ReviewFeedResponse>> stream_;
};

TEST(ReviewFeedTest, WhoSubscribesHearsWhatOthersWrite) {
  Folder folder;
  Reviews reviews({.data = folder.path(), .seed = false});
  Participant reader(reviews);
  Participant writer(reviews);
  reader.Say(Subscribe(kPojos));
  EXPECT_EQ(reader.Hear().subscribed(), kPojos);
  writer.Say(Create("another-book", "elsewhere"));
  EXPECT_EQ(writer.Hear().created().title(), "elsewhere");
  writer.Say(Create(kPojos, "here"));
  const ReviewFeedResponse created = writer.Hear();
  EXPECT_EQ(created.created().review_id(), "rev-000002");
  EXPECT_EQ(created.created().author_name(), "A customer");
  EXPECT_EQ(reader.Hear().review().DebugString(), created.created().DebugString());
  // And what comes by CreateReview.
  reviews::v1::CreateReviewRequest request;
  request.set_product_id(kPojos);
  request.mutable_review()->set_rating(2);
  reviews::v1::Review review;
  ASSERT_TRUE(reviews.Call(&reviews::v1::ReviewService::Stub::CreateReview, request, &review).ok());
  EXPECT_EQ(reader.Hear().review().DebugString(), review.DebugString());
}

TEST(ReviewFeedTest, OnesOwnReviewsAreHeardAndAnswered) {
  Folder folder;
  Reviews reviews({.data = folder.path(), .seed = false});
  Participant one(reviews);
  one.Say(Subscribe(kPojos));
  one.Say(Subscribe(kPojos));  // once more changes nothing
  one.Say(Create(kPojos, "mine"));
  EXPECT_EQ(one.Hear().subscribed(), kPojos);
  EXPECT_EQ(one.Hear().subscribed(), kPojos);
  EXPECT_EQ(one.Hear().review().title(), "mine");
  EXPECT_EQ(one.Hear().created().title(), "mine");
  one.Say(Unsubscribe(kPojos));
  one.Say(Create(kPojos, "unheard"));
  EXPECT_EQ(one.Hear().unsubscribed(), kPojos);
  EXPECT_EQ(one.Hear().created().title(), "unheard");
}

TEST(ReviewFeedTest, AWrongMessageIsAnsweredAndEndsNothing) {
  Folder folder;
  Reviews reviews({.data = folder.path(), .seed = false});
  Participant one(reviews);
  one.Say(ReviewFeedRequest());
  one.Say(Subscribe("a b"));
  ReviewFeedRequest unrated = Create("", "x");
  unrated.mutable_create()->set_rating(6);
  one.Say(unrated);
  one.Say(Unsubscribe("never-subscribed"));
  for (const std::vector<std::string>& violations : {std::vector<std::string>{"action REQUIRED"},
                                                     {"subscribe INVALID_ID"},
                                                     {"create.product_id REQUIRED", "create.rating OUT_OF_RANGE"}}) {
    const google::rpc::Status error = one.Hear().error();
    ExpectViolations(
        grpc::Status(static_cast<grpc::StatusCode>(error.code()), error.message(), error.SerializeAsString()),
        violations);
  }
  EXPECT_EQ(one.Hear().unsubscribed(), "never-subscribed");
}

TEST(ReviewFeedTest, SubscriptionsAreBound) {
  Folder folder;
  Reviews reviews({.data = folder.path(), .seed = false});
  Participant one(reviews);
  for (int i = 0; i < 100; ++i) {
    one.Say(Subscribe("book-" + std::to_string(i)));
    EXPECT_EQ(one.Hear().event_case(), ReviewFeedResponse::kSubscribed);
  }
  one.Say(Subscribe("one-too-many"));
  EXPECT_EQ(one.Hear().error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(reviews.service().watcher_count(), 101u);
  one.context.TryCancel();
  EXPECT_TRUE(Eventually([&] { return reviews.service().watcher_count() == 0; }));
}

TEST(ReviewFeedTest, WhoHasSaidEverythingGetsAllAnswers) {
  Folder folder;
  Reviews reviews({.data = folder.path(), .seed = false});
  Participant one(reviews);
  constexpr int kMany = 500;
  std::thread speaker([&] {
    for (int i = 0; i < kMany; ++i) one.Say(Create(kPojos, std::to_string(i)));
    one.SayNoMore();
  });
  for (int i = 0; i < kMany; ++i) EXPECT_EQ(one.Hear().created().title(), std::to_string(i));
  EXPECT_EQ(one.Hear().event_case(), ReviewFeedResponse::EVENT_NOT_SET);
  EXPECT_TRUE(one.Finish().ok());
  speaker.join();
  EXPECT_TRUE(Eventually([&] { return reviews.service().watcher_count() == 0; }));
}

TEST(ReviewFeedTest, WhoDoesNotListenIsNotReadFrom) {
  Folder folder;
  Reviews reviews({.data = folder.path(), .seed = false});
  // Answers pile up nowhere: the service stops reading, and the caller's writes wait.
  Participant deaf(reviews);
  std::atomic<int> said = 0;
  std::thread speaker([&] {
    ReviewFeedRequest request = Create(kPojos, "long");
    request.mutable_create()->set_body(std::string(10'000, 'x'));
    while (said < 5000) {
      deaf.Say(request);
      ++said;
    }
    deaf.SayNoMore();
  });
  int before = -1;
  EXPECT_TRUE(Eventually([&] {
    std::this_thread::sleep_for(200ms);
    return std::exchange(before, said.load()) == said;
  }));
  EXPECT_LT(said, 5000);
  // Once the caller listens, everything goes on.
  int heard = 0;
  while (deaf.Hear().has_created()) ++heard;
  speaker.join();
  EXPECT_EQ(heard, 5000);
  EXPECT_TRUE(deaf.Finish().ok());
}

TEST(ReviewFeedTest, AStopEndsFeedsAtOnce) {
  Folder folder;
  Reviews reviews({.data = folder.path(), .seed = false});
  Participant subscriber(reviews);
  subscriber.Say(Subscribe(kPojos));
  EXPECT_EQ(subscriber.Hear().subscribed(), kPojos);
  Participant silent(reviews);
  const auto start = Clock::now();
  std::thread stop([&] { reviews.server().Stop(5min); });
  for (Participant* each : {&subscriber, &silent}) {
    EXPECT_EQ(each->Hear().event_case(), ReviewFeedResponse::EVENT_NOT_SET);
    EXPECT_EQ(each->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
  stop.join();
  EXPECT_LT(Clock::now() - start, 1min);
}

}  // namespace
}  // namespace shop::test
