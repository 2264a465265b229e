#include "gateway/middleware/auth.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <memory>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gateway/access/identity.h"
#include "gateway/access/match.h"
#include "gateway/net/event.h"
#include "portico/annotations.pb.h"

namespace portico::middleware {
namespace {

constexpr absl::string_view kKeyHeader = "X-Api-Key";
// Of one worker.
constexpr size_t kMostTokens = 4096;
constexpr size_t kMostTokenBytes = 8 << 20;

using access::Caller;

using Timer = boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor>;

// What keeps the claims alive as long as the context, or a child that outlives it, has them.
struct Pin {
  std::shared_ptr<const void> before;
  access::Identity identity;
};

bool HasScopes(const portico::Auth& policy, const Caller& caller) {
  return absl::c_all_of(policy.scopes(), [&](const std::string& scope) { return caller.HasScope(scope); });
}

}  // namespace

Auth::Auth(AuthPolicy policy, const http::ErrorRenderer& errors) : policy_(std::move(policy)), errors_(errors) {
  for (size_t i = 0; i < policy_.workers; ++i)
    lanes_.push_back({access::ExpiringCache<Caller>(kMostTokens, kMostTokenBytes)});
}

absl::StatusOr<std::shared_ptr<const Caller>> Auth::CallerOfToken(absl::string_view token, Lane& lane) {
  const absl::Time now = absl::Now();
  if (policy_.keys != nullptr && lane.generation != policy_.keys->generation()) {
    // What a key vouched for that is withdrawn is not believed any more.
    lane.generation = policy_.keys->generation();
    lane.tokens.Clear();
  }
  if (std::shared_ptr<const Caller> known = lane.tokens.Find(token, now); known != nullptr) return known;
  std::shared_ptr<const access::KeySet> keys;
  if (policy_.keys != nullptr && (keys = policy_.keys->keys()) == nullptr) {
    return absl::UnavailableError("the issuer's keys are not there yet");
  }
  absl::StatusOr<std::shared_ptr<const Caller>> caller =
      keys == nullptr ? policy_.tokens->Verify(token, now) : policy_.tokens->Verify(token, now, *keys);
  if (caller.ok()) lane.tokens.Insert(token, *caller, (*caller)->expires());
  return caller;
}

absl::StatusOr<std::shared_ptr<const Caller>> Auth::CallerOf(const http::Request& request) {
  const http::RequestHeaders::Field* token = nullptr;
  const http::RequestHeaders::Field* key = nullptr;
  for (const http::RequestHeaders::Field& field : request.headers) {
    if (policy_.tokens != nullptr && absl::EqualsIgnoreCase(field.name, "Authorization")) {
      if (token != nullptr) return absl::UnauthenticatedError("there is more than one Authorization");
      token = &field;
    } else if (policy_.api_keys != nullptr && absl::EqualsIgnoreCase(field.name, kKeyHeader)) {
      if (key != nullptr) return absl::UnauthenticatedError("there is more than one API key");
      key = &field;
    }
  }
  // Other schemes than Bearer are not for the gateway: they prove nothing here.
  absl::string_view bearer = token == nullptr ? absl::string_view() : token->value;
  const bool has_token = absl::StartsWithIgnoreCase(bearer, "Bearer ") || absl::EqualsIgnoreCase(bearer, "Bearer");
  if (has_token && key != nullptr)
    return absl::UnauthenticatedError("there is a token and an API key; which one counts?");
  if (has_token) {
    return CallerOfToken(absl::StripAsciiWhitespace(bearer.substr(6)),
                         lanes_[static_cast<size_t>(request.context.worker().index())]);
  }
  if (key == nullptr) return nullptr;
  std::shared_ptr<const Caller> caller = policy_.api_keys->Find(key->value);
  if (caller == nullptr) return absl::UnauthenticatedError("the API key is not known");
  return caller;
}

Async<http::Response> Auth::Refuse(absl::Status status, std::string bearer, const http::Request& request) const {
  http::Response response = errors_.Render(status, request);
  response.headers.Remove("WWW-Authenticate");
  if (response.status == 503) {
    response.headers.Set("Retry-After", "1");
    co_return response;
  }
  if (policy_.tokens != nullptr) response.headers.Add("WWW-Authenticate", absl::StrCat("Bearer", bearer));
  if (policy_.api_keys != nullptr && response.status == 401) {
    response.headers.Add("WWW-Authenticate", absl::StrCat("ApiKey header=\"", kKeyHeader, "\""));
  }
  co_return response;
}

Async<http::Response> Auth::Handle(http::Request& request, http::Handler& next) {
  if (request.rpc == nullptr) return next.Handle(request);
  absl::StatusOr<std::shared_ptr<const Caller>> found = CallerOf(request);
  const bool newer_keys_might_do =
      policy_.keys != nullptr && !found.ok() &&
      (absl::IsUnavailable(found.status()) || access::TokenVerifier::IsForAnUnknownKey(found.status()));
  if (newer_keys_might_do) return HandleWithNewKeys(request, next);
  return Decide(std::move(found), request, next);
}

Async<http::Response> Auth::HandleWithNewKeys(http::Request& request, http::Handler& next) {
  struct Waiting {
    net::Event over;
  };
  const auto waiting = std::make_shared<Waiting>();
  net::Worker& worker = request.context.worker();
  const bool asked = policy_.keys->Refresh([waiting, &worker, pin = request.context.pin()]() mutable {
    worker.Post([waiting, pin = std::move(pin)] { waiting->over.Set(); });
  });
  if (asked) {
    rpc::CancelCallback left(request.context, [&waiting] { waiting->over.Set(); });
    Timer timer(worker.executor());
    timer.expires_after(kPatience);
    timer.async_wait([waiting](boost::system::error_code error) {
      if (!error) waiting->over.Set();
    });
    co_await waiting->over.Wait();
  }
  co_return co_await Decide(CallerOf(request), request, next);
}

Async<http::Response> Auth::Decide(absl::StatusOr<std::shared_ptr<const Caller>> found, http::Request& request,
                                   http::Handler& next) {
  const portico::Auth& policy = request.rpc->policy->auth();
  if (!found.ok()) {
    // Descriptions are our own words, without quotation marks (RFC 6750, section 3).
    const std::string reason =
        absl::StrCat(" error=\"invalid_token\", error_description=\"", found.status().message(), "\"");
    return Refuse(found.status(), reason, request);
  }
  const Caller* const caller = found->get();
  if (caller == nullptr) {
    const bool required = access::AsksWhoCalls(*request.rpc) || (policy_.required && !policy.public_());
    if (!required) return next.Handle(request);
    return Refuse(
        absl::UnauthenticatedError(policy_.tokens == nullptr     ? "this needs an API key"
                                   : policy_.api_keys == nullptr ? "this needs an access token"
                                                                 : "this needs an access token or an API key"),
        "", request);
  }
  if (!HasScopes(policy, *caller)) {
    const std::string scopes = absl::StrJoin(policy.scopes(), " ");
    return Refuse(absl::PermissionDeniedError(absl::StrCat("this needs the scopes: ", scopes)),
                  absl::StrCat(" error=\"insufficient_scope\", scope=\"", scopes, "\""), request);
  }
  auto pin = std::make_shared<const Pin>(
      Pin{request.context.pin(), access::Identity(std::move(*found), policy_.identity.get())});
  request.context.set_claims(&pin->identity);
  request.context.set_pin(std::move(pin));
  return next.Handle(request);
}

}  // namespace portico::middleware
