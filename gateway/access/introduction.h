#ifndef PORTICO_GATEWAY_ACCESS_INTRODUCTION_H_
#define PORTICO_GATEWAY_ACCESS_INTRODUCTION_H_

#include <memory>
#include <string>
#include <utility>

#include "gateway/rpc/handler.h"

namespace portico::access {

// Stands before a cluster and tells it who calls, on behalf of the frontends that have an `identity`: the context's
// metadata gets the token minted for the caller and this cluster as `authorization`, in place of any other. Where
// nobody has proven who calls, and for other frontends, the metadata stay as they are. Composed answers pass here with
// every part, so that each cluster gets a token of its own. Thread-safe.
class Introduction final : public rpc::Handler {
 public:
  // `audience` is the cluster's name; `next` outlives this.
  Introduction(std::string audience, rpc::Handler& next) : audience_(std::move(audience)), next_(next) {}

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

 private:
  absl::Status Introduce(rpc::Context& context) const;

  const std::string audience_;
  rpc::Handler& next_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_INTRODUCTION_H_
