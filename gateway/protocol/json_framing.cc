#include "gateway/protocol/json_framing.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"

namespace portico::protocol {
namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

JsonFraming::Result JsonFraming::Fail(absl::string_view why) {
  error_ = absl::InvalidArgumentError(absl::StrCat("at byte ", at_, " of the body: ", why));
  return Result::kError;
}

bool JsonFraming::Take(absl::string_view bytes) {
  if (bytes.size() > most_ - text_.size()) {
    error_ =
        rpc::WithHttpStatus(absl::ResourceExhaustedError(absl::StrCat("message ", number_, " (at byte ", begin_,
                                                                      " of the body) has more than ", most_, " bytes")),
                            413);
    return false;
  }
  text_.append(bytes.data(), bytes.size());
  at_ += bytes.size();
  return true;
}

JsonFraming::Result JsonFraming::Give(std::string* text) {
  text->swap(text_);
  text_.clear();
  return Result::kText;
}

JsonFraming::Result JsonFraming::Next(absl::string_view* input, std::string* text) {
  return form_ == Form::kLines ? NextLine(input, text) : NextValue(input, text);
}

JsonFraming::Result JsonFraming::NextLine(absl::string_view* input, std::string* text) {
  while (!input->empty()) {
    if (state_ == State::kStart) {
      if (IsSpace(input->front())) {
        input->remove_prefix(1);
        ++at_;
        continue;
      }
      state_ = State::kScalar;
      begin_ = at_;
      ++number_;
    }
    const size_t end = input->find('\n');
    const absl::string_view line = input->substr(0, end);
    if (!Take(line)) return Result::kError;
    input->remove_prefix(line.size());
    if (end == absl::string_view::npos) break;
    input->remove_prefix(1);
    ++at_;
    state_ = State::kStart;
    return Give(text);
  }
  return Result::kNeedMore;
}

void JsonFraming::Begin(char c) {
  begin_ = at_;
  ++number_;
  depth_ = 0;
  in_string_ = escaped_ = false;
  first_ = false;
  state_ = c == '{' || c == '[' ? State::kNested : c == '"' ? State::kString : State::kScalar;
}

size_t JsonFraming::Measure(absl::string_view input, bool* complete) {
  *complete = true;
  for (size_t i = 0; i < input.size(); ++i) {
    const char c = input[i];
    if (state_ == State::kScalar) {
      if (IsSpace(c) || (array_ && (c == ',' || c == ']'))) return i;
      continue;
    }
    if (escaped_) {
      escaped_ = false;
    } else if (in_string_) {
      escaped_ = c == '\\';
      in_string_ = c != '"';
      if (!in_string_ && state_ == State::kString) return i + 1;
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      // More than any reader follows; the count must not run over.
      if (depth_ < std::numeric_limits<int>::max()) ++depth_;
    } else if (c == '}' || c == ']') {
      if (--depth_ == 0) return i + 1;
    }
  }
  *complete = false;
  return input.size();
}

JsonFraming::Result JsonFraming::NextValue(absl::string_view* input, std::string* text) {
  while (!input->empty()) {
    const char c = input->front();
    if (state_ == State::kNested || state_ == State::kString || state_ == State::kScalar) {
      bool complete = false;
      const size_t size = Measure(*input, &complete);
      if (!Take(input->substr(0, size))) return Result::kError;
      input->remove_prefix(size);
      if (!complete) break;
      state_ = array_ ? State::kAfter : State::kBefore;
      return Give(text);
    }
    if (!IsSpace(c)) {
      if (state_ == State::kDone) return Fail("something stands behind the array");
      if (state_ == State::kStart && c == '[') {
        array_ = true;
        state_ = State::kBefore;
      } else if (state_ == State::kAfter && c == ',') {
        state_ = State::kBefore;
      } else if (c == ']' && (state_ == State::kAfter || (array_ && first_))) {
        state_ = State::kDone;
      } else if (state_ == State::kAfter) {
        return Fail("expected ',' or ']'");
      } else if (c == ',' || c == ']' || c == '}') {
        return Fail("expected a value");
      } else {
        Begin(c);
        continue;
      }
    }
    input->remove_prefix(1);
    ++at_;
  }
  return Result::kNeedMore;
}

JsonFraming::Result JsonFraming::Finish(std::string* text) {
  if (state_ == State::kScalar && !array_) {
    state_ = State::kStart;
    return Give(text);
  }
  switch (state_) {
    case State::kNested:
    case State::kString:
    case State::kScalar:
      return Fail(absl::StrCat("message ", number_, " (at byte ", begin_, ") does not end"));
    case State::kBefore:
    case State::kAfter:
      if (array_) return Fail("the array does not end");
      break;
    case State::kStart:
    case State::kDone:
      break;
  }
  return Result::kNeedMore;
}

}  // namespace portico::protocol
