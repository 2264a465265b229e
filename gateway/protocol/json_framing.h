#ifndef PORTICO_GATEWAY_PROTOCOL_JSON_FRAMING_H_
#define PORTICO_GATEWAY_PROTOCOL_JSON_FRAMING_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace portico::protocol {

// Splits a body that arrives in pieces into the JSON texts it consists of. Finds where they begin and end and no more:
// whether one is good JSON is for its reader to say. However the body is cut into pieces, the result is the same. Holds
// at most one text of `most` bytes.
//
//   while ((result = framing.Next(&piece, &text)) == Result::kText) ...use text...    for every piece
//   ... and framing.Finish(&text) at the end
class JsonFraming {
 public:
  enum class Form {
    kLines,   // a text on each line that is not blank (NDJSON); the last line need not end
    kValues,  // the elements of one array if the body begins with "[", else texts with white space between them
  };
  enum class Result { kText, kNeedMore, kError };

  JsonFraming(Form form, size_t most) : form_(form), most_(most) {}

  // Goes on in `input` and removes from its front what it has looked at. kText: `text` is replaced by the next one.
  // kNeedMore: all of `input` is consumed. REQUIRES: no kError before.
  Result Next(absl::string_view* input, std::string* text);

  // There is no more input: kText when the last text ends with it, kNeedMore when nothing is missing.
  Result Finish(std::string* text);

  // Of the text that came last, or in which the error is: its number, from 1 on, and where it begins, in bytes.
  uint64_t number() const { return number_; }
  uint64_t offset() const { return begin_; }

  // After kError: INVALID_ARGUMENT, or RESOURCE_EXHAUSTED for a text that is too long; says where.
  const absl::Status& error() const { return error_; }

 private:
  enum class State { kStart, kBefore, kNested, kString, kScalar, kAfter, kDone };

  Result NextLine(absl::string_view* input, std::string* text);
  Result NextValue(absl::string_view* input, std::string* text);
  // How much of `input` belongs to the value that has begun; `*complete` when it ends there.
  size_t Measure(absl::string_view input, bool* complete);
  void Begin(char c);
  bool Take(absl::string_view bytes);
  Result Give(std::string* text);
  Result Fail(absl::string_view why);

  const Form form_;
  const size_t most_;
  State state_ = State::kStart;
  bool array_ = false;
  bool first_ = true;       // no element of the array has begun
  bool in_string_ = false;  // within kNested
  bool escaped_ = false;    // the character before was a backslash in a string
  int depth_ = 0;
  std::string text_;
  uint64_t number_ = 0;
  uint64_t begin_ = 0;
  uint64_t at_ = 0;  // bytes consumed
  absl::Status error_;
};

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_JSON_FRAMING_H_
