#include "gateway/protocol/grpc_web_text.h"

#include "absl/strings/escaping.h"
#include "gateway/json/base64.h"
#include "gateway/wire/append_buffer.h"

namespace portico::protocol {
namespace {

constexpr size_t kGroup = 4;

// `text` is whole groups, only the last of which may be padded.
bool AppendDecoded(absl::string_view text, std::string* bytes) {
  // The decoder takes either alphabet, but not both in what it is given at once, which depends on how a body arrives.
  if (text.find_first_of("-_") != absl::string_view::npos) return false;
  wire::AppendBuffer buffer(bytes, text.size() / kGroup * 3);
  const bool good = json::AppendBase64Decoded(text, &buffer);
  buffer.Finish();
  return good;
}

}  // namespace

bool GrpcWebTextReader::Read(absl::string_view text, std::string* bytes) {
  while (!text.empty()) {
    if (held_ > 0 || text.size() < kGroup) {
      group_[held_++] = text.front();
      text.remove_prefix(1);
      if (held_ < kGroup) continue;
      held_ = 0;
      if (!AppendDecoded(absl::string_view(group_, kGroup), bytes)) return false;
      continue;
    }
    absl::string_view groups = text.substr(0, text.size() / kGroup * kGroup);
    // Behind padding another text begins.
    const size_t padding = groups.find('=');
    if (padding != absl::string_view::npos) groups = groups.substr(0, (padding / kGroup + 1) * kGroup);
    if (!AppendDecoded(groups, bytes)) return false;
    text.remove_prefix(groups.size());
  }
  return true;
}

void AppendGrpcWebText(absl::string_view bytes, std::string* text) {
  text->append(absl::Base64Escape(bytes));
}

}  // namespace portico::protocol
