#ifndef PORTICO_GATEWAY_NET_HTTP2_MEMORY_H_
#define PORTICO_GATEWAY_NET_HTTP2_MEMORY_H_

#include <nghttp2/nghttp2.h>

#include <cstdint>

namespace portico::net {

// What nghttp2's sessions allocate with: small blocks go back to a list of the thread that frees them, by size, and the
// next call's come from there. A list keeps so much that many calls at once are served, and no more; the rest, and
// large blocks, are malloc's. Blocks may be freed on another thread than they were made on. For
// nghttp2_session_client_new3(), which copies it.
nghttp2_mem Http2Memory();

// How often this thread went to malloc for it; for tests.
uint64_t Http2MemoryMisses();

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_HTTP2_MEMORY_H_
