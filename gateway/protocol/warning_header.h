#ifndef PORTICO_GATEWAY_PROTOCOL_WARNING_HEADER_H_
#define PORTICO_GATEWAY_PROTOCOL_WARNING_HEADER_H_

#include <string>
#include <vector>

namespace portico::protocol {

// The value of Portico-Warning: the names of unknown fields and parameters. Names come from clients: what is no visible
// ASCII, or would end the list's element, is percent-encoded, and a list too long for a header is cut.
std::string WarningHeader(const std::vector<std::string>& names);

}  // namespace portico::protocol

#endif  // PORTICO_GATEWAY_PROTOCOL_WARNING_HEADER_H_
