#include "gateway/protocol/warning_header.h"

#include "absl/strings/str_cat.h"

namespace portico::protocol {

std::string WarningHeader(const std::vector<std::string>& names) {
  constexpr size_t kMaxLength = 1024;
  constexpr absl::string_view kHex = "0123456789ABCDEF";
  std::string header;
  for (const std::string& name : names) {
    if (header.size() + name.size() > kMaxLength) {
      absl::StrAppend(&header, header.empty() ? "" : ", ", "...");
      break;
    }
    if (!header.empty()) header += ", ";
    for (char c : name) {
      if (c > ' ' && c <= '~' && c != ',' && c != '%') {
        header += c;
        continue;
      }
      const auto byte = static_cast<unsigned char>(c);
      header += '%';
      header += kHex[byte >> 4];
      header += kHex[byte & 15];
    }
  }
  return header;
}

}  // namespace portico::protocol
