#include "gateway/protocol/message_codec.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"

namespace portico::protocol {

std::optional<Codec> CodecOf(absl::string_view name) {
  for (const Codec codec : {Codec::kProto, Codec::kJson}) {
    if (absl::EqualsIgnoreCase(name, NameOf(codec))) return codec;
  }
  return std::nullopt;
}

absl::string_view NameOf(Codec codec) {
  return codec == Codec::kProto ? "proto" : "json";
}

absl::Status DecodeMessage(Codec codec, const schema::MessageTable& table, const schema::TypeResolver& types,
                           absl::string_view message, std::string* wire) {
  if (codec == Codec::kJson) {
    transcode::ReadOptions options;
    options.unknown_fields = transcode::UnknownFields::kIgnore;
    return transcode::JsonToWire(table, types, message, options, wire, nullptr);
  }
  // What goes on from here is well-formed, as what is made from JSON is: composition reads it, and services may be less
  // careful.
  const absl::Status checked = transcode::CheckWire(table, message);
  if (!checked.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the request is not a valid message: ", checked.message()));
  }
  wire->append(message.data(), message.size());
  return absl::OkStatus();
}

absl::Status EncodeMessage(Codec codec, const schema::MessageTable& table, const schema::TypeResolver& types,
                           absl::string_view wire, std::string* out) {
  if (codec == Codec::kProto) {
    out->append(wire.data(), wire.size());
    return absl::OkStatus();
  }
  const absl::Status written = transcode::WireToJson(table, types, wire, transcode::WriteOptions(), out);
  if (written.ok()) return written;
  return absl::DataLossError(absl::StrCat("the service's reply has no JSON form: ", written.message()));
}

}  // namespace portico::protocol
