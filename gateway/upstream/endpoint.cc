#include "gateway/upstream/endpoint.h"

#include <sys/un.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gateway/net/listen_socket.h"

namespace portico::upstream {

std::string Endpoint::authority() const {
  if (!path.empty()) return "localhost";
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view address) {
  Endpoint endpoint;
  absl::string_view rest = address;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (absl::StartsWith(rest, "///")) rest.remove_prefix(2);
    if (rest.empty() || rest.size() >= sizeof(sockaddr_un{}.sun_path)) {
      return absl::InvalidArgumentError(absl::StrCat("\"", address, "\" is not the path of a socket"));
    }
    endpoint.path = std::string(rest);
    return endpoint;
  }
  const absl::StatusOr<net::HostPort> parsed = net::ParseHostPort(rest);
  if (!parsed.ok() || parsed->host.empty() || parsed->port == 0) {
    return absl::InvalidArgumentError(absl::StrCat("\"", address, "\" is not an address HOST:PORT"));
  }
  endpoint.host = parsed->host;
  endpoint.port = parsed->port;
  return endpoint;
}

}  // namespace portico::upstream
