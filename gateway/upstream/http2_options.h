#ifndef PORTICO_GATEWAY_UPSTREAM_HTTP2_OPTIONS_H_
#define PORTICO_GATEWAY_UPSTREAM_HTTP2_OPTIONS_H_

#include <chrono>
#include <cstddef>

#include "gateway/net/http2_session.h"

namespace portico::upstream {

// What of the HTTP/2 transport is the same for all clusters.
struct Http2Options {
  using Duration = std::chrono::milliseconds;

  // From the first look-up of a name to the server's SETTINGS; a lost SYN is repeated after a second.
  Duration connect_time{2000};

  // Between failed attempts to connect: the first wait, growing to the last, each a fifth more or less by chance.
  Duration first_backoff{20};
  Duration last_backoff{1000};
  // A call that comes during such a wait starts an attempt of its own when the last one began this long ago, and waits
  // as long for it. So whoever calls again finds a server that is back, and nobody waits long for one that is not.
  Duration patience{100};

  // A connection with calls on which nothing comes for so long is asked (PING) whether it is alive, and given up when
  // no answer comes in time. Servers take frequent questions ill, so that the next one waits.
  Duration keepalive_after{20000};
  Duration keepalive_timeout{10000};
  Duration keepalive_pause{305000};

  // Calls of one worker to one address that wait for a connection or for the server's leave to begin (its
  // SETTINGS_MAX_CONCURRENT_STREAMS). More are UNAVAILABLE at once.
  size_t max_waiting = 10000;

  // A larger head or trailer of a response fails its call.
  size_t max_header_bytes = 64 << 10;

  net::Http2Settings settings;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_HTTP2_OPTIONS_H_
