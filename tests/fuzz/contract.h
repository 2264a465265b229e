#ifndef PORTICO_TESTS_FUZZ_CONTRACT_H_
#define PORTICO_TESTS_FUZZ_CONTRACT_H_

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "gateway/schema/schema.h"

// Ends the process with what went wrong, which is how a fuzz target reports a finding.
#define FUZZ_CHECK(condition, ...)                                                 \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      ::portico::fuzz::Show(__VA_ARGS__);                                          \
      std::abort();                                                                \
    }                                                                              \
  } while (false)

namespace portico::fuzz {

inline void Show() {}
// Prints the texts, with what is not printable as \xNN.
template <class... Rest>
void Show(absl::string_view text, const Rest&... rest) {
  for (const char c : text) {
    if (c >= ' ' && c <= '~') {
      std::fputc(c, stderr);
    } else {
      std::fprintf(stderr, "\\x%02x", static_cast<unsigned char>(c));
    }
  }
  std::fputc('\n', stderr);
  Show(rest...);
}

// The contracts in tests/fuzz/contract.
const schema::Schema& Contract();
// fuzz.Everything.
const schema::MessageTable& Everything();

// `wire` as protobuf's own parser understands it: canonical bytes, unknown fields left out; nullopt when it takes them
// for malformed. What two encodings of the same message have in common.
std::optional<std::string> Canonical(absl::string_view wire);

}  // namespace portico::fuzz

#endif  // PORTICO_TESTS_FUZZ_CONTRACT_H_
