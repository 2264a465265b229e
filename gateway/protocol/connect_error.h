#ifndef PORTICO_GATEWAY_PROTOCOL_CONNECT_ERROR_H_
#define PORTICO_GATEWAY_PROTOCOL_CONNECT_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "gateway/http/message.h"
#include "gateway/rpc/metadata.h"
#include "gateway/schema/message_table.h"

namespace portico::protocol {

// The name of a code in Connect: "not_found", "canceled".
std::string ConnectCodeOf(absl::StatusCode code);

// Appends an error as Connect writes it ("Error" of the specification):
//   {"code":"not_found","message":"...","details":[{"type":"google.rpc.ErrorInfo","value":"<base64>","debug":{...}}]}
// `debug` is there for details whose type the contracts have. What is not UTF-8 in the message is replaced. `types` may
// be nullptr. An OK status, which is a caller's mistake, is written as internal.
void AppendConnectError(const absl::Status& status, const schema::TypeResolver* types, std::string* json);

// The answer to a unary call that failed: the HTTP status of its code by the specification's table, unless the error
// has one of its own that is about HTTP (404, 405, 413, 415).
http::Response ConnectUnaryError(const absl::Status& status, const schema::TypeResolver* types);

// Appends the last message of a stream ("EndStreamResponse"), the envelope around it included: the error, unless OK,
// and the trailers as "metadata"; with them what a composed stream lacks, unless empty, as "portico-omitted".
void AppendConnectEnd(const absl::Status& status, const rpc::Metadata& trailers, absl::string_view omitted,
                      const schema::TypeResolver* types, std::string* out);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_CONNECT_ERROR_H_
