#include "services/identity/callers.h"

#include <fstream>
#include <future>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace shop {
namespace {

using portico::access::Caller;
using portico::access::KeySet;
using portico::access::KeySource;
using portico::access::TokenPolicy;
using portico::access::TokenVerifier;

absl::Status Unusable(const std::string& keys, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--identity-keys ", keys, ": ", why));
}

grpc::Status Unauthenticated(absl::string_view why) {
  return grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(why));
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Callers>> Callers::Create(const ServiceOptions::Identity& options) {
  if (options.keys.empty()) return nullptr;
  const TokenPolicy policy{options.issuer, options.audience, absl::ZeroDuration()};
  if (!absl::StrContains(options.keys, "://")) {
    std::ifstream file(options.keys, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) return Unusable(options.keys, "cannot be read");
    absl::StatusOr<KeySet> keys = KeySet::Parse(text);
    if (!keys.ok()) return Unusable(options.keys, keys.status().message());
    return std::unique_ptr<const Callers>(new Callers(TokenVerifier(*std::move(keys), policy)));
  }
  if (const absl::Status usable = KeySource::CheckUrl(options.keys); !usable.ok()) {
    return Unusable(options.keys, usable.message());
  }
  auto callers = std::unique_ptr<Callers>(new Callers(TokenVerifier(policy)));
  const auto first = std::make_shared<std::promise<void>>();
  callers->source_ = std::make_unique<KeySource>(portico::access::KeySourceOptions{.url = options.keys},
                                                 [first, told = false](const absl::Status&) mutable {
                                                   if (!std::exchange(told, true)) first->set_value();
                                                 });
  first->get_future().wait_for(absl::ToChronoMilliseconds(kPatience));
  return std::unique_ptr<const Callers>(std::move(callers));
}

absl::StatusOr<std::shared_ptr<const Caller>> Callers::Verify(absl::string_view token) const {
  if (source_ == nullptr) return verifier_.Verify(token, absl::Now());
  const std::shared_ptr<const KeySet> keys = source_->keys();
  if (keys == nullptr) return absl::UnavailableError("the gateway's keys are not there yet");
  return verifier_.Verify(token, absl::Now(), *keys);
}

grpc::Status Callers::AskForKeys() const {
  const auto asked = std::make_shared<std::promise<void>>();
  grpc::Status status;
  if (waiting_.fetch_add(1) >= kMostWaiting) {
    status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "the gateway's keys are being asked for");
  } else if (source_->Refresh([asked] { asked->set_value(); })) {
    asked->get_future().wait_for(absl::ToChronoMilliseconds(kPatience));
  }
  waiting_.fetch_sub(1);
  return status;
}

grpc::Status Callers::MayActFor(const std::string& customer_id, const grpc::ServerContextBase& context) const {
  const auto [first, last] = context.client_metadata().equal_range("authorization");
  if (first == last) return Unauthenticated("this needs a token of the gateway");
  if (std::next(first) != last) return Unauthenticated("there is more than one authorization");
  absl::string_view token(first->second.data(), first->second.size());
  if (!absl::ConsumePrefix(&token, "Bearer ")) return Unauthenticated("this needs a token of the gateway");
  absl::StatusOr<std::shared_ptr<const Caller>> caller = Verify(token);
  if (!caller.ok() && source_ != nullptr &&
      (TokenVerifier::IsForAnUnknownKey(caller.status()) || absl::IsUnavailable(caller.status()))) {
    if (const grpc::Status asked = AskForKeys(); !asked.ok()) return asked;
    caller = Verify(token);
  }
  if (absl::IsUnavailable(caller.status())) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, std::string(caller.status().message()));
  }
  if (!caller.ok()) return Unauthenticated(caller.status().message());
  if ((*caller)->subject() == customer_id || (*caller)->HasScope(kOfEverybody)) return grpc::Status::OK;
  return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "these are the orders of another customer");
}

}  // namespace shop
