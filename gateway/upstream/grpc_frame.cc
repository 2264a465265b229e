#include "gateway/upstream/grpc_frame.h"

#include <algorithm>
#include <utility>

#include "gateway/rpc/status.h"
#include "gateway/upstream/inflate.h"

namespace portico::upstream {
namespace {

// Room made on the word of a length alone.
constexpr size_t kTrustedBytes = 1 << 20;

absl::Status TooLarge() {
  return rpc::WithHttpStatus(absl::ResourceExhaustedError("the service's reply is too large"), 502);
}

absl::Status Unreadable() {
  return rpc::WithHttpStatus(absl::InternalError("the service's reply could not be read"), 502);
}

}  // namespace

void FillGrpcPrefix(std::string* frame) {
  const size_t length = frame->size() - kGrpcPrefixBytes;
  (*frame)[0] = 0;
  for (size_t i = 0; i < 4; ++i) (*frame)[1 + i] = static_cast<char>(length >> (8 * (3 - i)) & 0xff);
}

GrpcEncoding ParseGrpcEncoding(absl::string_view name) {
  if (name == "identity") return GrpcEncoding::kIdentity;
  if (name == "gzip" || name == "deflate") return GrpcEncoding::kZlib;
  return GrpcEncoding::kUnknown;
}

absl::Status GrpcFrameReader::Read(absl::string_view* bytes) {
  while (prefix_bytes_ < kGrpcPrefixBytes) {
    if (bytes->empty()) return absl::OkStatus();
    prefix_[prefix_bytes_++] = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    if (prefix_bytes_ < kGrpcPrefixBytes) continue;
    length_ = static_cast<size_t>(prefix_[1]) << 24 | static_cast<size_t>(prefix_[2]) << 16 |
              static_cast<size_t>(prefix_[3]) << 8 | prefix_[4];
    if (prefix_[0] > 1) return Unreadable();
    if (prefix_[0] == 1 && encoding_ != GrpcEncoding::kZlib) return Unreadable();
    if (length_ > max_bytes_) return TooLarge();
    message_.reserve(std::min(length_, kTrustedBytes));
  }
  if (complete_) return absl::OkStatus();
  const size_t size = std::min(bytes->size(), length_ - message_.size());
  message_.append(bytes->data(), size);
  bytes->remove_prefix(size);
  return message_.size() == length_ ? Complete() : absl::OkStatus();
}

absl::Status GrpcFrameReader::Complete() {
  if (prefix_[0] == 1) {
    std::string inflated;
    switch (Inflate(message_, max_bytes_, &inflated)) {
      case Inflated::kTooLarge:
        return TooLarge();
      case Inflated::kMalformed:
        return Unreadable();
      case Inflated::kDone:
        break;
    }
    message_ = std::move(inflated);
  }
  complete_ = true;
  return absl::OkStatus();
}

std::string GrpcFrameReader::Take() {
  prefix_bytes_ = 0;
  complete_ = false;
  return std::exchange(message_, {});
}

}  // namespace portico::upstream
