#include "gateway/access/introduction.h"

#include "absl/time/clock.h"
#include "gateway/access/identity.h"

namespace portico::access {
namespace {

template <class T>
Async<absl::StatusOr<T>> Fail(absl::Status status) {
  co_return status;
}

}  // namespace

absl::Status Introduction::Introduce(rpc::Context& context) const {
  // Whoever made the claims may have been another: only an Identity can be told to others.
  const auto* const identity = dynamic_cast<const Identity*>(context.claims());
  if (identity == nullptr || identity->minter() == nullptr) return absl::OkStatus();
  absl::StatusOr<std::shared_ptr<const std::string>> credential =
      identity->minter()->CredentialFor(identity->caller(), audience_, context.worker().index(), absl::Now());
  if (!credential.ok()) return credential.status();
  auto metadata = std::make_shared<rpc::Metadata>();
  metadata->reserve(context.metadata().size() + 1);
  for (const auto& entry : context.metadata()) {
    if (entry.first != "authorization") metadata->push_back(entry);
  }
  metadata->emplace_back("authorization", **credential);
  context.set_metadata(std::move(metadata));
  return absl::OkStatus();
}

Async<absl::StatusOr<rpc::Reply>> Introduction::Call(const rpc::Method& method, rpc::Payload request,
                                                     rpc::Context& context) {
  if (absl::Status status = Introduce(context); !status.ok()) return Fail<rpc::Reply>(std::move(status));
  return next_.Call(method, std::move(request), context);
}

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Introduction::Open(const rpc::Method& method,
                                                                       rpc::Context& context) {
  if (absl::Status status = Introduce(context); !status.ok()) {
    return Fail<std::unique_ptr<rpc::Stream>>(std::move(status));
  }
  return next_.Open(method, context);
}

}  // namespace portico::access
