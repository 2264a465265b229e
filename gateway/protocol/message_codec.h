#ifndef PORTICO_GATEWAY_PROTOCOL_MESSAGE_CODEC_H_
#define PORTICO_GATEWAY_PROTOCOL_MESSAGE_CODEC_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/schema/message_table.h"

namespace portico::protocol {

// How a message of Connect or gRPC-Web is written, by the name it has in content types and in Connect's `encoding=`.
enum class Codec { kProto, kJson };

// "proto" and "json", in any case; nullopt for any other.
std::optional<Codec> CodecOf(absl::string_view name);
absl::string_view NameOf(Codec codec);

// Appends a client's message to `wire` as wire bytes. JSON is ProtoJSON whose unknown fields are ignored, as Connect's
// own servers do: such clients have contracts of their own, which may be newer. INVALID_ARGUMENT, naming the field,
// when it is no message of the table's type; `wire` may then have a part of it.
absl::Status DecodeMessage(Codec codec, const schema::MessageTable& table, const schema::TypeResolver& types,
                           absl::string_view message, std::string* wire);

// Appends a service's message as the client wants it; JSON is ProtoJSON without a frontend's options, which are REST's.
// DATA_LOSS when it has no such form; `out` is then as it was.
absl::Status EncodeMessage(Codec codec, const schema::MessageTable& table, const schema::TypeResolver& types,
                           absl::string_view wire, std::string* out);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_MESSAGE_CODEC_H_
