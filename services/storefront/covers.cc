#include "services/storefront/covers.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace shop::storefront {
namespace {

constexpr absl::string_view kFolder = "/covers/";
constexpr absl::string_view kSuffix = ".svg";
constexpr size_t kMostTitleLines = 6;
constexpr size_t kTitleWidth = 13;
constexpr size_t kAuthorWidth = 24;
constexpr std::string_view kEllipsis = "\u2026";

bool ContinuesCharacter(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// How many characters a text has.
size_t Length(std::string_view text) {
  size_t length = 0;
  for (const char c : text) length += ContinuesCharacter(c) ? 0 : 1;
  return length;
}

// The text, or as much of its beginning as has `most` characters with an ellipsis.
std::string Cut(std::string_view text, size_t most) {
  if (Length(text) <= most) return std::string(text);
  size_t end = 0;
  for (size_t characters = 0; end < text.size(); ++end) {
    if (!ContinuesCharacter(text[end]) && ++characters == most) break;
  }
  return std::string(text.substr(0, end)).append(kEllipsis);
}

// Breaks a text at its spaces into at most `most` lines of about `width` characters.
std::vector<std::string> Wrap(std::string_view text, size_t width, size_t most) {
  std::vector<std::string> lines;
  size_t at = 0;
  while (at < text.size()) {
    size_t end = at;
    while (end < text.size() && static_cast<unsigned char>(text[end]) > ' ') ++end;
    const std::string word = Cut(text.substr(at, end - at), width);
    at = end + 1;
    if (word.empty()) continue;
    if (!lines.empty() && Length(lines.back()) + 1 + Length(word) <= width) {
      lines.back().append(" ").append(word);
    } else if (lines.size() < most) {
      lines.push_back(word);
    } else {
      lines.back().append(" ").append(kEllipsis);
      break;
    }
  }
  return lines;
}

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        // XML has no control characters, not even escaped.
        escaped += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return escaped;
}

// FNV-1a.
uint64_t Hash(std::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  // Its low bits alone are much alike for texts that are.
  return hash ^ (hash >> 29);
}

}  // namespace

std::string CoverPath(std::string_view product_id) {
  return absl::StrCat(kFolder, absl::string_view(product_id.data(), product_id.size()), kSuffix);
}

std::string_view ProductOfCover(std::string_view path) {
  absl::string_view rest(path.data(), path.size());
  if (!absl::ConsumePrefix(&rest, kFolder) || !absl::ConsumeSuffix(&rest, kSuffix)) return {};
  return rest.find('/') == absl::string_view::npos ? std::string_view(rest.data(), rest.size()) : std::string_view();
}

std::string DrawCover(const Cover& cover) {
  const uint64_t hash = Hash(cover.product_id);
  const int hue = static_cast<int>(hash % 360);
  const int second_hue = (hue + 30 + static_cast<int>(hash / 360 % 60)) % 360;
  // Three circles make each cover one of its own.
  std::string circles;
  uint64_t rest = hash / 21600;
  for (int i = 0; i < 3; ++i, rest /= 7919) {
    absl::StrAppendFormat(&circles, R"svg(<circle cx="%d" cy="%d" r="%d" fill="hsl(%d 60%% 70%%)" opacity=".25"/>)svg",
                          static_cast<int>(rest % 240), static_cast<int>(rest / 240 % 360),
                          static_cast<int>(40 + rest / 86400 % 80), second_hue);
  }
  std::string title;
  int y = 90;
  for (const std::string& line : Wrap(cover.title, kTitleWidth, kMostTitleLines)) {
    absl::StrAppendFormat(&title, R"(<text x="24" y="%d">%s</text>)", y, Escape(line));
    y += 28;
  }
  return absl::StrFormat(
      R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 360" width="240" height="360"
role="img" aria-label="%s">
<defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">
<stop stop-color="hsl(%d 55%% 32%%)"/><stop offset="1" stop-color="hsl(%d 60%% 22%%)"/>
</linearGradient></defs>
<rect width="240" height="360" fill="url(#g)"/>%s<rect width="10" height="360" fill="#000" opacity=".25"/>
<rect x="24" y="48" width="40" height="4" fill="#fff" opacity=".8"/>
<g fill="#fff" font-family="Georgia,serif" font-size="22" font-weight="bold">%s</g>
<text x="24" y="328" fill="#fff" opacity=".85" font-family="Helvetica,Arial,sans-serif" font-size="14">%s</text>
</svg>
)svg",
      Escape(Cut(cover.title, 200)), hue, second_hue, circles, title, Escape(Cut(cover.author, kAuthorWidth)));
}

}  // namespace shop::storefront
