#ifndef PORTICO_GATEWAY_NET_STREAM_SOCKET_H_
#define PORTICO_GATEWAY_NET_STREAM_SOCKET_H_

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "gateway/net/async.h"

namespace portico::net {

// A connected byte stream of whatever family: TCP over either IP, or a Unix socket.
using StreamSocket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_STREAM_SOCKET_H_
