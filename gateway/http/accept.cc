#include "gateway/http/accept.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace portico::http {
namespace {

// The text up to the next `separator` that is not within quotation marks; removes it from `*text`.
absl::string_view Cut(char separator, absl::string_view* text) {
  bool quoted = false;
  size_t at = 0;
  for (; at < text->size(); ++at) {
    const char c = (*text)[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      break;
    }
  }
  at = std::min(at, text->size());
  const absl::string_view piece = text->substr(0, at);
  text->remove_prefix(std::min(at + 1, text->size()));
  return absl::StripAsciiWhitespace(piece);
}

// qvalue of RFC 9110, section 12.4.2, in thousandths; -1 when it is none.
int ParseQuality(absl::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return -1;
  int quality = (text[0] - '0') * 1000;
  if (text.size() > 1 && text[1] != '.') return -1;
  int unit = 100;
  for (const char c : text.substr(std::min<size_t>(2, text.size()))) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return -1;
    quality += (c - '0') * unit;
    unit /= 10;
  }
  return quality <= 1000 ? quality : -1;
}

// Calls visit(member, quality) for each member of the lists of that name; false when there is no such header.
template <class Visit>
bool VisitMembers(const RequestHeaders& headers, absl::string_view name, Visit visit) {
  bool found = false;
  for (const RequestHeaders::Field& field : headers) {
    if (!absl::EqualsIgnoreCase(field.name, name)) continue;
    found = true;
    absl::string_view rest = field.value;
    while (!rest.empty()) {
      absl::string_view member = Cut(',', &rest);
      const absl::string_view value = Cut(';', &member);
      int quality = 1000;
      while (!member.empty()) {
        const absl::string_view parameter = Cut(';', &member);
        if (absl::StartsWithIgnoreCase(parameter, "q=")) quality = ParseQuality(parameter.substr(2));
      }
      if (!value.empty() && quality >= 0) visit(value, quality);
    }
  }
  return found;
}

}  // namespace

int QualityOfType(const RequestHeaders& headers, absl::string_view type) {
  const absl::string_view range = type.substr(0, type.find('/') + 1);
  int specific = 0;
  int best = 0;
  bool readable = false;
  VisitMembers(headers, "Accept", [&](absl::string_view member, int quality) {
    readable = true;
    int rank = 0;
    if (absl::EqualsIgnoreCase(member, type)) {
      rank = 3;
    } else if (member.size() == range.size() + 1 && member.back() == '*' && absl::StartsWithIgnoreCase(member, range)) {
      rank = 2;
    } else if (member == "*/*" || member == "*") {
      rank = 1;
    }
    if (rank == 0 || rank < specific) return;
    best = rank > specific ? quality : std::max(best, quality);
    specific = rank;
  });
  return readable ? best : 1000;
}

int NamedQuality(const RequestHeaders& headers, absl::string_view type) {
  int best = -1;
  VisitMembers(headers, "Accept", [&](absl::string_view member, int quality) {
    if (absl::EqualsIgnoreCase(member, type)) best = std::max(best, quality);
  });
  return best;
}

int QualityOfCoding(const RequestHeaders& headers, absl::string_view coding) {
  int named = -1;
  int any = -1;
  VisitMembers(headers, "Accept-Encoding", [&](absl::string_view member, int quality) {
    if (absl::EqualsIgnoreCase(member, coding)) named = std::max(named, quality);
    if (member == "*") any = std::max(any, quality);
  });
  if (named >= 0) return named;
  if (coding != "identity") return std::max(any, 0);
  return any == 0 ? 0 : 1;  // below whatever is asked for
}

}  // namespace portico::http
