#include "gateway/upstream/cache.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"
#include "gateway/upstream/call_policy.h"
#include "gateway/upstream/forwarding_stream.h"
#include "portico/annotations.pb.h"

namespace portico::upstream {
namespace {

using Timer = boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor>;

// How often a call waits for others before it goes by itself.
constexpr int kRounds = 3;

// Unambiguous, whatever the parts hold.
void AppendPart(absl::string_view part, std::string* key) {
  const uint64_t size = part.size();
  key->append(reinterpret_cast<const char*>(&size), sizeof(size));
  key->append(part.data(), part.size());
}

// Whether others may be told of it: it is the service's trouble, not this caller's.
bool ConcernsAll(const absl::Status& failure) {
  return absl::IsUnavailable(failure) || absl::IsInternal(failure) || absl::IsUnknown(failure) ||
         absl::IsDataLoss(failure);
}

net::Clock::duration AgeOf(const ResponseCache::Entry& entry) {
  return std::max(net::Clock::now() - entry.made, net::Clock::duration::zero());
}

// Whether the client takes what is kept.
bool Accepts(const CacheDirectives& asked, const ResponseCache::Entry& entry) {
  if (asked.max_age.has_value() && AgeOf(entry) > *asked.max_age) return false;
  return !asked.min_fresh.has_value() || entry.until - net::Clock::now() >= *asked.min_fresh;
}

// Waits for another's call, as long as this one may take.
Async<void> Await(std::shared_ptr<ResponseCache::Waiter> waiter, rpc::Context& context) {
  Timer timer(context.worker().executor());
  if (context.deadline() != net::kNoDeadline) {
    timer.expires_at(context.deadline());
    timer.async_wait([waiter](boost::system::error_code error) {
      if (!error) waiter->done.Set();
    });
  }
  const rpc::CancelCallback cancelled(context, [waiter] { waiter->done.Set(); });
  co_await waiter->done.Wait();
}

}  // namespace

Cache::Cache(uint64_t epoch, const schema::Method& method, CacheKeys keys, ResponseCache& store, rpc::Handler& next)
    : keys_(std::move(keys)), generation_(store.GenerationOf(method.full_name)), store_(store), next_(next) {
  AppendPart(method.full_name, &prefix_);
  AppendPart(absl::StrCat(epoch), &prefix_);
  const portico::Cache& policy = method.policy->cache();
  const auto max_age = schema::ParseDuration(policy.max_age());
  if (max_age.has_value()) max_age_ = absl::ToChronoNanoseconds(*max_age);
}

std::string Cache::KeyOf(absl::string_view request, const rpc::Context& context) const {
  std::string key = prefix_;
  const uint64_t generation = generation_.load(std::memory_order_acquire);
  key.append(reinterpret_cast<const char*>(&generation), sizeof(generation));
  AppendPart(request, &key);
  AppendPart(context.frontend(), &key);
  keys_.AppendTo(context, &key);
  return key;
}

bool Cache::MayKeep(const rpc::Reply& reply) const {
  if (!reply.omitted.empty()) return false;
  for (const rpc::Metadata* metadata : {&reply.headers, &reply.trailers}) {
    for (const auto& [name, value] : *metadata) {
      if (name == "set-cookie") return false;
      if (name != "cache-control") continue;
      const std::string directives = absl::AsciiStrToLower(value);
      if (absl::StrContains(directives, "no-store") || absl::StrContains(directives, "no-cache")) return false;
      if (!keys_.identity && absl::StrContains(directives, "private")) return false;
    }
  }
  return true;
}

std::shared_ptr<const ResponseCache::Entry> Cache::EntryOf(const rpc::Reply& reply) const {
  const net::Deadline now = net::Clock::now();
  return std::make_shared<const ResponseCache::Entry>(reply, now, net::After(now, max_age_));
}

rpc::Reply Cache::Answer(const ResponseCache::Entry& entry, rpc::Context& context) const {
  store_.counts().hits.fetch_add(1, std::memory_order_relaxed);
  context.set_reply_age(AgeOf(entry));
  return entry.reply;
}

// Makes a call of its own: one that is under way began before the client asked for a new answer, and others are not to
// be told of one that is not kept.
Async<absl::StatusOr<rpc::Reply>> Cache::CallAsAsked(CacheDirectives asked, std::string key, const rpc::Method& method,
                                                     rpc::Payload request, rpc::Context& context) {
  if (!asked.no_cache) {
    const auto entry = store_.Find(key, net::Clock::now());
    if (entry != nullptr && Accepts(asked, *entry)) co_return Answer(*entry, context);
  }
  if (asked.only_if_cached) {
    co_return absl::DeadlineExceededError("nothing that is kept answers this, and only-if-cached asks for no more");
  }
  store_.counts().misses.fetch_add(1, std::memory_order_relaxed);
  absl::StatusOr<rpc::Reply> reply = co_await next_.Call(method, std::move(request), context);
  const bool keep = reply.ok() && !asked.no_store && context.selection() == nullptr && MayKeep(*reply);
  if (keep) store_.Keep(key, EntryOf(*reply));
  co_return reply;
}

// The call that others wait for. Whatever becomes of it, they are told.
class Cache::Lead {
 public:
  Lead(ResponseCache& store, const std::string& key) : store_(store), key_(key) {}
  ~Lead() {
    if (!over_) store_.Finish(key_, nullptr, false);
  }
  Lead(const Lead&) = delete;
  Lead& operator=(const Lead&) = delete;

  void Finish(ResponseCache::Outcome outcome, bool keep) {
    over_ = true;
    store_.Finish(key_, std::make_shared<const ResponseCache::Outcome>(std::move(outcome)), keep);
  }

 private:
  ResponseCache& store_;
  const std::string& key_;
  bool over_ = false;
};

Async<absl::StatusOr<rpc::Reply>> Cache::Call(const rpc::Method& method, rpc::Payload request, rpc::Context& context) {
  std::string key = KeyOf(request.bytes(), context);
  absl::string_view directives;
  if (context.headers() != nullptr && context.headers()->Find("cache-control", &directives)) {
    const CacheDirectives asked = CacheDirectivesOf(directives);
    if (!asked.none()) {
      co_return co_await CallAsAsked(asked, std::move(key), method, std::move(request), context);
    }
  }
  if (context.selection() != nullptr) {
    // A part of the answer: the whole one will do, but is not made by this call.
    if (const auto entry = store_.Find(key, net::Clock::now()); entry != nullptr) {
      co_return Answer(*entry, context);
    }
    co_return co_await next_.Call(method, std::move(request), context);
  }
  for (int round = 0; round < kRounds; ++round) {
    const ResponseCache::Found found = store_.FindOrJoin(key, net::Clock::now(), context.worker());
    if (found.entry != nullptr) {
      co_return Answer(*found.entry, context);
    }
    if (found.waiter == nullptr) {
      store_.counts().misses.fetch_add(1, std::memory_order_relaxed);
      Lead lead(store_, key);
      absl::StatusOr<rpc::Reply> reply = co_await next_.Call(method, std::move(request), context);
      if (!reply.ok()) {
        if (ConcernsAll(reply.status())) lead.Finish(reply.status(), false);
      } else if (MayKeep(*reply)) {
        lead.Finish(EntryOf(*reply), true);
      }
      co_return reply;
    }
    co_await Await(found.waiter, context);
    if (context.cancelled()) co_return absl::CancelledError("the call was cancelled");
    if (found.waiter->outcome != nullptr) {
      store_.counts().coalesced.fetch_add(1, std::memory_order_relaxed);
      const ResponseCache::Outcome& outcome = *found.waiter->outcome;
      if (!outcome.ok()) co_return outcome.status();
      context.set_reply_age(AgeOf(**outcome));
      co_return (*outcome)->reply;
    }
    if (net::Clock::now() >= context.deadline()) {
      co_return absl::DeadlineExceededError("the service did not answer in time");
    }
  }
  co_return co_await next_.Call(method, std::move(request), context);
}

// ---- invalidation

namespace {

// Whether a kept reply can stand for a call of the method: a call that is safe twice is not yet one that need not
// happen.
bool ChangesNothing(const schema::Method& method) {
  switch (method.descriptor->options().idempotency_level()) {
    case google::protobuf::MethodOptions::NO_SIDE_EFFECTS:
      return true;
    case google::protobuf::MethodOptions::IDEMPOTENT:
      return false;
    default:
      return IsRepeatable(method);  // by a GET binding
  }
}

// Whether something may have changed: it has, or nobody knows.
bool MayHaveChanged(const absl::Status& status) {
  if (rpc::IsRefused(status) || rpc::IsNotSent(status)) return false;
  return status.ok() || ConcernsAll(status) || absl::IsCancelled(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status);
}

}  // namespace

class Invalidation::WritingStream final : public ForwardingStream {
 public:
  WritingStream(const Invalidation& invalidation, std::unique_ptr<rpc::Stream> next)
      : ForwardingStream(std::move(next)), invalidation_(invalidation) {}
  ~WritingStream() override { invalidation_.Invalidate(); }

  Async<absl::StatusOr<bool>> Read(std::string* message) override {
    absl::StatusOr<bool> more = co_await next().Read(message);
    invalidation_.Invalidate();  // each message may say that something is done
    co_return more;
  }

 private:
  const Invalidation& invalidation_;
};

Async<absl::StatusOr<rpc::Reply>> Invalidation::Call(const rpc::Method& method, rpc::Payload request,
                                                     rpc::Context& context) {
  absl::StatusOr<rpc::Reply> reply = co_await next_.Call(method, std::move(request), context);
  if (MayHaveChanged(reply.status())) Invalidate();
  co_return reply;
}

Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Invalidation::Open(const rpc::Method& method,
                                                                       rpc::Context& context) {
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await next_.Open(method, context);
  if (!stream.ok()) co_return stream.status();
  co_return std::make_unique<WritingStream>(*this, *std::move(stream));
}

// ---- checks

void CheckCachePolicies(const schema::Schema& schema, schema::Diagnostics& diagnostics) {
  for (const schema::Service* service : schema.services()) {
    for (const auto& method : service->methods) {
      const portico::Policy& policy = *method->policy;
      const auto fail = [&](absl::string_view what, absl::string_view message) {
        diagnostics.Add(method->policy_position,
                        absl::StrCat("policy.", what, " of ", method->full_name, ": ", message));
      };
      for (int i = 0; i < policy.invalidates_size(); ++i) {
        const schema::Method* const stale = schema.FindMethod(policy.invalidates(i));
        const std::string what = absl::StrCat("invalidates[", i, "]");
        if (stale == nullptr) {
          fail(what, absl::StrCat("there is no method \"", policy.invalidates(i), "\""));
        } else if (!stale->policy->has_cache()) {
          fail(what, absl::StrCat(stale->full_name, " has no cache"));
        }
      }
      if (policy.invalidates_size() > 0 && service->facade) {
        fail("invalidates", "a facade is composed here; the methods that it is made of can have this");
      }
      if (!policy.has_cache()) continue;
      const auto max_age = schema::ParseDuration(policy.cache().max_age());
      if (!max_age.has_value() || *max_age <= absl::ZeroDuration()) fail("cache.max_age", "must be more than 0");
      absl::flat_hash_set<std::string> varied;
      if (method->client_streaming || method->server_streaming) fail("cache", "a stream is not kept");
      if (!ChangesNothing(*method)) {
        fail("cache",
             "it might change something; say that it does not by idempotency_level NO_SIDE_EFFECTS or a GET binding");
      }
      if (policy.invalidates_size() > 0) {
        fail("invalidates", "what is kept is answered without a call, so that nothing would become stale by it");
      }
      for (int i = 0; i < policy.cache().vary_size(); ++i) {
        const std::string& name = policy.cache().vary(i);
        const bool valid = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
          return absl::ascii_isalnum(c) || c == '-' || c == '_';
        });
        const std::string what = absl::StrCat("cache.vary[", i, "]");
        if (!valid) {
          fail(what, absl::StrCat("\"", name, "\" is no header's name"));
        } else if (!varied.insert(absl::AsciiStrToLower(name)).second) {
          fail(what, absl::StrCat("\"", name, "\" is there twice"));
        }
      }
    }
  }
}

}  // namespace portico::upstream
