#include "gateway/upstream/http2_channel.h"

#include <algorithm>

#include "gateway/upstream/backoff.h"
#include "gateway/upstream/grpc_status.h"

namespace portico::upstream {
namespace {

// A server that keeps leaving does not make us keep more connections than this.
constexpr size_t kMaxRetiring = 8;
// Whoever lost a connection used so recently gets another one at once; an idle one is not missed.
constexpr std::chrono::seconds kRecentlyUsed(10);

}  // namespace

struct Http2Channel::LossWaiter final : net::DeadlineQueue::Item {
  void Expired() override { done.Set(); }
  net::Event done;
  bool lost = false;
};

Http2Channel::Http2Channel(net::Worker& worker, std::shared_ptr<const Http2Peer> peer, const TransportOptions& options)
    : worker_(worker),
      peer_(std::move(peer)),
      options_(options),
      deadlines_(worker.executor()),
      random_(std::random_device()()) {}

Http2Channel::~Http2Channel() {
  if (connection_ != nullptr) connection_->Close();
  for (const auto& connection : retiring_) connection->Close();
}

// ---- calls

void Http2Channel::Submit(Http2Call& call) {
  switch (state_) {
    case State::kReady:
      if (waiting_.empty() && connection_->HasRoom() && connection_->Start(call)) return;
      Enqueue(call);
      // Without an answer to its numbers being used up the connection would stay as it is.
      if (!call.ended() && connection_->HasRoom()) Pump();
      return;
    case State::kIdle:
      Enqueue(call);
      StartAttempt();
      return;
    case State::kConnecting:
      return impatient_ ? call.Abort(Unreached()) : Enqueue(call);
    case State::kBackoff:
      if (net::Clock::now() - last_attempt_ < http2().patience) return call.Abort(Unreached());
      Enqueue(call);
      StartAttempt();
      return;
  }
}

void Http2Channel::Enqueue(Http2Call& call) {
  if (waiting_.size() >= http2().max_waiting) return call.Abort(Unreached());
  call.place() = waiting_.emplace(waiting_.end(), &call);
}

void Http2Channel::Withdraw(Http2Call& call) {
  if (const auto place = std::exchange(call.place(), absl::nullopt)) waiting_.erase(*place);
}

void Http2Channel::Pump() {
  const std::shared_ptr<Http2Channel> self = shared_from_this();
  while (!waiting_.empty() && state_ == State::kReady) {
    if (!connection_->HasRoom()) return;
    Http2Call& first = *waiting_.front();
    if (!connection_->Start(first)) return Leaving(*connection_, false);
    Withdraw(first);  // the session keeps it
  }
}

void Http2Channel::FailWaiting() {
  Http2Call::Queue waiting;
  waiting.swap(waiting_);  // whoever fails may call again
  for (const auto& call : waiting) call->place().reset();
  for (const auto& call : waiting) call->Abort(Unreached());
}

// ---- connections

void Http2Channel::StartAttempt() {
  deadlines_.Remove(backoff_alarm_);
  state_ = State::kConnecting;
  impatient_ = false;
  last_attempt_ = net::Clock::now();
  deadlines_.Set(attempt_alarm_, last_attempt_ + http2().connect_time);
  if (failures_ > 0) deadlines_.Set(patience_alarm_, last_attempt_ + http2().patience);
  connection_ = Http2Connection::Open(worker_, peer_, first_address_, *this);
}

void Http2Channel::AttemptTookTooLong() {
  if (state_ != State::kConnecting) return;
  const std::shared_ptr<Http2Connection> connection = std::move(connection_);
  connection->Close();
  Failed();
}

void Http2Channel::PatienceOver() {
  if (state_ != State::kConnecting) return;
  const std::shared_ptr<Http2Channel> self = shared_from_this();
  impatient_ = true;
  FailWaiting();
}

void Http2Channel::BackoffOver() {
  if (state_ == State::kBackoff) StartAttempt();
}

void Http2Channel::Failed() {
  const std::shared_ptr<Http2Channel> self = shared_from_this();
  deadlines_.Remove(attempt_alarm_);
  deadlines_.Remove(patience_alarm_);
  state_ = State::kBackoff;
  recovering_ = false;
  const double chance = std::uniform_real_distribution<double>(0, 1)(random_);
  const auto pause = BackoffPause(http2().first_backoff, http2().last_backoff, failures_, chance);
  failures_ = std::min(failures_ + 1, 1000);
  ++first_address_;
  deadlines_.Set(backoff_alarm_, net::Clock::now() + pause);
  FailWaiting();
}

void Http2Channel::Ready(Http2Connection& connection) {
  if (&connection != connection_.get()) return;
  deadlines_.Remove(attempt_alarm_);
  deadlines_.Remove(patience_alarm_);
  state_ = State::kReady;
  recovering_ = false;
  Pump();
}

void Http2Channel::Room(Http2Connection& connection) {
  if (&connection == connection_.get()) {
    if (!waiting_.empty()) Pump();
    return;
  }
  if (connection.active() > 0) return;
  std::erase_if(retiring_, [&](const auto& retiring) {
    if (retiring.get() != &connection) return false;
    retiring->Close();
    return true;
  });
}

void Http2Channel::Gone(const Http2Connection& connection, bool failed) {
  const std::shared_ptr<Http2Channel> self = shared_from_this();
  deadlines_.Remove(attempt_alarm_);
  deadlines_.Remove(patience_alarm_);
  if (connection.served()) failures_ = 0;
  state_ = State::kIdle;
  for (LossWaiter* waiter : std::exchange(loss_waiters_, {})) {
    waiter->lost = true;
    waiter->done.Set();
  }
  if (state_ != State::kIdle) return;  // somebody has called meanwhile
  if (failed && !connection.served()) return Failed();
  if (!waiting_.empty() || net::Clock::now() - connection.last_used() < kRecentlyUsed) {
    recovering_ = true;
    StartAttempt();
  }
}

void Http2Channel::Leaving(Http2Connection& connection, bool by_error) {
  if (&connection != connection_.get()) return;
  const std::shared_ptr<Http2Channel> self = shared_from_this();
  const std::shared_ptr<Http2Connection> leaving = std::move(connection_);
  state_ = State::kIdle;
  // One that ends before anybody uses it counts as a failure, however friendly its goodbye: a server that says no more
  // than that is not asked without a pause.
  const bool unused = leaving->active() == 0;
  std::shared_ptr<Http2Connection> closing;
  if (unused) {
    closing = leaving;
  } else {
    if (retiring_.size() == kMaxRetiring) {
      closing = retiring_.front();
      retiring_.erase(retiring_.begin());
    }
    retiring_.push_back(leaving);
  }
  Gone(*leaving, by_error || unused);
  // Last, since this fails the calls that are left on it, and whoever made them may call again from in here.
  if (closing != nullptr) closing->Close();
}

void Http2Channel::Lost(Http2Connection& connection) {
  if (&connection == connection_.get()) {
    const std::shared_ptr<Http2Connection> lost = std::move(connection_);
    if (state_ == State::kConnecting) return Failed();
    return Gone(*lost, true);
  }
  std::erase_if(retiring_, [&](const auto& retiring) { return retiring.get() == &connection; });
}

Async<bool> Http2Channel::AwaitLoss(net::Deadline until) {
  if (!connected()) co_return false;
  const std::shared_ptr<Http2Channel> self = shared_from_this();
  LossWaiter waiter;
  loss_waiters_.push_back(&waiter);
  deadlines_.Set(waiter, until);
  co_await waiter.done.Wait();
  std::erase(loss_waiters_, &waiter);
  co_return waiter.lost;
}

}  // namespace portico::upstream
