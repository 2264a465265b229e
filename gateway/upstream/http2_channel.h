#ifndef PORTICO_GATEWAY_UPSTREAM_HTTP2_CHANNEL_H_
#define PORTICO_GATEWAY_UPSTREAM_HTTP2_CHANNEL_H_

#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "gateway/net/deadline_queue.h"
#include "gateway/net/event.h"
#include "gateway/upstream/http2_call.h"
#include "gateway/upstream/http2_connection.h"
#include "gateway/upstream/transport.h"

namespace portico::upstream {

// The way of one worker to one server: a connection when there is one, attempts to get one when it is wanted, calls
// that wait for it, and old connections whose calls come to their end. Lives on its worker, by whoever has a call or
// the transport itself; not thread-safe.
//
//   idle -> connecting -> ready -> idle        a call connects; the server says goodbye
//              |  ^
//              v  |
//            backoff                           until the server is back
class Http2Channel final : public std::enable_shared_from_this<Http2Channel>, private Http2Connection::Owner {
 public:
  Http2Channel(net::Worker& worker, std::shared_ptr<const Http2Peer> peer, const TransportOptions& options);
  ~Http2Channel();

  // Starts the call as soon as it can, or ends it. See Http2Options for how long it may wait, apart from its deadline.
  void Submit(Http2Call& call);

  // A call that has ended waits no more.
  void Withdraw(Http2Call& call);

  // How many calls wait, for a connection or for the server's leave to begin.
  size_t waiting() const { return waiting_.size(); }

  bool reachable() const { return state_ == State::kReady || (failures_ == 0 && !recovering_); }
  bool connected() const { return state_ == State::kReady; }

  // See Transport::AwaitLoss().
  Async<bool> AwaitLoss(net::Deadline until);

  net::DeadlineQueue& deadlines() { return deadlines_; }
  const TransportOptions& options() const { return options_; }
  const Http2Options& http2() const { return peer_->options; }

 private:
  enum class State { kIdle, kConnecting, kReady, kBackoff };

  class Alarm final : public net::DeadlineQueue::Item {
   public:
    Alarm(Http2Channel& channel, void (Http2Channel::*ring)()) : channel_(channel), ring_(ring) {}

   private:
    void Expired() override { (channel_.*ring_)(); }
    Http2Channel& channel_;
    void (Http2Channel::*const ring_)();
  };
  struct LossWaiter;

  void Ready(Http2Connection& connection) override;
  void Room(Http2Connection& connection) override;
  void Leaving(Http2Connection& connection, bool by_error) override;
  void Lost(Http2Connection& connection) override;

  void StartAttempt();
  void AttemptTookTooLong();
  void BackoffOver();
  void PatienceOver();
  void Failed();
  // The connection in use is so no more. `failed`: unless it has served a call, another one is not tried at once.
  void Gone(const Http2Connection& connection, bool failed);
  void Enqueue(Http2Call& call);
  void Pump();
  void FailWaiting();

  net::Worker& worker_;
  const std::shared_ptr<const Http2Peer> peer_;
  const TransportOptions options_;
  net::DeadlineQueue deadlines_;  // before all that is in it

  State state_ = State::kIdle;
  std::shared_ptr<Http2Connection> connection_;             // being made, or in use
  std::vector<std::shared_ptr<Http2Connection>> retiring_;  // taking no new calls, with calls
  int failures_ = 0;                                        // attempts since a connection last was of use
  size_t first_address_ = 0;                                // of a name's, which the next attempt begins with
  bool recovering_ = false;  // a connection in use was lost, and the first attempt at another has not ended
  bool impatient_ = false;   // calls do not wait for the present attempt
  net::Deadline last_attempt_;
  Alarm attempt_alarm_{*this, &Http2Channel::AttemptTookTooLong};
  Alarm backoff_alarm_{*this, &Http2Channel::BackoffOver};
  Alarm patience_alarm_{*this, &Http2Channel::PatienceOver};
  Http2Call::Queue waiting_;
  std::vector<LossWaiter*> loss_waiters_;
  std::minstd_rand random_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HTTP2_CHANNEL_H_
