#include "services/base/slug.h"

#include "absl/strings/ascii.h"

namespace shop {

std::string Slug(std::string_view title) {
  constexpr size_t kLongest = 80;
  std::string slug;
  for (const char c : title) {
    if (slug.size() == kLongest) break;
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      slug += absl::ascii_tolower(static_cast<unsigned char>(c));
    } else if (c != '\'' && !slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug;
}

}  // namespace shop
