#ifndef PORTICO_GATEWAY_HTTP_ARRIVING_BODY_H_
#define PORTICO_GATEWAY_HTTP_ARRIVING_BODY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/http/chunked_body.h"
#include "gateway/http/limits.h"
#include "gateway/http/message.h"
#include "gateway/http/read_buffer.h"
#include "gateway/net/event.h"
#include "gateway/net/timeouts.h"

namespace portico::http {

// What an ArrivingBody needs of its connection.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // What has arrived behind the request's head and is not consumed yet.
  virtual ReadBuffer& received() = 0;
  // The connection gives nothing more.
  virtual bool ended() const = 0;
  // Reads on, unless enough is received. `missing` bytes of the body are still to come, for all that is known.
  virtual void ReadOn(uint64_t missing) = 0;
  // Tells a client that waits for it to send the body.
  virtual void AskForBody() = 0;
  virtual net::Timeouts& timeouts() = 0;
};

// The body of a request that is being handled, read from its connection as it is wanted. Within the body the client has
// `idle_time` to send another byte while somebody waits for one; how long it takes altogether is its own business.
// While nobody reads, little is read ahead, and the client's TCP stalls. Lives on one worker.
class ArrivingBody final : public BodyStream, private net::TimeLimit {
 public:
  // `length` is the announced one, ignored when chunked. All outlive it.
  ArrivingBody(BodySource& source, const Limits& limits, Request& request, bool chunked, uint64_t length, bool asks);

  Async<absl::StatusOr<bool>> Read(std::string* piece) override;
  void Stop() override;

  // More has arrived, or the connection has ended. May run what reads the body.
  void Arrived() { Wake(); }
  // All of it has been consumed: what has arrived behind it is another request.
  bool complete() const { return complete_; }

 private:
  // Moves what has arrived to `piece`; false when there was nothing.
  absl::StatusOr<bool> Take(std::string* piece);
  void Wake();
  void Expired() override;

  BodySource& source_;
  const Limits& limits_;
  Request& request_;
  const bool chunked_;
  uint64_t left_;  // when not chunked
  ChunkedBody chunks_;
  bool asks_;  // the client waits for "100 Continue"
  bool complete_ = false;
  bool stopped_ = false;
  bool late_ = false;
  absl::Status error_;                 // what went wrong, for good
  std::optional<net::Event> arrival_;  // somebody waits
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_ARRIVING_BODY_H_
