#ifndef PORTICO_GATEWAY_HTTP_ERROR_RESPONSE_H_
#define PORTICO_GATEWAY_HTTP_ERROR_RESPONSE_H_

#include <string>

#include "absl/status/status.h"
#include "gateway/http/message.h"
#include "gateway/schema/message_table.h"

namespace portico::http {

// How the body of an error looks.
enum class ErrorFormat {
  kStatus,   // google.rpc.Status: {"code":5,"message":"...","details":[...]}
  kGoogle,   // AIP-193: {"error":{"code":404,"message":"...","status":"NOT_FOUND","details":[...]}}
  kProblem,  // RFC 9457: {"type":"about:blank","title":"Not Found","status":404,"detail":"...","code":"NOT_FOUND",...}
};

// The one place where an error becomes a response, and a JSON text for those who send errors otherwise (the end of a
// stream). Immutable and thread-safe.
//
// `details` are left out when there are none. A detail is ProtoJSON with "@type"; one whose type no contract has, or
// that does not parse, is {"@type":"...","value":"<base64>"}. Rendering never fails; what is not UTF-8 in a message is
// replaced by U+FFFD. An OK status, which is a caller's mistake, is rendered as INTERNAL.
class ErrorRenderer {
 public:
  // `types` finds the types of details and outlives the renderer; nullptr when there are none (a listener's own
  // errors).
  ErrorRenderer(ErrorFormat format, const schema::TypeResolver* types) : format_(format), types_(types) {}

  // HTTP status by rpc::HttpStatusOf, body and Content-Type by the format, `code` for the log. A google.rpc.RetryInfo
  // among the details becomes Retry-After, in whole seconds, rounded up (RFC 9110, section 10.2.3); 401 carries
  // WWW-Authenticate (section 15.5.2).
  Response Render(const absl::Status& status) const;

  // The same for the client that sent `request`: in the form of its protocol when that has one; else in the form of RFC
  // 9457, whatever the option says, when its Accept names application/problem+json, at least as much as
  // application/json; with line breaks when it asked for `pretty`.
  Response Render(const absl::Status& status, const Request& request) const;

  // Appends the body alone.
  void AppendBody(const absl::Status& status, std::string* json) const;

  // Appends the google.rpc.Status form whatever the format: the error at the end of a stream.
  void AppendStatus(const absl::Status& status, std::string* json) const;

 private:
  Response RenderAs(ErrorFormat format, const absl::Status& error) const;
  void AppendBodyAs(ErrorFormat format, const absl::Status& error, std::string* json) const;
  void AppendDetails(const absl::Status& status, std::string* json) const;

  ErrorFormat format_;
  const schema::TypeResolver* types_;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_ERROR_RESPONSE_H_
