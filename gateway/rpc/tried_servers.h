#ifndef PORTICO_GATEWAY_RPC_TRIED_SERVERS_H_
#define PORTICO_GATEWAY_RPC_TRIED_SERVERS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace portico::rpc {

// The servers that a call has been sent to, by a number each, so that its next attempt goes to another one. It is a
// wish, not a rule: of many servers only the last few are remembered, without an allocation.
class TriedServers {
 public:
  static constexpr size_t kMost = 4;

  bool empty() const { return count_ == 0; }
  bool Has(uint64_t server) const { return std::find(begin(), end(), server) != end(); }
  void Add(uint64_t server) {
    if (!Has(server)) servers_[count_++ % kMost] = server;
  }
  // Those of another attempt, too.
  void Add(const TriedServers& other) {
    for (const uint64_t server : other) Add(server);
  }

 private:
  const uint64_t* begin() const { return servers_.data(); }
  const uint64_t* end() const { return servers_.data() + std::min<size_t>(count_, kMost); }

  std::array<uint64_t, kMost> servers_{};
  uint32_t count_ = 0;
};

}  // namespace portico::rpc

#endif  // PORTICO_GATEWAY_RPC_TRIED_SERVERS_H_
