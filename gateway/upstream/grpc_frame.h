#ifndef PORTICO_GATEWAY_UPSTREAM_GRPC_FRAME_H_
#define PORTICO_GATEWAY_UPSTREAM_GRPC_FRAME_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portico::upstream {

// "Length-Prefixed-Message" of gRPC over HTTP/2: a byte that says whether the message is compressed, its length in four
// bytes, the message.
inline constexpr size_t kGrpcPrefixBytes = 5;

// Writes the prefix of an uncompressed message into the first bytes of `frame`, which the message follows.
// REQUIRES: the frame has that room, and its message fewer than 2^32 bytes.
void FillGrpcPrefix(std::string* frame);

// How a peer compresses: its grpc-encoding.
enum class GrpcEncoding { kIdentity, kZlib /* gzip or deflate */, kUnknown };
GrpcEncoding ParseGrpcEncoding(absl::string_view name);

// What of these a client accepts, as grpc-accept-encoding says it.
inline constexpr char kGrpcAcceptEncoding[] = "identity,deflate,gzip";

// Takes messages out of a stream of bytes that comes in pieces of any size. Not thread-safe.
class GrpcFrameReader {
 public:
  // Neither compressed nor inflated may a message be larger than `max_bytes`.
  explicit GrpcFrameReader(size_t max_bytes) : max_bytes_(max_bytes) {}

  void set_encoding(GrpcEncoding encoding) { encoding_ = encoding; }

  // Takes from the front of `bytes` what belongs to the present message, and stops behind it. RESOURCE_EXHAUSTED when
  // it is too large, INTERNAL when it cannot be read; the reader is of no use after that, and never complete().
  absl::Status Read(absl::string_view* bytes);

  // A message is there for Take().
  bool complete() const { return complete_; }
  // Part of a message is.
  bool partial() const { return prefix_bytes_ > 0 && !complete_; }

  // REQUIRES: complete(). The reader begins with the next message.
  std::string Take();

 private:
  absl::Status Complete();

  const size_t max_bytes_;
  GrpcEncoding encoding_ = GrpcEncoding::kIdentity;
  unsigned char prefix_[kGrpcPrefixBytes] = {};
  size_t prefix_bytes_ = 0;
  size_t length_ = 0;
  bool complete_ = false;
  std::string message_;
};

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_GRPC_FRAME_H_
