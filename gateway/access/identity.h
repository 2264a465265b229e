#ifndef PORTICO_GATEWAY_ACCESS_IDENTITY_H_
#define PORTICO_GATEWAY_ACCESS_IDENTITY_H_

#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "gateway/access/caller.h"
#include "gateway/access/minter.h"
#include "gateway/rpc/metadata.h"

namespace portico::access {

// The proven caller of one request: the claims a context has, and what tells services of them. Immutable.
class Identity final : public rpc::Attributes {
 public:
  // What one caller at one frontend is known by as a claim, besides `sub` and `scope`: whoever keeps replies for a
  // caller keeps them by these three.
  static constexpr absl::string_view kFrontendClaim = "portico.frontend";

  // `minter`: nullptr where services are told nothing; outlives this.
  Identity(std::shared_ptr<const Caller> caller, Minter* minter) : caller_(std::move(caller)), minter_(minter) {}

  bool Find(absl::string_view name, absl::string_view* value) const override {
    if (minter_ == nullptr || name != kFrontendClaim) return caller_->Find(name, value);
    *value = minter_->frontend();
    return true;
  }

  const Caller& caller() const { return *caller_; }
  Minter* minter() const { return minter_; }

 private:
  std::shared_ptr<const Caller> caller_;
  Minter* minter_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_IDENTITY_H_
