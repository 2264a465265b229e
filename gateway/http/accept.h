#ifndef PORTICO_GATEWAY_HTTP_ACCEPT_H_
#define PORTICO_GATEWAY_HTTP_ACCEPT_H_

#include "absl/strings/string_view.h"
#include "gateway/http/message.h"

namespace portico::http {

// What a client takes, by its Accept and Accept-Encoding (RFC 9110, section 12). Qualities are in thousandths, 0 is
// "not acceptable". Members that cannot be read are passed over.

// The quality of a media type ("application/json") by the most specific range that covers it: the type itself, then
// "application/*", then "*/*". 1000 when there is no Accept. Parameters of ranges other than q are not looked at.
int QualityOfType(const RequestHeaders& headers, absl::string_view type);

// The quality that Accept gives to the very type, no range; -1 when it does not name it.
int NamedQuality(const RequestHeaders& headers, absl::string_view type);

// The quality of a content coding ("gzip", "identity"). Without Accept-Encoding only identity is acceptable; identity
// is so until it is excluded by name, or by "*" with quality 0.
int QualityOfCoding(const RequestHeaders& headers, absl::string_view coding);

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_ACCEPT_H_
