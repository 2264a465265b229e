#include "gateway/protocol/envelope.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace portico::protocol {

size_t BeginEnvelope(uint8_t flags, std::string* out) {
  const size_t begin = out->size();
  out->append(kEnvelopePrefixBytes, '\0');
  (*out)[begin] = static_cast<char>(flags);
  return begin;
}

void EndEnvelope(size_t begin, std::string* out) {
  const size_t length = out->size() - begin - kEnvelopePrefixBytes;
  for (size_t i = 1; i < kEnvelopePrefixBytes; ++i) {
    (*out)[begin + i] = static_cast<char>(length >> (8 * (kEnvelopePrefixBytes - 1 - i)));
  }
}

absl::Status EnvelopeReader::Read(absl::string_view* bytes) {
  while (prefix_bytes_ < kEnvelopePrefixBytes && !bytes->empty()) {
    prefix_[prefix_bytes_++] = static_cast<uint8_t>(bytes->front());
    bytes->remove_prefix(1);
    if (prefix_bytes_ < kEnvelopePrefixBytes) continue;
    length_ = 0;
    for (size_t i = 1; i < kEnvelopePrefixBytes; ++i) length_ = length_ << 8 | prefix_[i];
    if (length_ > max_bytes_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a message of ", length_, " bytes is larger than the ", max_bytes_, " that are allowed"));
    }
  }
  if (prefix_bytes_ < kEnvelopePrefixBytes) return absl::OkStatus();
  // Room is made for what is there, not for what the prefix promises.
  const size_t taken = std::min(length_ - data_.size(), bytes->size());
  data_.append(bytes->data(), taken);
  bytes->remove_prefix(taken);
  return absl::OkStatus();
}

std::string EnvelopeReader::Take() {
  prefix_bytes_ = 0;
  return std::exchange(data_, std::string());
}

}  // namespace portico::protocol
