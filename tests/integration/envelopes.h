#ifndef PORTICO_TESTS_INTEGRATION_ENVELOPES_H_
#define PORTICO_TESTS_INTEGRATION_ENVELOPES_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace portico::integration {

// A message as Connect's streams and gRPC-Web have it on the wire; shorter than 64 kB.
inline std::string Envelope(char flags, const std::string& data) {
  const auto size = static_cast<unsigned>(data.size());
  return std::string{flags, 0, 0, static_cast<char>(size >> 8), static_cast<char>(size)} + data;
}

// The flags and data of each envelope; what is cut off at the end is left out.
inline std::vector<std::pair<int, std::string>> Envelopes(absl::string_view body) {
  std::vector<std::pair<int, std::string>> envelopes;
  while (body.size() >= 5) {
    size_t size = 0;
    for (size_t i = 1; i < 5; ++i) size = size << 8 | static_cast<unsigned char>(body[i]);
    if (body.size() - 5 < size) break;
    envelopes.emplace_back(static_cast<unsigned char>(body[0]), std::string(body.substr(5, size)));
    body.remove_prefix(5 + size);
  }
  return envelopes;
}

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_ENVELOPES_H_
