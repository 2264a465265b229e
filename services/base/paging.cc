#include "services/base/paging.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"

namespace shop {
namespace {

constexpr int kDefaultPageSize = 20;
constexpr int kMaxPageSize = 100;
constexpr size_t kChecksumSize = 8;

// FNV-1a. Tokens are not secrets: the checksum finds the mangled and the misplaced, not the forged.
std::string Checksum(std::string_view scope, std::string_view key) {
  uint64_t hash = 14695981039346656037u;
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 1099511628211u; };
  for (const char c : scope) add(static_cast<unsigned char>(c));
  add(0);
  for (const char c : key) add(static_cast<unsigned char>(c));
  std::string bytes(kChecksumSize, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(hash & 0xff);
    hash >>= 8;
  }
  return bytes;
}

}  // namespace

int64_t Page::after_number(int64_t first) const {
  int64_t number = first;
  return absl::SimpleAtoi(after, &number) ? number : first;
}

Page ReadPage(int32_t page_size, std::string_view page_token, std::string_view scope, Validator& check) {
  Page page;
  if (page_size < 0) check.Fail("page_size", "OUT_OF_RANGE", "must not be negative");
  page.size = page_size == 0 ? kDefaultPageSize : std::min(page_size, kMaxPageSize);
  if (!page_token.empty()) {
    std::string bytes;
    const bool decoded = absl::WebSafeBase64Unescape(absl::string_view(page_token.data(), page_token.size()), &bytes);
    if (decoded && bytes.size() > kChecksumSize) page.after = bytes.substr(kChecksumSize);
    if (page.after.empty() || bytes.compare(0, kChecksumSize, Checksum(scope, page.after)) != 0) {
      check.Fail("page_token", "INVALID_PAGE_TOKEN", "is not a next_page_token of this list");
    }
  }
  return page;
}

std::string NextPageToken(std::string_view scope, std::string_view key) {
  return absl::WebSafeBase64Escape(Checksum(scope, key) + std::string(key));
}

}  // namespace shop
