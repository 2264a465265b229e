#ifndef PORTICO_GATEWAY_MIDDLEWARE_ACCESS_ENTRY_H_
#define PORTICO_GATEWAY_MIDDLEWARE_ACCESS_ENTRY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/wire/append_buffer.h"

namespace portico::middleware {

// What the access log says of a request, before it is a line of JSON: workers hand this over, and the log's own thread
// writes the text.
struct AccessEntry {
  // What clients and services chose; each is cut to kLongestText bytes and left out of the line when empty.
  enum Text { kPeer, kMethod, kPath, kProtocol, kRoute, kRpc, kRequestId, kUserAgent, kOmitted, kRefused, kTexts };
  static constexpr size_t kLongestText = 1024;

  int64_t time_ns = 0;       // since 1970
  int64_t duration_us = -1;  // negative: not known
  uint64_t bytes = 0;
  const std::string* frontend = nullptr;  // its name as JSON; outlives the log
  absl::string_view code;                 // static text
  int status = 0;
  bool complete = true;
  std::array<absl::string_view, kTexts> texts;

  // The size of its encoding, within one process: for RecordRing.
  size_t EncodedSize() const;
  // Writes EncodedSize() bytes.
  void EncodeTo(char* out) const;
  // The entry that was encoded; its texts point into `bytes`.
  static AccessEntry Decode(absl::string_view bytes);
};

// Writes entries as lines of JSON.
class AccessLineWriter {
 public:
  // Appends the entry's line and '\n'.
  void Append(const AccessEntry& entry, std::string* text);

 private:
  void AppendTime(int64_t time_ns, wire::AppendBuffer* line);

  // The second written last: most lines are of the same one.
  int64_t second_ = -1;
  std::array<char, 20> second_text_{};  // "2026-01-31T08:49:37."
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_ACCESS_ENTRY_H_
