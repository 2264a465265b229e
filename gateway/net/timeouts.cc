#include "gateway/net/timeouts.h"

#include <algorithm>

namespace portico::net {

void TimeLimit::Set(Timeouts& timeouts, Deadline deadline) {
  deadline_ = deadline;
  if (deadline == kNoDeadline) return;
  if (linked()) {
    if (deadline >= looked_at_) return;
    Unlink();
  }
  timeouts.Link(*this);
}

void TimeLimit::Unlink() {
  if (!linked()) return;
  next_->previous_ = previous_;
  previous_->next_ = next_;
  next_ = previous_ = nullptr;
  if (owner_ != nullptr) --owner_->linked_;
  owner_ = nullptr;
}

Timeouts::Timeouts(Executor executor) : timer_(executor), self_(std::make_shared<Timeouts*>(this)) {
  for (Head& head : slots_) head.next_ = head.previous_ = &head;
}

Timeouts::~Timeouts() {
  *self_ = nullptr;
  // Connections may outlive the wheel: the loop that holds them is destroyed after it.
  for (Head& head : slots_) {
    while (head.next_ != &head) head.next_->Unlink();
    head.next_ = nullptr;
  }
}

void Timeouts::Link(TimeLimit& limit) {
  if (!running_) {
    running_ = true;
    now_ = Clock::now();
    Schedule();
  }
  // At least one tick ahead: the current slot is being emptied, or has been.
  const auto ahead = limit.deadline_ <= now_ ? Clock::duration::zero() : limit.deadline_ - now_;
  const auto ticks = std::clamp<Clock::rep>((ahead + kTick - Clock::duration(1)) / kTick, 1, kSlots - 1);
  Head& head = slots_[(current_ + static_cast<size_t>(ticks)) % kSlots];
  limit.looked_at_ = now_ + ticks * kTick;
  limit.owner_ = this;
  limit.next_ = &head;
  limit.previous_ = head.previous_;
  head.previous_->next_ = &limit;
  head.previous_ = &limit;
  ++linked_;
}

void Timeouts::Schedule() {
  timer_.expires_at(now_ + kTick);
  timer_.async_wait([self = self_](const boost::system::error_code& error) {
    if (!error && *self != nullptr) (*self)->Tick();
  });
}

void Timeouts::Tick() {
  const std::shared_ptr<Timeouts*> self = self_;
  const Deadline reached = Clock::now();
  // Several slots at once when the loop was busy for longer than a tick. A whole turn of the wheel is enough to see
  // every limit, however long the loop slept.
  for (size_t turned = 0; now_ + kTick <= reached && turned < kSlots; ++turned) {
    now_ += kTick;
    current_ = (current_ + 1) % kSlots;
    Head& head = slots_[current_];
    Head due;
    due.next_ = due.previous_ = &due;
    if (head.next_ != &head) {
      due.next_ = head.next_;
      due.previous_ = head.previous_;
      due.next_->previous_ = &due;
      due.previous_->next_ = &due;
      head.next_ = head.previous_ = &head;
    }
    while (due.next_ != &due) {
      TimeLimit& limit = *due.next_;
      limit.Unlink();
      if (limit.deadline_ == kNoDeadline) continue;
      if (limit.deadline_ > now_) {
        Link(limit);
        continue;
      }
      limit.deadline_ = kNoDeadline;
      limit.Expired();
    }
    due.next_ = nullptr;
  }
  now_ = std::max(now_, reached - kTick);
  if (linked_ == 0) {
    running_ = false;
    return;
  }
  Schedule();
}

}  // namespace portico::net
