#ifndef PORTICO_GATEWAY_HTTP_MULTIPART_H_
#define PORTICO_GATEWAY_HTTP_MULTIPART_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portico::http {

// The boundary that a Content-Type of multipart/form-data names (RFC 2046, section 5.1.1); nullopt when there is none
// or it has a character or length that a boundary may not have.
std::optional<std::string> MultipartBoundary(absl::string_view content_type);

// What the head of a part says of it (RFC 7578, section 4.2).
struct PartHead {
  std::string name;  // of the form's field; may be empty
  bool has_filename = false;
  std::string filename;
  std::string content_type;  // empty when absent, which stands for text/plain
};

struct MultipartLimits {
  size_t parts = 1000;
  size_t header_bytes = 8192;  // of one part
};

// Takes the parts of a form, one after the other.
class MultipartSink {
 public:
  virtual ~MultipartSink() = default;
  // An error ends the parsing, and is what Feed() returns.
  virtual absl::Status BeginPart(PartHead head) = 0;
  // A piece of the part's content; valid during the call. Comes any number of times, never empty.
  virtual absl::Status Data(absl::string_view piece) = 0;
  virtual absl::Status EndPart() = 0;
};

// Reads multipart/form-data (RFC 7578, RFC 2046) as it arrives: Feed() with any pieces of the body in their order, then
// Finish(). The result does not depend on how the body is split. Holds no more of it than the head of one part or what
// may become a delimiter. Strict where forms may be read in two ways: lines end in CRLF, every part has one
// Content-Disposition of form-data with one name, and there is no transfer encoding. What stands before the first
// delimiter and behind the last is passed over. Not thread-safe.
//
// Errors are INVALID_ARGUMENT, but RESOURCE_EXHAUSTED for too many parts; then nothing more may be fed.
class MultipartParser {
 public:
  // `boundary` as MultipartBoundary() gives it; `sink` outlives the parser.
  MultipartParser(absl::string_view boundary, const MultipartLimits& limits, MultipartSink& sink);

  absl::Status Feed(absl::string_view bytes);
  // The body is complete: an error when the last delimiter has not come.
  absl::Status Finish();

 private:
  enum class State { kPreamble, kDelimiter, kHead, kData, kEpilogue };
  enum class Step { kDone, kNeedMore };

  // Each takes what it can from the front of `in`.
  absl::Status Take(absl::string_view* in, Step* step);
  absl::Status TakeContent(absl::string_view* in, Step* step);
  absl::Status TakeDelimiter(absl::string_view* in, Step* step);
  absl::Status TakeHead(absl::string_view* in, Step* step);
  absl::Status EmitData(absl::string_view piece);

  const std::string delimiter_;  // CRLF "--" boundary
  const MultipartLimits limits_;
  MultipartSink& sink_;
  State state_ = State::kPreamble;
  bool in_part_ = false;
  size_t parts_ = 0;
  // What came and could not be taken yet. Begins with the line end that the first delimiter needs in front.
  std::string held_ = "\r\n";
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_MULTIPART_H_
