#ifndef PORTICO_GATEWAY_PROTOCOL_ENVELOPE_H_
#define PORTICO_GATEWAY_PROTOCOL_ENVELOPE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portico::protocol {

// What Connect streams and gRPC-Web bodies are made of: a byte of flags, the length of the data in four bytes (big
// endian), the data ("Enveloped-Message" of Connect, "Length-Prefixed-Message" of gRPC).
inline constexpr size_t kEnvelopePrefixBytes = 5;
inline constexpr uint8_t kCompressedFlag = 0x01;
inline constexpr uint8_t kEndStreamFlag = 0x02;  // Connect: the data is the stream's end, as JSON
inline constexpr uint8_t kTrailersFlag = 0x80;   // gRPC-Web: the data is the trailers

// Appends the prefix and returns where it stands; EndEnvelope() fills in the length of what was appended behind it.
size_t BeginEnvelope(uint8_t flags, std::string* out);
void EndEnvelope(size_t begin, std::string* out);

// Takes envelopes out of bytes that come in pieces of any size. Not thread-safe.
class EnvelopeReader {
 public:
  // An envelope with more than `max_bytes` of data is refused when its prefix is read.
  explicit EnvelopeReader(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Takes from the front of `bytes` what belongs to the present envelope, and stops behind it. RESOURCE_EXHAUSTED when
  // it is too large; the reader is of no use after that.
  absl::Status Read(absl::string_view* bytes);

  // An envelope is there for flags() and Take().
  bool complete() const { return prefix_bytes_ == kEnvelopePrefixBytes && data_.size() == length_; }
  // A part of one is.
  bool partial() const { return prefix_bytes_ > 0 && !complete(); }

  // REQUIRES: complete(). After Take() the reader begins with the next envelope.
  uint8_t flags() const { return prefix_[0]; }
  std::string Take();

 private:
  const size_t max_bytes_;
  uint8_t prefix_[kEnvelopePrefixBytes] = {};
  size_t prefix_bytes_ = 0;
  size_t length_ = 0;
  std::string data_;
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_ENVELOPE_H_
