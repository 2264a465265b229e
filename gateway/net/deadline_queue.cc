#include "gateway/net/deadline_queue.h"

#include <utility>

namespace portico::net {

DeadlineQueue::DeadlineQueue(Executor executor) : timer_(executor), self_(std::make_shared<DeadlineQueue*>(this)) {}

DeadlineQueue::~DeadlineQueue() {
  *self_ = nullptr;
  for (Item* item : heap_) item->queue_ = nullptr;
}

void DeadlineQueue::Set(Item& item, Deadline deadline) {
  if (item.queue_ != nullptr) item.queue_->Remove(item);
  if (deadline == kNoDeadline) return;
  item.queue_ = this;
  item.deadline_ = deadline;
  heap_.push_back(&item);
  item.place_ = heap_.size() - 1;
  Up(item.place_);
  if (deadline < armed_) Arm(deadline);
}

void DeadlineQueue::Remove(Item& item) {
  if (item.queue_ != this) return;
  item.queue_ = nullptr;
  const size_t place = item.place_;
  Item* const last = heap_.back();
  heap_.pop_back();
  if (last == &item) return;
  Place(last, place);
  Up(place);
  Down(last->place_);
}

void DeadlineQueue::Place(Item* item, size_t place) {
  heap_[place] = item;
  item->place_ = place;
}

void DeadlineQueue::Up(size_t place) {
  Item* const item = heap_[place];
  while (place > 0) {
    const size_t above = (place - 1) / 2;
    if (heap_[above]->deadline_ <= item->deadline_) break;
    Place(heap_[above], place);
    place = above;
  }
  Place(item, place);
}

void DeadlineQueue::Down(size_t place) {
  Item* const item = heap_[place];
  while (true) {
    size_t below = 2 * place + 1;
    if (below >= heap_.size()) break;
    if (below + 1 < heap_.size() && heap_[below + 1]->deadline_ < heap_[below]->deadline_) ++below;
    if (item->deadline_ <= heap_[below]->deadline_) break;
    Place(heap_[below], place);
    place = below;
  }
  Place(item, place);
}

void DeadlineQueue::Arm(Deadline at) {
  armed_ = at;
  timer_.expires_at(at);  // an earlier wait ends as aborted
  timer_.async_wait([self = self_](const boost::system::error_code& error) {
    if (!error && *self != nullptr) (*self)->Fire();
  });
}

void DeadlineQueue::Fire() {
  const std::shared_ptr<DeadlineQueue*> self = self_;
  armed_ = kNoDeadline;
  const Deadline now = Clock::now();
  while (!heap_.empty() && heap_.front()->deadline_ <= now) {
    Item& item = *heap_.front();
    Remove(item);
    item.Expired();
    if (*self == nullptr) return;
  }
  if (!heap_.empty() && heap_.front()->deadline_ < armed_) Arm(heap_.front()->deadline_);
}

}  // namespace portico::net
