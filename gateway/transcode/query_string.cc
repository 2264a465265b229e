#include "gateway/transcode/query_string.h"

namespace portico::transcode {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

bool QueryString::Decode(absl::string_view text, std::string* decoded) {
  decoded->clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      *decoded += ' ';
    } else if (text[i] != '%') {
      *decoded += text[i];
    } else {
      const int high = text.size() - i > 2 ? HexDigit(text[i + 1]) : -1;
      const int low = text.size() - i > 2 ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      *decoded += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return true;
}

bool QueryString::Next(std::string* name, std::string* value) {
  while (!rest_.empty()) {
    const size_t end = rest_.find('&');
    const absl::string_view piece = rest_.substr(0, end);
    rest_.remove_prefix(end == absl::string_view::npos ? rest_.size() : end + 1);
    if (piece.empty()) continue;
    const size_t equals = piece.find('=');
    malformed_ = !Decode(piece.substr(0, equals), name) ||
                 !Decode(equals == absl::string_view::npos ? absl::string_view() : piece.substr(equals + 1), value);
    return !malformed_;
  }
  return false;
}

}  // namespace portico::transcode
