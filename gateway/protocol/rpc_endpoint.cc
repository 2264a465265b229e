#include "gateway/protocol/rpc_endpoint.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "gateway/protocol/header_metadata.h"

namespace portico::protocol {

bool RpcEndpoint::no_side_effects() const {
  return method->descriptor->options().idempotency_level() == google::protobuf::MethodOptions::NO_SIDE_EFFECTS;
}

void RpcEndpoint::Prepare(absl::Duration client_timeout, http::Request* request) const {
  rpc::Context& context = request->context;
  const absl::Duration shortest = std::min(client_timeout, method->timeout);
  if (shortest != absl::InfiniteDuration()) {
    context.ShortenDeadline(net::After(request->received, absl::ToChronoNanoseconds(shortest)));
  }
  rpc::Metadata metadata = HeaderMetadata(request->headers);
  if (!metadata.empty()) context.set_metadata(std::make_shared<const rpc::Metadata>(std::move(metadata)));
  context.set_headers(&request->headers);
}

}  // namespace portico::protocol
