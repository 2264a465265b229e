#include "gateway/net/async.h"

#include <boost/asio/post.hpp>

namespace portico::net {
namespace {

// Destroys a chain of coroutines from its outermost on, whether the loop still runs it or only drops it.
class Destruction {
 public:
  explicit Destruction(std::coroutine_handle<> outermost) : outermost_(outermost) {}
  Destruction(Destruction&& other) noexcept : outermost_(std::exchange(other.outermost_, nullptr)) {}
  ~Destruction() {
    if (outermost_) outermost_.destroy();
  }
  void operator()() {}

 private:
  std::coroutine_handle<> outermost_;
};

}  // namespace

void Suspended::Abandon() {
  boost::asio::post(root_->loop->get_executor(), Destruction(root_->coroutine));
}

}  // namespace portico::net
