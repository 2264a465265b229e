#include "gateway/http/chunked_body.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

constexpr int kMostDigits = 16;  // a leading zero is allowed, endless ones are not

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsControl(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

absl::Status TooLarge(absl::string_view what, int http_status) {
  return rpc::WithHttpStatus(absl::ResourceExhaustedError(what), http_status);
}

}  // namespace

bool ChunkedBody::Fail(absl::string_view why) {
  error_ = absl::InvalidArgumentError(absl::StrCat("malformed chunked body: ", why));
  return false;
}

bool ChunkedBody::BeginChunk() {
  digits_ = 0;
  state_ = left_ == 0 ? State::kTrailer : State::kData;
  if (left_ <= left_of_body_) {
    left_of_body_ -= left_;
    return true;
  }
  error_ = TooLarge("the request's body is too large", 413);
  return false;
}

bool ChunkedBody::Take(char c) {
  if (state_ == State::kExtension || state_ == State::kBlank || state_ == State::kTrailerField) {
    if (++framing_ > limits_.header_bytes) {
      error_ = TooLarge("the body's framing is too large", 431);
      return false;
    }
  }
  switch (state_) {
    case State::kSize:
      if (const int value = HexValue(c); value >= 0) {
        if (++digits_ > kMostDigits) return Fail("a chunk size of too many digits");
        left_ = left_ << 4 | static_cast<uint64_t>(value);
        return true;
      }
      if (digits_ == 0) return Fail("a chunk without a size");
      [[fallthrough]];
    case State::kBlank:
      if (c == '\r') {
        state_ = State::kSizeEnd;
      } else if (c == ';') {
        state_ = State::kExtension;
      } else if (c == ' ' || c == '\t') {
        state_ = State::kBlank;
      } else {
        return Fail("a chunk size that is no number");
      }
      return true;
    case State::kExtension:
      if (c == '\r') {
        state_ = State::kSizeEnd;
      } else if (IsControl(c)) {
        return Fail("a control character in an extension");
      }
      return true;
    case State::kSizeEnd:
      return c == '\n' ? BeginChunk() : Fail("a line that does not end with CRLF");
    case State::kData:
      return true;  // not taken byte by byte
    case State::kDataEnd:
      state_ = State::kDataLineEnd;
      return c == '\r' || Fail("a chunk that is longer than its size");
    case State::kDataLineEnd:
      state_ = State::kSize;
      return c == '\n' || Fail("a line that does not end with CRLF");
    case State::kTrailer:
      if (c == '\r') {
        state_ = State::kEnd;
        return true;
      }
      if (c == ' ' || c == '\t') return Fail("a folded trailer line");
      state_ = State::kTrailerField;
      return !IsControl(c) || Fail("a control character in the trailer");
    case State::kTrailerField:
      if (c == '\r') {
        state_ = State::kTrailerEnd;
      } else if (IsControl(c)) {
        return Fail("a control character in the trailer");
      }
      return true;
    case State::kTrailerEnd:
      state_ = State::kTrailer;
      return c == '\n' || Fail("a line that does not end with CRLF");
    case State::kEnd:
      return c == '\n' || Fail("a line that does not end with CRLF");
  }
  return Fail("unreadable");
}

ChunkedBody::Result ChunkedBody::Read(absl::string_view bytes, size_t* consumed, std::string* decoded) {
  size_t at = 0;
  while (at < bytes.size()) {
    if (state_ == State::kData) {
      const size_t piece = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size() - at));
      decoded->append(bytes.data() + at, piece);
      at += piece;
      left_ -= piece;
      if (left_ == 0) state_ = State::kDataEnd;
      continue;
    }
    const bool last = state_ == State::kEnd;
    if (!Take(bytes[at])) return Result::kError;
    ++at;
    if (last) {
      *consumed = at;
      return Result::kDone;
    }
  }
  *consumed = at;
  return Result::kNeedMore;
}

}  // namespace portico::http
