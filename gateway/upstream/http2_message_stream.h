#ifndef PORTICO_GATEWAY_UPSTREAM_HTTP2_MESSAGE_STREAM_H_
#define PORTICO_GATEWAY_UPSTREAM_HTTP2_MESSAGE_STREAM_H_

#include <boost/intrusive_ptr.hpp>
#include <string>

#include "gateway/rpc/handler.h"
#include "gateway/upstream/http2_call.h"

namespace portico::upstream {

// A streaming call over HTTP/2. One read and one write may be under way at a time.
class Http2MessageStream final : public rpc::Stream {
 public:
  // Begins the call, which has not been started.
  Http2MessageStream(boost::intrusive_ptr<Http2Call> call, rpc::Context& context);
  ~Http2MessageStream() override;

  Async<absl::Status> Write(rpc::Payload message) override;
  Async<absl::Status> CloseWrite() override;
  Async<bool> AwaitHeaders(net::Deadline until) override;
  Async<absl::StatusOr<bool>> Read(std::string* message) override;
  const rpc::Metadata& headers() const override { return call_->reply().headers; }
  const rpc::Metadata& trailers() const override { return call_->reply().trailers; }

 private:
  net::Worker& worker_;
  const boost::intrusive_ptr<Http2Call> call_;
  rpc::CancelCallback cancel_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HTTP2_MESSAGE_STREAM_H_
