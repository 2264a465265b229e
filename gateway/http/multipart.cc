#include "gateway/http/multipart.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/syntax.h"

namespace portico::http {
namespace {

constexpr size_t kLongestBoundary = 70;
constexpr size_t kLongestPadding = 256;  // white space behind a delimiter

absl::Status Malformed(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("malformed multipart/form-data: ", why));
}

// bchars of RFC 2046, section 5.1.1; the last is no space.
bool IsBoundary(absl::string_view text) {
  if (text.empty() || text.size() > kLongestBoundary || text.back() == ' ') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::string_view("'()+_,-./:=? ").find(c) != absl::string_view::npos;
  });
}

// Reads the parameters of a field value: ; name=token ; name="quoted".
class Parameters {
 public:
  explicit Parameters(absl::string_view text) : rest_(text) {}

  // The name in lower case. False at the end, and when it is malformed().
  bool Next(std::string* name, std::string* value) {
    name->clear();
    value->clear();
    SkipSpace();
    if (rest_.empty()) return false;
    malformed_ = true;  // until it has been read
    if (!Skip(';')) return false;
    SkipSpace();
    if (rest_.empty()) {  // a semicolon at the end
      malformed_ = false;
      return false;
    }
    const size_t equals = rest_.find('=');
    if (equals == absl::string_view::npos) return false;
    *name = absl::AsciiStrToLower(rest_.substr(0, equals));
    if (!IsToken(*name)) return false;
    rest_.remove_prefix(equals + 1);
    if (!(Skip('"') ? Quoted(value) : Plain(value))) return false;
    malformed_ = false;
    return true;
  }
  bool malformed() const { return malformed_; }

 private:
  void SkipSpace() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool Plain(std::string* value) {
    const absl::string_view text = rest_.substr(0, rest_.find_first_of("; \t"));
    rest_.remove_prefix(text.size());
    *value = std::string(text);
    return !text.empty() && text.find('"') == absl::string_view::npos;
  }
  // A backslash quotes a quotation mark or another backslash only: file names of some systems have them.
  bool Quoted(std::string* value) {
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      const bool quotes = c == '\\' && !rest_.empty() && (rest_.front() == '"' || rest_.front() == '\\');
      *value += quotes ? rest_.front() : c;
      if (quotes) rest_.remove_prefix(1);
    }
    return false;
  }

  absl::string_view rest_;
  bool malformed_ = false;
};

// What browsers write for a quotation mark and a line end within a name.
std::string Unescaped(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const absl::string_view escape = text.substr(i, 3);
    const char c = escape == "%22" ? '"' : escape == "%0D" ? '\r' : escape == "%0A" ? '\n' : '\0';
    plain += c == '\0' ? text[i] : c;
    if (c != '\0') i += 2;
  }
  return plain;
}

absl::Status ReadDisposition(absl::string_view value, PartHead* head) {
  const size_t semicolon = value.find(';');
  if (!absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(value.substr(0, semicolon)), "form-data")) {
    return Malformed("a part's Content-Disposition is not form-data");
  }
  Parameters parameters(semicolon == absl::string_view::npos ? absl::string_view() : value.substr(semicolon));
  std::string name, text;
  bool named = false;
  while (parameters.Next(&name, &text)) {
    if (name == "name") {
      if (std::exchange(named, true)) return Malformed("a part has two names");
      head->name = Unescaped(text);
    } else if (name == "filename") {
      if (std::exchange(head->has_filename, true)) return Malformed("a part has two file names");
      head->filename = Unescaped(text);
    }
  }
  if (parameters.malformed()) return Malformed("a part's Content-Disposition cannot be read");
  return named ? absl::OkStatus() : Malformed("a part has no name");
}

// `lines` are the header fields of a part, each ended by CRLF.
absl::Status ReadHead(absl::string_view lines, PartHead* head) {
  bool disposed = false;
  while (!lines.empty()) {
    const size_t end = lines.find("\r\n");
    const absl::string_view line = lines.substr(0, end);
    lines.remove_prefix(end + 2);
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos || !IsToken(line.substr(0, colon)) || !IsFieldValue(line.substr(colon + 1))) {
      return Malformed("a part's header cannot be read");
    }
    const absl::string_view name = line.substr(0, colon);
    const absl::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
    if (absl::EqualsIgnoreCase(name, "Content-Disposition")) {
      if (std::exchange(disposed, true)) return Malformed("a part has two Content-Dispositions");
      if (absl::Status read = ReadDisposition(value, head); !read.ok()) return read;
    } else if (absl::EqualsIgnoreCase(name, "Content-Type")) {
      head->content_type = std::string(value);
    } else if (absl::EqualsIgnoreCase(name, "Content-Transfer-Encoding")) {
      const bool as_it_is = absl::EqualsIgnoreCase(value, "7bit") || absl::EqualsIgnoreCase(value, "8bit") ||
                            absl::EqualsIgnoreCase(value, "binary");
      if (!as_it_is) return Malformed("a part has a Content-Transfer-Encoding");
    }
  }
  return disposed ? absl::OkStatus() : Malformed("a part has no Content-Disposition");
}

}  // namespace

std::optional<std::string> MultipartBoundary(absl::string_view content_type) {
  const size_t semicolon = content_type.find(';');
  const absl::string_view type = absl::StripAsciiWhitespace(content_type.substr(0, semicolon));
  if (!absl::EqualsIgnoreCase(type, "multipart/form-data") || semicolon == absl::string_view::npos) return std::nullopt;
  Parameters parameters(content_type.substr(semicolon));
  std::optional<std::string> boundary;
  std::string name, value;
  while (parameters.Next(&name, &value)) {
    if (name != "boundary") continue;
    if (boundary.has_value()) return std::nullopt;
    boundary = value;
  }
  if (parameters.malformed() || !boundary.has_value() || !IsBoundary(*boundary)) return std::nullopt;
  return boundary;
}

MultipartParser::MultipartParser(absl::string_view boundary, const MultipartLimits& limits, MultipartSink& sink)
    : delimiter_(absl::StrCat("\r\n--", boundary)), limits_(limits), sink_(sink) {}

absl::Status MultipartParser::Feed(absl::string_view bytes) {
  absl::string_view in = bytes;
  if (!held_.empty()) {
    absl::StrAppend(&held_, bytes);
    in = held_;
  }
  Step step = Step::kDone;
  while (step == Step::kDone && !in.empty()) {
    if (absl::Status taken = Take(&in, &step); !taken.ok()) return taken;
  }
  // `in` may be a view into held_.
  held_ = std::string(in);
  return absl::OkStatus();
}

absl::Status MultipartParser::Finish() {
  return state_ == State::kEpilogue ? absl::OkStatus() : Malformed("it ends before its last delimiter");
}

absl::Status MultipartParser::Take(absl::string_view* in, Step* step) {
  switch (state_) {
    case State::kPreamble:
    case State::kData:
      return TakeContent(in, step);
    case State::kDelimiter:
      return TakeDelimiter(in, step);
    case State::kHead:
      return TakeHead(in, step);
    case State::kEpilogue:
      break;
  }
  *in = {};
  return absl::OkStatus();
}

absl::Status MultipartParser::EmitData(absl::string_view piece) {
  return in_part_ && !piece.empty() ? sink_.Data(piece) : absl::OkStatus();
}

// Content up to the next delimiter, or to what may become one.
absl::Status MultipartParser::TakeContent(absl::string_view* in, Step* step) {
  size_t end = in->find(delimiter_);
  if (end != absl::string_view::npos) {
    state_ = State::kDelimiter;
  } else {
    *step = Step::kNeedMore;
    end = in->size();
    for (size_t kept = std::min(in->size(), delimiter_.size() - 1); kept > 0; --kept) {
      if (absl::StartsWith(delimiter_, in->substr(in->size() - kept))) {
        end = in->size() - kept;
        break;
      }
    }
  }
  const absl::string_view piece = in->substr(0, end);
  in->remove_prefix(end);
  return EmitData(piece);
}

// A delimiter is one only with "--" or the end of its line behind it; else it is content like any other.
absl::Status MultipartParser::TakeDelimiter(absl::string_view* in, Step* step) {
  const absl::string_view behind = in->substr(delimiter_.size());
  const size_t padding = std::min(behind.find_first_not_of(" \t"), behind.size());
  if (padding > kLongestPadding) return Malformed("a delimiter's line is too long");
  const absl::string_view end = behind.substr(padding);
  const bool last = absl::StartsWith(behind, "--");
  if (!last && (end.empty() || end == "\r" || behind == "-")) {
    *step = Step::kNeedMore;
    return absl::OkStatus();
  }
  if (!last && !absl::StartsWith(end, "\r\n")) {
    const absl::string_view piece = in->substr(0, delimiter_.size());
    in->remove_prefix(delimiter_.size());
    state_ = in_part_ ? State::kData : State::kPreamble;
    return EmitData(piece);
  }
  if (std::exchange(in_part_, false)) {
    if (absl::Status ended = sink_.EndPart(); !ended.ok()) return ended;
  }
  state_ = last ? State::kEpilogue : State::kHead;
  // The line's end stays: a part without header fields begins with an empty line.
  in->remove_prefix(delimiter_.size() + padding);
  return absl::OkStatus();
}

// REQUIRES: `in` begins with the CRLF of the delimiter's line.
absl::Status MultipartParser::TakeHead(absl::string_view* in, Step* step) {
  constexpr absl::string_view kEnd = "\r\n\r\n";
  const size_t end = in->find(kEnd);
  // What has come may break off within kEnd, which does not count: the same form is taken however it arrives.
  const size_t least = end != absl::string_view::npos ? end : in->size() - std::min(in->size(), kEnd.size() - 1);
  if (least > limits_.header_bytes) return Malformed("a part's header is too long");
  if (end == absl::string_view::npos) {
    *step = Step::kNeedMore;
    return absl::OkStatus();
  }
  if (++parts_ > limits_.parts) {
    return absl::ResourceExhaustedError(absl::StrCat("the form has more than ", limits_.parts, " parts"));
  }
  PartHead head;
  if (absl::Status read = ReadHead(in->substr(2, end), &head); !read.ok()) return read;
  in->remove_prefix(end + kEnd.size());
  in_part_ = true;
  state_ = State::kData;
  return sink_.BeginPart(std::move(head));
}

}  // namespace portico::http
