// A gRPC server that costs as little as one can, so that what is measured in front of it is not its own work: HTTP/2 by
// nghttp2 on one epoll loop, replies prepared in advance, one read and one write for all streams of a connection that
// are ready together.
#ifndef PORTICO_TOOLS_BENCH_BACKEND_SERVER_H_
#define PORTICO_TOOLS_BENCH_BACKEND_SERVER_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "tools/bench/backend/replies.h"

namespace bench {

class Connection;

// Not thread-safe. Errors of the system that leave nothing to serve end the process with a message.
class Server {
 public:
  // Every unary call is answered `delay` after its request is complete.
  explicit Server(std::chrono::nanoseconds delay);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens on 127.0.0.1; port 0 takes a free one. Answers the port.
  uint16_t Listen(uint16_t port);

  // Serves until SIGTERM or SIGINT.
  void Run();

 private:
  friend class Connection;

  struct Due {
    std::chrono::steady_clock::time_point when;
    uint64_t connection;
    int32_t stream;
  };

  void Accept(int listener);
  void AnswerLater(uint64_t connection, int32_t stream);
  void AnswerDue();
  void Watch(int fd, uint32_t events, uint64_t id, bool added);

  const absl::flat_hash_map<std::string, Method> methods_;
  const std::chrono::nanoseconds delay_;
  int epoll_;
  int timer_;
  int signals_;
  std::vector<int> listeners_;
  uint64_t next_connection_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Connection>> connections_;
  std::deque<Due> due_;  // in order, for every delay is the same
};

}  // namespace bench

#endif  // PORTICO_TOOLS_BENCH_BACKEND_SERVER_H_
