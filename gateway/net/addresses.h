#ifndef PORTICO_GATEWAY_NET_ADDRESSES_H_
#define PORTICO_GATEWAY_NET_ADDRESSES_H_

#include <netdb.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace portico::net {

// "127.0.0.1:80" or "[::1]:80".
std::string AddressText(const sockaddr_storage& address);

// Where one can listen as `address` says ("HOST:PORT", ":PORT" for every interface). Errors name the address. Blocks
// while a name is looked up.
using FoundAddresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;
absl::StatusOr<FoundAddresses> FindAddresses(absl::string_view address);

// The same as texts: "127.0.0.1:8080" for "localhost:8080". Empty when there is none.
std::vector<std::string> AddressesOf(absl::string_view address);

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_ADDRESSES_H_
