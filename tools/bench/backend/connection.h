// One client's HTTP/2 connection to the benchmark's backend.
#ifndef PORTICO_TOOLS_BENCH_BACKEND_CONNECTION_H_
#define PORTICO_TOOLS_BENCH_BACKEND_CONNECTION_H_

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <string>

#include "absl/container/node_hash_map.h"
#include "absl/strings/string_view.h"
#include "tools/bench/backend/server.h"

namespace bench {

// Owns its socket. Not thread-safe.
class Connection {
 public:
  Connection(Server& server, uint64_t id, int fd);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int fd() const { return fd_; }

  // Takes what the socket has. False: the connection is over.
  bool Read();

  // Submits the answer of a stream whose request is complete; nothing when it is gone.
  void Answer(int32_t stream);

  // Writes what there is to write. False: the connection is over.
  bool Flush();

  // Whether the socket took less than there was; then Flush is due when it can be written.
  bool blocked() const { return !out_.empty(); }

 private:
  struct Stream {
    const Method* method = nullptr;  // null: not implemented
    std::string request;             // its first bytes, enough to see the key
    absl::string_view rest;          // of the reply
  };

  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* self);
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name, size_t name_size,
                      const uint8_t* value, size_t value_size, uint8_t, void* self);
  static int OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size, void* self);
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* self);
  static int OnClose(nghttp2_session*, int32_t id, uint32_t, void* self);
  static ssize_t ReadReply(nghttp2_session* session, int32_t id, uint8_t* out, size_t size, uint32_t* flags,
                           nghttp2_data_source* source, void*);

  Server& server_;
  const uint64_t id_;
  const int fd_;
  nghttp2_session* session_ = nullptr;
  absl::node_hash_map<int32_t, Stream> streams_;
  std::string out_;  // what the socket has not taken yet
};

}  // namespace bench

#endif  // PORTICO_TOOLS_BENCH_BACKEND_CONNECTION_H_
