#ifndef PORTICO_GATEWAY_UPSTREAM_FORWARDING_STREAM_H_
#define PORTICO_GATEWAY_UPSTREAM_FORWARDING_STREAM_H_

#include <memory>
#include <string>
#include <utility>

#include "gateway/rpc/handler.h"

namespace portico::upstream {

// A stream that does what another one does: the base of those that look on.
class ForwardingStream : public rpc::Stream {
 public:
  explicit ForwardingStream(std::unique_ptr<rpc::Stream> next) : next_(std::move(next)) {}

  Async<absl::Status> Write(rpc::Payload message) override { return next_->Write(std::move(message)); }
  Async<absl::Status> CloseWrite() override { return next_->CloseWrite(); }
  Async<bool> AwaitHeaders(net::Deadline until) override { return next_->AwaitHeaders(until); }
  Async<absl::StatusOr<bool>> Read(std::string* message) override { return next_->Read(message); }
  const rpc::Metadata& headers() const override { return next_->headers(); }
  const rpc::Metadata& trailers() const override { return next_->trailers(); }

 protected:
  rpc::Stream& next() { return *next_; }
  void set_next(std::unique_ptr<rpc::Stream> next) { next_ = std::move(next); }

 private:
  std::unique_ptr<rpc::Stream> next_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_FORWARDING_STREAM_H_
