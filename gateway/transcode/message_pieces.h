#ifndef PORTICO_GATEWAY_TRANSCODE_MESSAGE_PIECES_H_
#define PORTICO_GATEWAY_TRANSCODE_MESSAGE_PIECES_H_

#include <cstddef>
#include <string>

#include "gateway/schema/message_table.h"

namespace portico::transcode {

// Joins what was written in pieces. By the wire format a singular message that is there twice is merged, and so a path
// variable, a query parameter or a bind is a fragment behind the rest. But protobufjs, on which every service of
// grpc-js stands, and protobuf-c take the last piece for the whole. So before a message leaves, its pieces become one.
//
// Rewrites wire[begin, end), a message of `table`, so that every singular message or group in it is there once, where
// its first piece was, and within those that were in pieces likewise. What another member of its oneof clears is left
// out. Scalars stay: every parser takes the last. So do the items of a MessageSet. Changes nothing when there are no
// pieces, and costs a look at the message's own fields then. REQUIRES: the message is well-formed.
void JoinPieces(const schema::MessageTable& table, size_t begin, std::string* wire);

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_MESSAGE_PIECES_H_
