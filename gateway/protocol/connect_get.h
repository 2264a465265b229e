#ifndef PORTICO_GATEWAY_PROTOCOL_CONNECT_GET_H_
#define PORTICO_GATEWAY_PROTOCOL_CONNECT_GET_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "gateway/protocol/message_codec.h"

namespace portico::protocol {

// The request of a Connect call made by GET ("Unary-Get-Request").
struct ConnectQuery {
  Codec codec = Codec::kProto;
  std::string message;      // as the codec writes it, no longer base64
  std::string compression;  // empty: none
};

// Reads ?connect=v1&encoding=json&message=...[&base64=1][&compression=gzip]. Parameters of other names are not looked
// at. INVALID_ARGUMENT for what is malformed, given twice or missing; UNIMPLEMENTED with HTTP 415 for another encoding.
absl::StatusOr<ConnectQuery> ParseConnectQuery(absl::string_view query);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_CONNECT_GET_H_
