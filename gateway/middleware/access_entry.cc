#include "gateway/middleware/access_entry.h"

#include <cstdio>
#include <cstring>
#include <ctime>
#include <type_traits>

#include "gateway/http/json_text.h"
#include "gateway/json/writer.h"

namespace portico::middleware {
namespace {

// As they stand before each text.
constexpr std::array<absl::string_view, AccessEntry::kTexts> kKeys = {
    ",\"peer\":", ",\"method\":",     ",\"path\":",       ",\"protocol\":", ",\"route\":",
    ",\"rpc\":",  ",\"request_id\":", ",\"user_agent\":", ",\"omitted\":",  ",\"refused\":"};
// Room for most lines.
constexpr size_t kUsualLine = 512;

// The entry with lengths in place of texts, which follow it.
struct Encoded {
  int64_t time_ns;
  int64_t duration_us;
  uint64_t bytes;
  const std::string* frontend;
  const char* code;
  uint32_t code_length;
  int32_t status;
  std::array<uint16_t, AccessEntry::kTexts> lengths;
  bool complete;
};
static_assert(std::is_trivially_copyable_v<Encoded>);

absl::string_view Cut(absl::string_view text) {
  return text.substr(0, AccessEntry::kLongestText);
}

}  // namespace

size_t AccessEntry::EncodedSize() const {
  size_t size = sizeof(Encoded);
  for (const absl::string_view text : texts) size += Cut(text).size();
  return size;
}

void AccessEntry::EncodeTo(char* out) const {
  Encoded encoded{};
  encoded.time_ns = time_ns;
  encoded.duration_us = duration_us;
  encoded.bytes = bytes;
  encoded.frontend = frontend;
  encoded.code = code.data();
  encoded.code_length = static_cast<uint32_t>(code.size());
  encoded.status = status;
  encoded.complete = complete;
  char* at = out + sizeof(encoded);
  for (size_t i = 0; i < texts.size(); ++i) {
    const absl::string_view text = Cut(texts[i]);
    encoded.lengths[i] = static_cast<uint16_t>(text.size());
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
    at += text.size();
  }
  std::memcpy(out, &encoded, sizeof(encoded));
}

AccessEntry AccessEntry::Decode(absl::string_view bytes) {
  Encoded encoded;
  std::memcpy(&encoded, bytes.data(), sizeof(encoded));
  AccessEntry entry;
  entry.time_ns = encoded.time_ns;
  entry.duration_us = encoded.duration_us;
  entry.bytes = encoded.bytes;
  entry.frontend = encoded.frontend;
  entry.code = absl::string_view(encoded.code, encoded.code_length);
  entry.status = encoded.status;
  entry.complete = encoded.complete;
  size_t at = sizeof(encoded);
  for (size_t i = 0; i < entry.texts.size(); ++i) {
    entry.texts[i] = bytes.substr(at, encoded.lengths[i]);
    at += encoded.lengths[i];
  }
  return entry;
}

void AccessLineWriter::AppendTime(int64_t time_ns, wire::AppendBuffer* line) {
  const int64_t second = time_ns / 1'000'000'000;
  if (second != second_) {
    second_ = second;
    const time_t time = second;
    tm parts{};
    ::gmtime_r(&time, &parts);
    char formatted[64];
    std::snprintf(formatted, sizeof(formatted), "%04d-%02d-%02dT%02d:%02d:%02d.", parts.tm_year + 1900,
                  parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    std::memcpy(second_text_.data(), formatted, second_text_.size());
  }
  std::array<char, 7> fraction;
  fraction[6] = 'Z';
  int64_t microseconds = time_ns % 1'000'000'000 / 1000;
  for (size_t i = 6; i-- > 0; microseconds /= 10) fraction[i] = static_cast<char>('0' + microseconds % 10);
  line->Append(absl::string_view(second_text_.data(), second_text_.size()));
  line->Append(absl::string_view(fraction.data(), fraction.size()));
}

void AccessLineWriter::Append(const AccessEntry& entry, std::string* text) {
  wire::AppendBuffer line(text, kUsualLine);
  const auto append = [&](AccessEntry::Text which) {
    if (entry.texts[which].empty()) return;
    line.Append(kKeys[which]);
    http::AppendJsonText(entry.texts[which], &line);
  };
  line.Append("{\"time\":\"");
  AppendTime(entry.time_ns, &line);
  line.Append("\",\"frontend\":");
  line.Append(*entry.frontend);
  for (const auto which : {AccessEntry::kPeer, AccessEntry::kMethod, AccessEntry::kPath, AccessEntry::kProtocol,
                           AccessEntry::kRoute, AccessEntry::kRpc}) {
    append(which);
  }
  line.Append(",\"status\":");
  json::AppendInt64(entry.status, &line);
  line.Append(",\"code\":\"");
  line.Append(entry.code);
  line.Append("\",\"bytes\":");
  json::AppendUint64(entry.bytes, &line);
  if (entry.duration_us >= 0) {
    line.Append(",\"duration_us\":");
    json::AppendInt64(entry.duration_us, &line);
  }
  for (const auto which :
       {AccessEntry::kRequestId, AccessEntry::kUserAgent, AccessEntry::kOmitted, AccessEntry::kRefused}) {
    append(which);
  }
  if (!entry.complete) line.Append(",\"complete\":false");
  line.Append("}\n");
  line.Finish();
}

}  // namespace portico::middleware
