#include "gateway/http/json_text.h"

#include "gateway/json/utf8.h"
#include "gateway/json/writer.h"

namespace portico::http {

void AppendJsonText(absl::string_view text, std::string* json) {
  if (json::IsUtf8(text)) return json::AppendString(text, json);
  std::string clean;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const int length = static_cast<unsigned char>(*at) < 0x80 ? 1 : json::Utf8SequenceLength(at, end);
    if (length == 0) {
      clean += "\xef\xbf\xbd";
      ++at;
    } else {
      clean.append(at, static_cast<size_t>(length));
      at += length;
    }
  }
  json::AppendString(clean, json);
}

}  // namespace portico::http
