#ifndef PORTICO_GATEWAY_HTTP_WEBSOCKET_H_
#define PORTICO_GATEWAY_HTTP_WEBSOCKET_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/http/message.h"

namespace portico::http {

// How a WebSocket ends (RFC 6455, section 7.4).
struct WebSocketEnd {
  uint16_t code = 1000;
  std::string reason;  // UTF-8, at most 123 bytes
};

// The open WebSocket of a client, for the session on it. Pings, fragments, compression, UTF-8 and closing are its own
// business. One coroutine may read while another writes. Lives on one worker.
class WebSocket {
 public:
  enum class Incoming { kText, kBinary, kLeft };

  virtual ~WebSocket() = default;
  // Replaces `message` by the next whole message. kLeft: the client has closed, is lost, or broke the protocol, and has
  // been told so. While nobody reads the client is slowed down by flow control.
  virtual Async<Incoming> Read(std::string* message) = 0;
  // Sends a text message; returns when the next may be sent. False when the client is gone.
  virtual Async<bool> Write(absl::string_view text) = 0;
  // Says goodbye and waits for the client's, within a time limit. A Read() under way returns kLeft. The last call.
  virtual Async<void> Close(WebSocketEnd end) = 0;
};

struct WebSocketOptions {
  size_t message_bytes = 4194304;               // of one message, unpacked; beyond: 1009
  std::chrono::milliseconds ping_after{30000};  // of silence; after twice as much the client is lost. Zero: never
};

// What is done with a WebSocket. As `stream` of a response with status 101 it makes the connection switch protocols;
// the response's headers go out with the switch. Destroyed when the connection has ended.
class WebSocketSession : public BodyStream {
 public:
  explicit WebSocketSession(const WebSocketOptions& options) : options_(options) {}

  // Returns when both sides are done with the socket.
  virtual Async<void> Serve(WebSocket& socket) = 0;
  // The client is about to leave, or has left; may come more than once, also while Serve() waits for something else.
  virtual void Left() = 0;

  const WebSocketOptions& options() const { return options_; }
  Async<absl::StatusOr<bool>> Read(std::string*) final { co_return absl::FailedPreconditionError("a WebSocket"); }

 private:
  const WebSocketOptions options_;
};

// Whether the client wants to switch to WebSocket: a GET with "Upgrade: websocket" that Connection names. All other
// upgrades are ignored, as RFC 9110, section 7.8, allows.
bool AsksForWebSocket(const Request& request);

// Whether that wish is well-formed (RFC 6455, section 4.2.1). INVALID_ARGUMENT with the HTTP status: 426 for another
// version than 13, else 400.
absl::Status CheckWebSocketRequest(const Request& request);

// Whether no page asks, or one that came from the host that is asked. The scheme is not compared: TLS may end before
// the gateway.
bool IsOfOwnOrigin(const Request& request);

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_WEBSOCKET_H_
