#include "services/reviews/review_feed.h"

#include <grpcpp/alarm.h>

#include <set>
#include <string>
#include <utility>

#include "services/base/errors.h"
#include "services/base/outbox.h"
#include "services/base/validator.h"

namespace shop::reviews {
namespace {

constexpr size_t kMostSubscriptions = 100;

// Listening to this, which is no product, makes a feed hear of the service's end before it has subscribed to anything.
constexpr char kNoProduct[] = "";

using Reactor = grpc::ServerBidiReactor<v1::ReviewFeedRequest, v1::ReviewFeedResponse>;

class ReviewFeed final : public Reactor, private Feed<v1::Review>::Listener {
 public:
  ReviewFeed(ReviewBoard& board, std::chrono::milliseconds delay) : board_(board), outbox_(*this, kEveryEvent) {
    if (delay > std::chrono::milliseconds::zero()) {
      alarm_.Set(std::chrono::system_clock::now() + delay, [this](bool) { Begin(); });
    } else {
      Begin();
    }
  }

  void OnReadDone(bool ok) override {
    // The caller has said everything, or left.
    if (!ok) return outbox_.EndAfterAll(grpc::Status::OK);
    const grpc::Status done = Take();
    if (!done.ok()) {
      v1::ReviewFeedResponse answer;
      *answer.mutable_error() = ToMessage(done);
      outbox_.Send(std::move(answer));
    }
    if (outbox_.HasRoom()) StartRead(&request_);
  }

  void OnWriteDone(bool ok) override {
    if (outbox_.Written(ok)) StartRead(&request_);
  }

  void OnCancel() override {
    outbox_.EndNow(grpc::Status(grpc::StatusCode::CANCELLED, "the caller left"));
    alarm_.Cancel();
  }

  void OnDone() override {
    // From here on the board's feed, which calls under its lock, knows this no longer.
    for (const std::string& product_id : subscriptions_) board_.feed().Leave(product_id, *this);
    board_.feed().Leave(kNoProduct, *this);
    delete this;
  }

 private:
  void Begin() {
    board_.feed().Join(kNoProduct, *this, [this](const grpc::Status& joined) {
      if (joined.ok()) {
        StartSendInitialMetadata();
        StartRead(&request_);
      } else {
        outbox_.EndNow(joined);
      }
      outbox_.Release();
    });
  }

  // Does what the caller asks, and answers it unless it is an error.
  grpc::Status Take() {
    switch (request_.action_case()) {
      case v1::ReviewFeedRequest::kSubscribe:
        return Subscribe(request_.subscribe());
      case v1::ReviewFeedRequest::kUnsubscribe:
        return Unsubscribe(request_.unsubscribe());
      case v1::ReviewFeedRequest::kCreate:
        return Create(request_.create());
      case v1::ReviewFeedRequest::ACTION_NOT_SET:
        break;
    }
    Validator check;
    check.Fail("action", "REQUIRED", "must be subscribe, unsubscribe or create");
    return check.status();
  }

  grpc::Status Subscribe(const std::string& product_id) {
    Validator check;
    check.Id("subscribe", product_id);
    if (subscriptions_.size() == kMostSubscriptions && !subscriptions_.contains(product_id)) {
      check.Fail("subscribe", "TOO_MANY", "must be 100 products at most");
    }
    if (!check.ok()) return check.status();
    grpc::Status status;
    board_.feed().Join(product_id, *this, [&](const grpc::Status& joined) {
      status = joined;
      if (!joined.ok()) return;
      subscriptions_.insert(product_id);
      // Under the lock, so that the answer comes before any review.
      v1::ReviewFeedResponse answer;
      answer.set_subscribed(product_id);
      outbox_.Send(std::move(answer));
    });
    return status;
  }

  grpc::Status Unsubscribe(const std::string& product_id) {
    Validator check;
    check.Id("unsubscribe", product_id);
    if (!check.ok()) return check.status();
    board_.feed().Leave(product_id, *this, [&] {
      subscriptions_.erase(product_id);
      v1::ReviewFeedResponse answer;
      answer.set_unsubscribed(product_id);
      outbox_.Send(std::move(answer));
    });
    return grpc::Status::OK;
  }

  grpc::Status Create(const v1::Review& review) {
    Validator check;
    check.Id("create.product_id", review.product_id());
    CheckReview("create", review, check);
    if (!check.ok()) return check.status();
    v1::ReviewFeedResponse answer;
    *answer.mutable_created() = review;
    const grpc::Status posted = board_.Post(*answer.mutable_created());
    if (posted.ok()) outbox_.Send(std::move(answer));
    return posted;
  }

  void Hear(const v1::Review& review) override {
    v1::ReviewFeedResponse event;
    *event.mutable_review() = review;
    outbox_.Send(std::move(event));
  }
  void HearEnd(const grpc::Status& status) override { outbox_.EndNow(status); }

  ReviewBoard& board_;
  v1::ReviewFeedRequest request_;
  // Touched by OnReadDone(), which is called by one thread at a time, and after it by OnDone().
  std::set<std::string> subscriptions_;
  Outbox<Reactor, v1::ReviewFeedResponse> outbox_;
  grpc::Alarm alarm_;
};

}  // namespace

grpc::ServerBidiReactor<v1::ReviewFeedRequest, v1::ReviewFeedResponse>* OpenFeed(ReviewBoard& board,
                                                                                 std::chrono::milliseconds delay) {
  return new ReviewFeed(board, delay);
}

}  // namespace shop::reviews
