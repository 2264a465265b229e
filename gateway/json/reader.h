#ifndef PORTICO_GATEWAY_JSON_READER_H_
#define PORTICO_GATEWAY_JSON_READER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace portico::json {

// What the next value is.
enum class Kind : uint8_t { kError, kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };

// "an object", "a string": for messages.
absl::string_view Describe(Kind kind);

// Reads one JSON text (RFC 8259) from contiguous bytes, value by value as the caller asks for them: no events, no tree,
// no copies but of strings with escapes. Strict: UTF-8 without a byte order mark, no trailing commas, no comments, no
// lone surrogates, nothing behind the value. The text must outlive the reader. Not thread-safe.
//
//   reader.BeginObject();
//   while (reader.NextKey(&key)) { ... read or skip one value ... }
//   if (reader.failed()) ...
//
// After a failure every call returns false (or kError), so that loops end by themselves. The caller reads exactly one
// value after each NextKey() or NextElement() that returned true, and each container until its end.
class Reader {
 public:
  // Objects and arrays nested deeper than `max_depth` are an error.
  explicit Reader(absl::string_view text, int max_depth = 100)
      : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), depth_left_(max_depth) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // The kind of the next value by its first character; kError when there is none, which fails the reader.
  Kind Peek();

  // Each fails the reader when the next value is of another kind.
  bool BeginObject();
  bool BeginArray();
  // A view into the text, or where the string has escapes into a buffer that lives until the next string or key is
  // read.
  bool ReadString(absl::string_view* value);
  // The token as it stands in the text: a number by the grammar of RFC 8259, section 6, of any size.
  bool ReadNumber(absl::string_view* token);
  bool ReadBool(bool* value);
  bool ReadNull();

  // Moves to the next member or element. False at the end of the container, which is then left, and after a failure.
  bool NextKey(absl::string_view* key);
  bool NextElement();

  // Passes over one value of any kind, checking it. Large objects and arrays within it are passed over at once when
  // they are skipped again, after Rewind(): who looks ahead on every level of nested ones takes linear time.
  bool SkipValue();
  // Checks that nothing but white space is left.
  bool Finish();

  // The last key as it stands in the text between its quotation marks, escapes and all; lives as long as the text.
  absl::string_view raw_key() const { return raw_key_; }

  // A place to come back to: before a value, at the same depth or deeper.
  struct Mark {
    const char* at;
    int depth_left;
    bool first;
  };
  Mark mark() const { return {at_, depth_left_, first_}; }
  void Rewind(const Mark& mark) {
    at_ = mark.at;
    depth_left_ = mark.depth_left;
    first_ = mark.first;
  }

  bool failed() const { return error_ != nullptr; }
  // "line 2, column 14: expected ',' or '}'"; lines and columns (of bytes) count from 1. REQUIRES: failed().
  std::string error() const;
  // Of the failure, or of what is read next.
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }

 private:
  void SkipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool Fail(const char* error);
  bool SkipContainer(Kind kind);
  bool Enter();
  void Leave();
  bool ReadLiteral(absl::string_view literal);
  // NextKey() up to the name's opening quotation mark, and behind its closing one.
  bool BeginKey();
  bool EndKey();
  // From behind the opening quotation mark to behind the closing one.
  bool ReadStringBody(absl::string_view* value);
  bool ReadEscapedBody(const char* start, absl::string_view* value);
  // Checks a string as ReadStringBody() does, but gives none.
  bool SkipStringBody();
  // Passes over one character that does not stand for itself in a string, or not in one byte: not a backslash.
  bool SkipBeyondAscii();
  // From behind the backslash.
  bool ReadEscape(uint32_t* code);
  bool ReadHex(uint32_t* unit);

  const char* const begin_;
  const char* at_;
  const char* const end_;
  int depth_left_;
  bool first_ = false;  // right behind the bracket that opens a container
  const char* error_ = nullptr;
  absl::string_view raw_key_;
  std::string scratch_;
  absl::flat_hash_map<const char*, const char*> skipped_;  // from the start of a large object or array to its end
};

}  // namespace portico::json

#endif  // PORTICO_GATEWAY_JSON_READER_H_
