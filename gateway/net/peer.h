#ifndef PORTICO_GATEWAY_NET_PEER_H_
#define PORTICO_GATEWAY_NET_PEER_H_

#include <cstdint>

namespace portico::net {

// What the kernel knows of the other end of a TCP connection. A descriptor of -1 is a connection that is closed here.

// Whether the other end has closed its side, or the connection has failed: what a read would tell, for those who do not
// read. Not known before all that was sent ahead of it has found room in the kernel.
bool PeerHasLeft(int fd);

// How many bytes the other end has acknowledged so far. Does not move while nobody takes any there; 0 when it cannot be
// told.
uint64_t BytesTaken(int fd);

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_PEER_H_
