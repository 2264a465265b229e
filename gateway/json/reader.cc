#include "gateway/json/reader.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gateway/json/utf8.h"

namespace portico::json {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

absl::string_view Describe(Kind kind) {
  switch (kind) {
    case Kind::kObject:
      return "an object";
    case Kind::kArray:
      return "an array";
    case Kind::kString:
      return "a string";
    case Kind::kNumber:
      return "a number";
    case Kind::kTrue:
      return "true";
    case Kind::kFalse:
      return "false";
    case Kind::kNull:
      return "null";
    case Kind::kError:
      break;
  }
  return "no value";
}

bool Reader::Fail(const char* error) {
  if (error_ == nullptr) error_ = error;
  return false;
}

std::string Reader::error() const {
  const absl::string_view before(begin_, offset());
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t newline = before.rfind('\n');
  const size_t column = newline == absl::string_view::npos ? before.size() + 1 : before.size() - newline;
  return absl::StrCat("line ", line, ", column ", column, ": ", error_ == nullptr ? "no error" : error_);
}

Kind Reader::Peek() {
  if (failed()) return Kind::kError;
  SkipSpace();
  if (at_ == end_) {
    Fail("the JSON text ends where a value is expected");
    return Kind::kError;
  }
  switch (*at_) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
      return Kind::kTrue;
    case 'f':
      return Kind::kFalse;
    case 'n':
      return Kind::kNull;
    default:
      if (*at_ == '-' || IsDigit(*at_)) return Kind::kNumber;
      Fail("expected a value");
      return Kind::kError;
  }
}

bool Reader::Enter() {
  if (depth_left_ <= 0) return Fail("nested too deeply");
  --depth_left_;
  ++at_;
  first_ = true;
  return true;
}

void Reader::Leave() {
  ++at_;
  ++depth_left_;
  first_ = false;
}

bool Reader::BeginObject() {
  const Kind kind = Peek();
  if (kind != Kind::kObject) return Fail("expected an object");
  return Enter();
}

bool Reader::BeginArray() {
  const Kind kind = Peek();
  if (kind != Kind::kArray) return Fail("expected an array");
  return Enter();
}

bool Reader::NextKey(absl::string_view* key) {
  if (!BeginKey()) return false;
  const char* const start = at_;
  if (!ReadStringBody(key)) return false;
  raw_key_ = absl::string_view(start, static_cast<size_t>(at_ - start - 1));
  return EndKey();
}

bool Reader::BeginKey() {
  if (failed()) return false;
  SkipSpace();
  if (at_ == end_) return Fail("the JSON text ends within an object");
  if (*at_ == '}') {
    Leave();
    return false;
  }
  if (!first_) {
    if (*at_ != ',') return Fail("expected ',' or '}'");
    ++at_;
    SkipSpace();
  }
  first_ = false;
  if (at_ == end_ || *at_ != '"') return Fail("expected a member's name in quotation marks");
  ++at_;
  return true;
}

bool Reader::EndKey() {
  SkipSpace();
  if (at_ == end_ || *at_ != ':') return Fail("expected ':'");
  ++at_;
  return true;
}

bool Reader::NextElement() {
  if (failed()) return false;
  SkipSpace();
  if (at_ == end_) return Fail("the JSON text ends within an array");
  if (*at_ == ']') {
    Leave();
    return false;
  }
  if (!first_) {
    if (*at_ != ',') return Fail("expected ',' or ']'");
    ++at_;
  }
  first_ = false;
  return true;
}

bool Reader::ReadString(absl::string_view* value) {
  if (Peek() != Kind::kString) return Fail("expected a string");
  ++at_;
  return ReadStringBody(value);
}

bool Reader::ReadStringBody(absl::string_view* value) {
  const char* const start = at_;
  for (;;) {
    at_ = SkipPlain(at_, end_);
    if (at_ == end_) return Fail("the JSON text ends within a string");
    if (*at_ == '"') {
      *value = absl::string_view(start, static_cast<size_t>(at_ - start));
      ++at_;
      return true;
    }
    if (*at_ == '\\') return ReadEscapedBody(start, value);
    if (!SkipBeyondAscii()) return false;
  }
}

bool Reader::ReadEscapedBody(const char* start, absl::string_view* value) {
  scratch_.clear();
  for (;;) {
    // What stands between `start` and here is copied as it is.
    if (*at_ == '\\') {
      scratch_.append(start, at_);
      ++at_;
      uint32_t code;
      if (!ReadEscape(&code)) return false;
      char bytes[4];
      scratch_.append(bytes, PutUtf8(code, bytes));
      start = at_;
    }
    at_ = SkipPlain(at_, end_);
    if (at_ == end_) return Fail("the JSON text ends within a string");
    if (*at_ == '"') {
      scratch_.append(start, at_);
      ++at_;
      *value = scratch_;
      return true;
    }
    if (*at_ == '\\') continue;
    if (!SkipBeyondAscii()) return false;
    if (at_ == end_) return Fail("the JSON text ends within a string");
  }
}

bool Reader::SkipStringBody() {
  for (;;) {
    at_ = SkipPlain(at_, end_);
    if (at_ == end_) return Fail("the JSON text ends within a string");
    if (*at_ == '"') {
      ++at_;
      return true;
    }
    if (*at_ == '\\') {
      ++at_;
      uint32_t code;
      if (!ReadEscape(&code)) return false;
    } else if (!SkipBeyondAscii()) {
      return false;
    }
  }
}

bool Reader::SkipBeyondAscii() {
  if (static_cast<signed char>(*at_) >= 0) return Fail("a control character within a string must be escaped");
  const int length = Utf8SequenceLength(at_, end_);
  if (length == 0) return Fail("not UTF-8");
  at_ += length;
  return true;
}

bool Reader::ReadEscape(uint32_t* code) {
  if (at_ == end_) return Fail("the JSON text ends within a string");
  const char c = *at_++;
  switch (c) {
    case '"':
    case '\\':
    case '/':
      *code = static_cast<unsigned char>(c);
      return true;
    case 'b':
      *code = '\b';
      return true;
    case 'f':
      *code = '\f';
      return true;
    case 'n':
      *code = '\n';
      return true;
    case 'r':
      *code = '\r';
      return true;
    case 't':
      *code = '\t';
      return true;
    case 'u':
      break;
    default:
      --at_;
      return Fail("unknown escape");
  }
  if (!ReadHex(code)) return false;
  if (*code >= 0xdc00 && *code <= 0xdfff) return Fail("a lone surrogate");
  if (*code >= 0xd800 && *code <= 0xdbff) {
    uint32_t low;
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return Fail("a lone surrogate");
    at_ += 2;
    if (!ReadHex(&low)) return false;
    if (low < 0xdc00 || low > 0xdfff) return Fail("a lone surrogate");
    *code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
  }
  return true;
}

bool Reader::ReadHex(uint32_t* unit) {
  if (end_ - at_ < 4) return Fail("expected four hexadecimal digits");
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at_[i];
    const char lower = static_cast<char>(c | 0x20);
    if (IsDigit(c)) {
      value = value << 4 | static_cast<uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value << 4 | static_cast<uint32_t>(lower - 'a' + 10);
    } else {
      return Fail("expected four hexadecimal digits");
    }
  }
  at_ += 4;
  *unit = value;
  return true;
}

bool Reader::ReadNumber(absl::string_view* token) {
  if (Peek() != Kind::kNumber) return Fail("expected a number");
  const char* const start = at_;
  if (*at_ == '-') ++at_;
  const auto digits = [this] {
    const char* const from = at_;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
    return at_ != from;
  };
  if (at_ != end_ && *at_ == '0') {
    ++at_;
    if (at_ != end_ && IsDigit(*at_)) return Fail("a number must not begin with a zero");
  } else if (!digits()) {
    return Fail("expected a digit");
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return Fail("expected a digit");
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return Fail("expected a digit");
  }
  *token = absl::string_view(start, static_cast<size_t>(at_ - start));
  return true;
}

bool Reader::ReadLiteral(absl::string_view literal) {
  const absl::string_view rest(at_, static_cast<size_t>(end_ - at_));
  if (rest.substr(0, literal.size()) != literal) return Fail("expected a value");
  at_ += literal.size();
  return true;
}

bool Reader::ReadBool(bool* value) {
  const Kind kind = Peek();
  if (kind != Kind::kTrue && kind != Kind::kFalse) return Fail("expected true or false");
  *value = kind == Kind::kTrue;
  return ReadLiteral(*value ? "true" : "false");
}

bool Reader::ReadNull() {
  if (Peek() != Kind::kNull) return Fail("expected null");
  return ReadLiteral("null");
}

bool Reader::SkipContainer(Kind kind) {
  const char* const start = at_;
  if (const auto known = skipped_.find(start); known != skipped_.end()) {
    at_ = known->second;
    first_ = false;
    return true;
  }
  if (!Enter()) return false;
  if (kind == Kind::kObject) {
    while (BeginKey()) {
      if (!SkipStringBody() || !EndKey() || !SkipValue()) return false;
    }
  } else {
    while (NextElement()) {
      if (!SkipValue()) return false;
    }
  }
  if (failed()) return false;
  constexpr ptrdiff_t kLarge = 1024;
  if (at_ - start >= kLarge) skipped_.emplace(start, at_);
  return true;
}

bool Reader::SkipValue() {
  absl::string_view text;
  bool boolean;
  const Kind kind = Peek();
  switch (kind) {
    case Kind::kObject:
    case Kind::kArray:
      return SkipContainer(kind);
    case Kind::kString:
      ++at_;
      return SkipStringBody();
    case Kind::kNumber:
      return ReadNumber(&text);
    case Kind::kTrue:
    case Kind::kFalse:
      return ReadBool(&boolean);
    case Kind::kNull:
      return ReadNull();
    case Kind::kError:
      break;
  }
  return false;
}

bool Reader::Finish() {
  if (failed()) return false;
  SkipSpace();
  return at_ == end_ || Fail("something follows the value");
}

}  // namespace portico::json
