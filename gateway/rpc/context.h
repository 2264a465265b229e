#ifndef PORTICO_GATEWAY_RPC_CONTEXT_H_
#define PORTICO_GATEWAY_RPC_CONTEXT_H_

#include <memory>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "gateway/net/async.h"
#include "gateway/net/worker.h"
#include "gateway/rpc/metadata.h"
#include "gateway/rpc/tried_servers.h"

namespace portico::transcode {
class FieldSelection;
}

namespace portico::compose {
class Trace;
}

namespace portico::rpc {

// What travels with a call besides its payload: who runs it, until when, on whose behalf, and whether anybody still
// wants the answer. A call made for another one (a part of a composed answer, an attempt of a retry) has a child
// context, which is cancelled with its parent and may have a shorter deadline.
//
// Lives on one worker; not thread-safe. A child does not outlive what its parent points to, but may outlive the parent
// itself: it is then an orphan, cancelled no more.
class Context {
 public:
  Context(net::Worker& worker, net::Deadline deadline) : worker_(&worker), deadline_(deadline) {}

  // A child: inherits everything; its deadline is the earlier one.
  Context(Context& parent, net::Deadline deadline);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  net::Worker& worker() const { return *worker_; }
  net::Deadline deadline() const { return deadline_; }
  void ShortenDeadline(net::Deadline deadline) {
    if (deadline < deadline_) deadline_ = deadline;
  }

  // Nobody waits for the answer any more: runs the callbacks, once, and cancels the children. The call still returns,
  // with CANCELLED, as soon as it can.
  void Cancel();
  bool cancelled() const { return cancelled_; }

  // Metadata to hand to services; never null.
  const Metadata& metadata() const { return *metadata_; }
  void set_metadata(std::shared_ptr<const Metadata> metadata) { metadata_ = std::move(metadata); }

  // The headers of the client's request, for `header.NAME`; nullptr when the call did not come over HTTP.
  const Attributes* headers() const { return headers_; }
  void set_headers(const Attributes* headers) { headers_ = headers; }

  // The verified claims of the caller, for `claim.NAME`; nullptr when nobody proved who calls.
  const Attributes* claims() const { return claims_; }
  void set_claims(const Attributes* claims) { claims_ = claims; }

  // Which fields of the reply the client asked for with `fields=`; nullptr when all. A composer makes only the calls
  // these need. Not inherited by children: their replies are others.
  const transcode::FieldSelection* selection() const { return selection_; }
  void set_selection(const transcode::FieldSelection* selection) { selection_ = selection; }

  // Where a composer notes what it calls, for who wants to see (`explain=1`); nullptr when nobody does. Not inherited
  // by children.
  compose::Trace* trace() const { return trace_; }
  void set_trace(compose::Trace* trace) { trace_ = trace; }

  // The call is for something the answer can do without: where room is short it is refused first. Inherited by
  // children.
  bool optional() const { return optional_; }
  void set_optional() { optional_ = true; }

  // The gateway is close to its own limits: what an answer can do without is not even called for. Inherited by
  // children.
  bool sparing() const { return sparing_; }
  void set_sparing() { sparing_ = true; }

  // Where this call has been sent so far. Whoever sends it somewhere adds to it; whoever makes another attempt in a
  // child tells parent and siblings of each other's. Children inherit what there is when they begin.
  const TriedServers& tried() const { return tried_; }
  TriedServers& tried() { return tried_; }

  // The name of the frontend that the call came in by; empty when by none. Points into what the context pins. Inherited
  // by children.
  absl::string_view frontend() const { return frontend_; }
  void set_frontend(absl::string_view frontend) { frontend_ = frontend; }

  // How long ago the reply was made, when a cache had it; zero otherwise.
  net::Clock::duration reply_age() const { return reply_age_; }
  void set_reply_age(net::Clock::duration age) { reply_age_ = age; }

  // The metadata of the failure this call ended with; nullptr when no service sent any. A reply has its own.
  const FailureMetadata* failure_metadata() const { return failure_metadata_.get(); }
  void set_failure_metadata(std::unique_ptr<FailureMetadata> metadata) { failure_metadata_ = std::move(metadata); }
  std::unique_ptr<FailureMetadata> take_failure_metadata() { return std::move(failure_metadata_); }

  // Keeps what the call was routed by (the snapshot: schema, plans, clusters) alive until it is over.
  const std::shared_ptr<const void>& pin() const { return pin_; }
  void set_pin(std::shared_ptr<const void> pin) { pin_ = std::move(pin); }

 private:
  friend class CancelCallback;

  net::Worker* worker_;
  net::Deadline deadline_;
  bool cancelled_ = false;
  bool optional_ = false;
  bool sparing_ = false;
  Context* parent_ = nullptr;
  std::vector<Context*> children_;
  class CancelCallback* callbacks_ = nullptr;  // intrusive list
  bool* destroyed_ = nullptr;                  // set by the destructor while Cancel() runs
  std::shared_ptr<const Metadata> metadata_ = EmptyMetadata();
  const Attributes* headers_ = nullptr;
  const Attributes* claims_ = nullptr;
  const transcode::FieldSelection* selection_ = nullptr;
  compose::Trace* trace_ = nullptr;
  TriedServers tried_;
  absl::string_view frontend_;
  net::Clock::duration reply_age_{};
  std::unique_ptr<FailureMetadata> failure_metadata_;
  std::shared_ptr<const void> pin_;

  static const std::shared_ptr<const Metadata>& EmptyMetadata();
};

// Runs a callback when the context is cancelled (at once when it already is), unless destroyed before.
class CancelCallback {
 public:
  CancelCallback(Context& context, absl::AnyInvocable<void()> callback);
  ~CancelCallback();
  CancelCallback(const CancelCallback&) = delete;
  CancelCallback& operator=(const CancelCallback&) = delete;

 private:
  friend class Context;
  void Unlink();

  Context* context_ = nullptr;  // nullptr once run or unlinked
  absl::AnyInvocable<void()> callback_;
  CancelCallback* next_ = nullptr;
  CancelCallback** link_ = nullptr;
};

}  // namespace portico::rpc

#endif  // PORTICO_GATEWAY_RPC_CONTEXT_H_
