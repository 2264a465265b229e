#ifndef PORTICO_GATEWAY_HTTP_WEBSOCKET_CONNECTION_H_
#define PORTICO_GATEWAY_HTTP_WEBSOCKET_CONNECTION_H_

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "gateway/http/limits.h"
#include "gateway/http/websocket.h"
#include "gateway/net/worker.h"

namespace portico::http {

// A client's connection after it has switched to WebSocket. Lives on one worker.
class WebSocketConnection {
 public:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, net::Executor>;

  // Nothing reads or writes the socket any more, and nothing has arrived behind the request. Of `limits` write_stall
  // holds: a client that takes no byte of a message for so long is cut, whatever it sends meanwhile.
  static std::shared_ptr<WebSocketConnection> Create(net::Worker& worker, Socket socket, const Limits& limits);
  virtual ~WebSocketConnection() = default;

  // Answers `request` with 101 and the headers of `response`, and lets `session` serve until it is done. All outlive
  // the await.
  virtual Async<Sent> Run(const Request& request, const Response& response, WebSocketSession& session) = 0;

  // Closes now, without a word; Run() returns soon.
  virtual void Cut() = 0;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_WEBSOCKET_CONNECTION_H_
