#include "gateway/net/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "gateway/net/listen_socket.h"

namespace portico::net {

std::string AddressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof(text));
    return absl::StrCat("[", text, "]:", ntohs(v6.sin6_port));
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof(text));
  return absl::StrCat(text, ":", ntohs(v4.sin_port));
}

absl::StatusOr<FoundAddresses> FindAddresses(absl::string_view address) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (!parsed.ok()) return parsed.status();
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(parsed->host.empty() ? nullptr : parsed->host.c_str(),
                                    absl::StrCat(parsed->port).c_str(), &hints, &found);
  if (failure != 0) {
    return absl::InvalidArgumentError(absl::StrCat("cannot listen on ", address, ": ", ::gai_strerror(failure)));
  }
  return FoundAddresses(found, &::freeaddrinfo);
}

std::vector<std::string> AddressesOf(absl::string_view address) {
  std::vector<std::string> texts;
  const absl::StatusOr<FoundAddresses> found = FindAddresses(address);
  if (!found.ok()) return texts;
  for (const addrinfo* at = found->get(); at != nullptr; at = at->ai_next) {
    sockaddr_storage one{};
    std::memcpy(&one, at->ai_addr, std::min<size_t>(at->ai_addrlen, sizeof(one)));
    texts.push_back(AddressText(one));
  }
  return texts;
}

}  // namespace portico::net
