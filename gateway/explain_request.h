#ifndef PORTICO_GATEWAY_EXPLAIN_REQUEST_H_
#define PORTICO_GATEWAY_EXPLAIN_REQUEST_H_

#include <memory>

#include "gateway/admin/server.h"
#include "gateway/net/worker.h"
#include "gateway/snapshot.h"

namespace portico {

// Sends one GET through a frontend on `worker`, as a client would, and tells in JSON what it led to: `explain=1` of the
// admin server. Neither the access log nor the counters know of it; access control does. Blocks for at most some 15
// seconds; not to be called on a worker. Thread-safe.
admin::Explanation ExplainRequest(const std::shared_ptr<const Snapshot>& snapshot, net::Worker& worker,
                                  const admin::Question& question);

}  // namespace portico

#endif  // PORTICO_GATEWAY_EXPLAIN_REQUEST_H_
