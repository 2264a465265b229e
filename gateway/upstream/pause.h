#ifndef PORTICO_GATEWAY_UPSTREAM_PAUSE_H_
#define PORTICO_GATEWAY_UPSTREAM_PAUSE_H_

#include "gateway/net/async.h"
#include "gateway/rpc/context.h"

namespace portico::upstream {

// Waits until `until`, or until the call is cancelled.
Async<void> Pause(rpc::Context& context, net::Deadline until);

}  // namespace portico::upstream

#endif  // PORTICO_GATEWAY_UPSTREAM_PAUSE_H_
