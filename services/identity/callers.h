// Who calls, as the gateway says it: by a token it has signed.
#ifndef PORTICO_SERVICES_IDENTITY_CALLERS_H_
#define PORTICO_SERVICES_IDENTITY_CALLERS_H_

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "gateway/access/key_set.h"
#include "gateway/access/key_source.h"
#include "gateway/access/token_verifier.h"
#include "services/base/process.h"

namespace shop {

// Verifies callers. Thread-safe.
class Callers {
 public:
  // Holders of this scope may see and place the orders of everybody.
  static constexpr char kOfEverybody[] = "orders.all";

  // nullptr when the options ask for nobody's identity. Keys at a URL are waited for, for up to kPatience; later they
  // are asked for as their Cache-Control says, and when a token has a key that is not known. An error names the keys.
  static absl::StatusOr<std::unique_ptr<const Callers>> Create(const ServiceOptions::Identity& options);

  // Whether the call may be for that customer: whether its `authorization` is a token of the gateway for this service,
  // not expired, of that customer or somebody with kOfEverybody. UNAUTHENTICATED or PERMISSION_DENIED otherwise. A
  // token whose key is not known waits until the keys have been asked for, kMostWaiting calls at once; UNAVAILABLE for
  // others then, and while there are no keys.
  grpc::Status MayActFor(const std::string& customer_id, const grpc::ServerContextBase& context) const;

 private:
  static constexpr absl::Duration kPatience = absl::Seconds(2);
  static constexpr int kMostWaiting = 4;

  explicit Callers(portico::access::TokenVerifier verifier) : verifier_(std::move(verifier)) {}

  absl::StatusOr<std::shared_ptr<const portico::access::Caller>> Verify(absl::string_view token) const;
  // Waits for an exchange, unless there were too many lately.
  grpc::Status AskForKeys() const;

  portico::access::TokenVerifier verifier_;
  mutable std::atomic<int> waiting_{0};
  std::unique_ptr<portico::access::KeySource> source_;  // nullptr: the verifier has the keys
};

}  // namespace shop

#endif  // PORTICO_SERVICES_IDENTITY_CALLERS_H_
