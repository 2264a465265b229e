#ifndef PORTICO_GATEWAY_RPC_PAYLOAD_H_
#define PORTICO_GATEWAY_RPC_PAYLOAD_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace portico::rpc {

// A request message as protobuf wire bytes, with room in front for the five-byte prefix of gRPC over HTTP/2, so that a
// transport frames it without a copy.
class Payload {
 public:
  static constexpr size_t kHeadroom = 5;

  Payload() : buffer_(kHeadroom, '\0') {}

  // A copy of `message` with headroom.
  static Payload Copy(absl::string_view message) {
    Payload payload;
    payload.buffer_.append(message.data(), message.size());
    return payload;
  }

  absl::string_view bytes() const { return absl::string_view(buffer_).substr(kHeadroom); }

  // The whole buffer; writers append message bytes to it and leave the first kHeadroom bytes alone.
  std::string& buffer() { return buffer_; }
  const std::string& buffer() const { return buffer_; }

 private:
  std::string buffer_;
};

}  // namespace portico::rpc

#endif  // PORTICO_GATEWAY_RPC_PAYLOAD_H_
