#ifndef PORTICO_GATEWAY_PROTOCOL_GRPC_WEB_TEXT_H_
#define PORTICO_GATEWAY_PROTOCOL_GRPC_WEB_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace portico::protocol {

// Decodes a body of application/grpc-web-text that comes in pieces of any size: base64 (RFC 4648, section 4) in
// one text or in several behind each other, each padded. Not thread-safe.
class GrpcWebTextReader {
 public:
  // Appends what `text` adds to `bytes`. False when it is no base64; the reader is of no use after that.
  bool Read(absl::string_view text, std::string* bytes);

  // A group of four characters is incomplete.
  bool partial() const { return held_ > 0; }

 private:
  char group_[4] = {};
  size_t held_ = 0;
};

// Appends the base64 of `bytes`, padded.
void AppendGrpcWebText(absl::string_view bytes, std::string* text);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_GRPC_WEB_TEXT_H_
