#include "gateway/http/json_text.h"

#include "gateway/json/utf8.h"
#include "gateway/json/writer.h"

namespace portico::http {

void AppendJsonText(absl::string_view text, wire::AppendBuffer* json) {
  const size_t start = json->size();
  if (json::AppendString(text, json)) return;
  json->Truncate(start);
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

void AppendJsonText(absl::string_view text, std::string* json) {
  wire::AppendBuffer buffer(json, text.size() + 2);
  AppendJsonText(text, &buffer);
  buffer.Finish();
}

std::string PrettyJson(absl::string_view json) {
  std::string pretty;
  size_t level = 0;
  const auto new_line = [&] {
    pretty += '\n';
    pretty.append(2 * level, ' ');
  };
  bool quoted = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted) {
      pretty += c;
      if (c == '\\' && i + 1 < json.size()) pretty += json[++i];
      quoted = c != '"';
    } else if ((c == '{' || c == '[') && i + 1 < json.size() && json[i + 1] == (c == '{' ? '}' : ']')) {
      pretty += c;
      pretty += json[++i];
    } else if (c == '{' || c == '[') {
      pretty += c;
      ++level;
      new_line();
    } else if (c == '}' || c == ']') {
      if (level > 0) --level;
      new_line();
      pretty += c;
    } else {
      pretty += c;
      if (c == ',') new_line();
      if (c == ':') pretty += ' ';
      quoted = c == '"';
    }
  }
  pretty += '\n';
  return pretty;
}

}  // namespace portico::http
