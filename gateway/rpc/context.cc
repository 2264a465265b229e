#include "gateway/rpc/context.h"

#include <algorithm>

namespace portico::rpc {

Context::Context(Context& parent, net::Deadline deadline)
    : worker_(parent.worker_),
      deadline_(std::min(deadline, parent.deadline_)),
      cancelled_(parent.cancelled_),
      optional_(parent.optional_),
      sparing_(parent.sparing_),
      parent_(&parent),
      metadata_(parent.metadata_),
      headers_(parent.headers_),
      claims_(parent.claims_),
      tried_(parent.tried_),
      frontend_(parent.frontend_),
      pin_(parent.pin_) {
  parent.children_.push_back(this);
}

Context::~Context() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  while (callbacks_ != nullptr) callbacks_->Unlink();
  for (Context* child : children_) child->parent_ = nullptr;
  if (parent_ != nullptr) std::erase(parent_->children_, this);
}

void Context::Cancel() {
  if (cancelled_) return;
  cancelled_ = true;
  // A callback may resume a coroutine that destroys other callbacks, children, or this context: take the list apart
  // from the front, and look at `this` no more once it is gone.
  bool destroyed = false;
  destroyed_ = &destroyed;
  while (!destroyed && callbacks_ != nullptr) {
    CancelCallback* callback = callbacks_;
    callback->Unlink();
    absl::AnyInvocable<void()> run = std::move(callback->callback_);
    run();
  }
  while (!destroyed && !children_.empty()) {
    Context* child = children_.back();
    children_.pop_back();
    child->parent_ = nullptr;
    child->Cancel();
  }
  if (!destroyed) destroyed_ = nullptr;
}

const std::shared_ptr<const Metadata>& Context::EmptyMetadata() {
  static const auto& empty = *new std::shared_ptr<const Metadata>(std::make_shared<Metadata>());
  return empty;
}

CancelCallback::CancelCallback(Context& context, absl::AnyInvocable<void()> callback) : callback_(std::move(callback)) {
  if (context.cancelled_) {
    std::move(callback_)();
    return;
  }
  context_ = &context;
  next_ = context.callbacks_;
  if (next_ != nullptr) next_->link_ = &next_;
  link_ = &context.callbacks_;
  context.callbacks_ = this;
}

CancelCallback::~CancelCallback() {
  Unlink();
}

void CancelCallback::Unlink() {
  if (context_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  context_ = nullptr;
}

}  // namespace portico::rpc
