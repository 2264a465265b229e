#include "gateway/transcode/http_body.h"

#include "gateway/wire/format.h"
#include "gateway/wire/reader.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {
namespace {

constexpr uint32_t kContentType = 1;
constexpr uint32_t kData = 2;

// The size of a length-delimited field with a tag of one byte.
size_t FieldSize(absl::string_view bytes) {
  char length[wire::kMaxVarintBytes];
  return 1 + static_cast<size_t>(wire::PutVarint(bytes.size(), length) - length) + bytes.size();
}

// Calls visit(number, bytes) for each length-delimited field; false when `wire` is malformed.
template <class Visit>
bool VisitBytes(absl::string_view wire, Visit visit) {
  wire::Reader in(wire);
  while (!in.done()) {
    uint32_t tag;
    if (!in.ReadTag(&tag)) return false;
    if (wire::MakeTag(wire::FieldNumber(tag), wire::WireType::kBytes) != tag) {
      if (!in.Skip(tag)) return false;
      continue;
    }
    absl::string_view bytes;
    if (!in.ReadBytes(&bytes) || !visit(wire::FieldNumber(tag), bytes)) return false;
  }
  return true;
}

bool Read(absl::string_view wire, HttpBody* body) {
  return VisitBytes(wire, [body](uint32_t number, absl::string_view bytes) {
    if (number == kContentType) body->content_type = bytes;
    if (number == kData) body->data = bytes;
    return true;
  });
}

}  // namespace

bool IsHttpBody(const schema::MessageTable& table) {
  return table.full_name == "google.api.HttpBody";
}

void AppendHttpBody(const HttpBody& body, std::string* wire) {
  if (!body.content_type.empty()) wire::AppendBytesField(kContentType, body.content_type, wire);
  if (!body.data.empty()) wire::AppendBytesField(kData, body.data, wire);
}

size_t HttpBodySize(const HttpBody& body) {
  return (body.content_type.empty() ? 0 : FieldSize(body.content_type)) +
         (body.data.empty() ? 0 : FieldSize(body.data));
}

absl::StatusOr<HttpBody> ReadHttpBody(absl::string_view wire, const schema::FieldTable* field) {
  HttpBody body;
  const bool read =
      field == nullptr ? Read(wire, &body) : VisitBytes(wire, [&](uint32_t number, absl::string_view bytes) {
        return number != field->number || Read(bytes, &body);
      });
  if (!read) return absl::DataLossError("malformed protobuf");
  return body;
}

}  // namespace portico::transcode
