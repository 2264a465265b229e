// multipart/form-data: the parts are the same however the body is split. The input's first line is the boundary, the
// second says by its length where to split.
#include "absl/strings/str_cat.h"
#include "gateway/http/multipart.h"
#include "tests/fuzz/contract.h"

namespace portico::fuzz {
namespace {

// Writes down what comes.
class Sink final : public http::MultipartSink {
 public:
  absl::Status BeginPart(http::PartHead head) override {
    absl::StrAppend(&log, "part ", head.name, "|", head.has_filename, head.filename, "|", head.content_type, ":");
    return absl::OkStatus();
  }
  absl::Status Data(absl::string_view piece) override {
    FUZZ_CHECK(!piece.empty());
    absl::StrAppend(&log, piece);
    return absl::OkStatus();
  }
  absl::Status EndPart() override {
    absl::StrAppend(&log, "\nend\n");
    return absl::OkStatus();
  }
  std::string log;
};

std::string Parse(absl::string_view boundary, absl::string_view body, size_t piece) {
  Sink sink;
  http::MultipartParser parser(boundary, {.parts = 20, .header_bytes = 200}, sink);
  absl::Status status;
  for (size_t at = 0; at < body.size() && status.ok(); at += piece) {
    // Pieces of their own allocation: reading beyond one is found.
    const std::string bytes(body.substr(at, piece));
    status = parser.Feed(bytes);
  }
  if (status.ok()) status = parser.Finish();
  // Of several mistakes another may be the first to be seen, and what was told before it differs then.
  return status.ok() ? sink.log : "error";
}

void Run(absl::string_view input) {
  const size_t line = std::min(input.find('\n'), input.size());
  const std::optional<std::string> boundary =
      http::MultipartBoundary(absl::StrCat("multipart/form-data; boundary=", input.substr(0, line)));
  if (!boundary.has_value()) return;
  input.remove_prefix(std::min(line + 1, input.size()));
  const size_t split = std::min(input.find('\n'), input.size());
  input.remove_prefix(std::min(split + 1, input.size()));
  const std::string whole = Parse(*boundary, input, input.size() + 1);
  for (const size_t piece : {size_t{1}, split + 2}) {
    const std::string pieces = Parse(*boundary, input, piece);
    FUZZ_CHECK(pieces == whole, input, whole, pieces);
  }
}

}  // namespace
}  // namespace portico::fuzz

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  portico::fuzz::Run(absl::string_view(data, size));
  return 0;
}
