#ifndef PORTICO_GATEWAY_NET_DEADLINE_QUEUE_H_
#define PORTICO_GATEWAY_NET_DEADLINE_QUEUE_H_

#include <boost/asio/basic_waitable_timer.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#include "gateway/net/async.h"

namespace portico::net {

// Exact deadlines of many short-lived things (calls, say) on one timer. The timer is set to the earliest deadline seen
// and looked at only when it fires: a deadline that is met costs two heap operations and no system call. For what may
// be 50 ms late, Timeouts is cheaper still. Lives on one worker; not thread-safe.
class DeadlineQueue {
 public:
  // Something with a deadline. May be destroyed at any time, also while deadlines expire.
  class Item {
   public:
    Item() = default;
    Item(const Item&) = delete;
    Item& operator=(const Item&) = delete;

   protected:
    ~Item() {
      if (queue_ != nullptr) queue_->Remove(*this);
    }

   private:
    friend class DeadlineQueue;
    // On the worker's loop, once, at the deadline or right after; the item has left the queue by then.
    virtual void Expired() = 0;

    DeadlineQueue* queue_ = nullptr;
    size_t place_ = 0;
    Deadline deadline_ = kNoDeadline;
  };

  explicit DeadlineQueue(Executor executor);
  // Items that are left expire no more.
  ~DeadlineQueue();
  DeadlineQueue(const DeadlineQueue&) = delete;
  DeadlineQueue& operator=(const DeadlineQueue&) = delete;

  // Replaces the item's earlier deadline; kNoDeadline takes it out.
  void Set(Item& item, Deadline deadline);
  // Does nothing when the item is in no queue.
  void Remove(Item& item);

 private:
  void Place(Item* item, size_t place);
  void Up(size_t place);
  void Down(size_t place);
  void Arm(Deadline at);
  void Fire();

  std::vector<Item*> heap_;  // the earliest first
  Deadline armed_ = kNoDeadline;
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor> timer_;
  std::shared_ptr<DeadlineQueue*> self_;  // for the timer's handler: null once destroyed
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_DEADLINE_QUEUE_H_
