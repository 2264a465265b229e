// The envelopes of Connect and gRPC-Web, and the base64 around them: what is read does not depend on how the bytes
// arrive, and what was read, written again, is what came. The input's first byte says whether it is base64, and where
// to split.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "gateway/protocol/envelope.h"
#include "gateway/protocol/grpc_web_text.h"
#include "tests/fuzz/contract.h"

namespace portico::fuzz {
namespace {

constexpr size_t kMaxBytes = 1000;

// What a body comes to: the envelopes as they would be written, and how it ended.
struct Outcome {
  std::string envelopes;
  std::string end;
  bool operator==(const Outcome& other) const { return envelopes == other.envelopes && end == other.end; }
};

Outcome Read(absl::string_view body, bool text, size_t piece) {
  protocol::GrpcWebTextReader base64;
  protocol::EnvelopeReader reader(kMaxBytes);
  Outcome outcome;
  for (size_t at = 0; at < body.size(); at += piece) {
    // Pieces of their own allocation: reading beyond one is found.
    std::string bytes(body.substr(at, piece));
    if (text) {
      std::string decoded;
      // How much of a bad piece is decoded is left open.
      if (!base64.Read(bytes, &decoded)) return {"", "not base64"};
      bytes = std::move(decoded);
    }
    absl::string_view rest = bytes;
    while (true) {
      if (!reader.Read(&rest).ok()) {
        outcome.end = "too large";
        // Behind a bad envelope there may be bad base64, which is found only by those who still look.
        return text ? Outcome{"", "not base64"} : outcome;
      }
      if (!reader.complete()) break;
      const uint8_t flags = reader.flags();
      const std::string data = reader.Take();
      FUZZ_CHECK(data.size() <= kMaxBytes, data);
      const size_t begin = protocol::BeginEnvelope(flags, &outcome.envelopes);
      outcome.envelopes += data;
      protocol::EndEnvelope(begin, &outcome.envelopes);
    }
    FUZZ_CHECK(rest.empty(), body);
  }
  outcome.end = base64.partial() ? "within base64" : reader.partial() ? "within an envelope" : "whole";
  return outcome;
}

void Run(absl::string_view input) {
  if (input.empty()) return;
  const bool text = (input[0] & 1) != 0;
  const size_t split = static_cast<unsigned char>(input[0]) / 2 + size_t{2};
  input.remove_prefix(1);
  const Outcome whole = Read(input, text, input.size() + 1);
  for (const size_t piece : {size_t{1}, split}) {
    const Outcome pieces = Read(input, text, piece);
    FUZZ_CHECK(pieces == whole, input, whole.envelopes, pieces.envelopes, whole.end, pieces.end);
  }
  if (text || whole.end == "too large") return;
  FUZZ_CHECK(input.substr(0, whole.envelopes.size()) == whole.envelopes, input, whole.envelopes);
  if (whole.end == "whole") FUZZ_CHECK(input.size() == whole.envelopes.size(), input, whole.envelopes);
}

}  // namespace
}  // namespace portico::fuzz

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  portico::fuzz::Run(absl::string_view(data, size));
  return 0;
}
