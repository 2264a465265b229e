#include "gateway/compose/gatherer.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <deque>
#include <exception>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/compose/caller_key.h"
#include "gateway/net/event.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/check_wire.h"

namespace portico::compose {
namespace {

using Timer = boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor>;

// Whether the failure may be about one of the keys only, or about the twin: the method itself may know better.
bool ObjectsToRequest(const absl::Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

rpc::Metadata CacheControlOf(const rpc::Metadata& metadata) {
  rpc::Metadata kept;
  for (const auto& entry : metadata) {
    if (entry.first == "cache-control") kept.push_back(entry);
  }
  return kept;
}

}  // namespace

void GatherCounts::Add(size_t keys, size_t callers) {
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), keys);
  buckets_[static_cast<size_t>(bucket - kBounds.begin())].fetch_add(1, std::memory_order_relaxed);
  keys_.fetch_add(keys, std::memory_order_relaxed);
  callers_.fetch_add(callers, std::memory_order_relaxed);
}

// One call that waits for its item.
struct Gatherer::Caller {
  rpc::Context* context;  // while it is in a group
  std::string key;
  net::Event done;
  bool alone = false;  // to ask the method itself
  std::optional<absl::StatusOr<rpc::Reply>> outcome;
};

// The callers of one call to be.
struct Gatherer::Group {
  Group(Gatherer& gatherer, Lane& lane, net::Worker& worker)
      : gatherer(gatherer), lane(lane), worker(worker), window(worker.executor()) {}

  // Takes the caller that has waited longest. REQUIRES: there is one.
  std::shared_ptr<Caller> Take() {
    std::shared_ptr<Caller> caller = std::move(callers.front());
    callers.pop_front();
    return caller;
  }

  // Both are there while there are callers, and then while `call` pins them.
  Gatherer& gatherer;
  Lane& lane;
  net::Worker& worker;
  std::string key;      // in Lane::open
  std::string request;  // to the twin, all but its keys
  std::string keys;     // encoded
  absl::flat_hash_set<std::string> distinct;
  std::deque<std::shared_ptr<Caller>> callers;  // in the order they came
  Timer window;
  bool closed = false;
  std::optional<rpc::Context> call;  // of the twin
};

struct alignas(64) Gatherer::Lane {
  absl::flat_hash_map<std::string, std::shared_ptr<Group>> open;  // by the rest of the request, and the caller
};

Gatherer::Gatherer(const GatherPlan& plan, rpc::Handler& own, rpc::Handler& twin, GatherCounts& counts, size_t workers)
    : plan_(plan), own_(own), twin_(twin), counts_(counts), lanes_(workers) {}

Gatherer::~Gatherer() = default;

Async<absl::StatusOr<rpc::Reply>> Gatherer::Call(const rpc::Method& method, rpc::Payload request,
                                                 rpc::Context& context) {
  GatherPlan::Asked asked;
  if (context.cancelled() || !plan_.TakeApart(request.bytes(), &asked)) {
    co_return co_await own_.Call(method, std::move(request), context);
  }
  std::string key = absl::StrCat(asked.rest.size(), ":", asked.rest);
  AppendCaller(context, &key);
  const auto caller = std::make_shared<Caller>();
  caller->context = &context;
  caller->key = std::string(asked.key.bytes);
  const std::shared_ptr<Group> group =
      Join(lanes_[static_cast<size_t>(context.worker().index())], caller, std::move(asked), std::move(key));
  {
    const rpc::CancelCallback cancelled(context, [caller] { caller->done.Set(); });
    Timer timer(context.worker().executor());
    if (!caller->done.is_set() && context.deadline() != net::kNoDeadline) {
      timer.expires_at(context.deadline());
      timer.async_wait([caller](boost::system::error_code error) {
        if (!error) caller->done.Set();
      });
    }
    co_await caller->done.Wait();
  }
  if (caller->outcome.has_value()) co_return *std::move(caller->outcome);
  if (caller->alone) co_return co_await own_.Call(method, std::move(request), context);
  Leave(*group, *caller);
  if (context.cancelled()) co_return absl::CancelledError("the call was cancelled");
  co_return absl::DeadlineExceededError("the service did not answer in time");
}

std::shared_ptr<Gatherer::Group> Gatherer::Join(Lane& lane, std::shared_ptr<Caller> caller, GatherPlan::Asked asked,
                                                std::string key) {
  net::Worker& worker = caller->context->worker();
  std::shared_ptr<Group>& open = lane.open[key];
  const bool first = open == nullptr;
  if (first) {
    open = std::make_shared<Group>(*this, lane, worker);
    open->key = std::move(key);
    open->request = std::move(asked.rest);
    open->window.expires_after(plan_.within);
    open->window.async_wait([group = open](boost::system::error_code error) {
      if (!error) Close(group);
    });
  }
  std::shared_ptr<Group> group = open;
  if (group->distinct.insert(caller->key).second) {
    AppendField(plan_.keys.leaf().number, asked.key, &group->keys);
  }
  group->callers.push_back(std::move(caller));
  if (group->distinct.size() >= plan_.max_keys || group->callers.size() >= kMostCallers) Close(group);
  return group;
}

void Gatherer::Close(const std::shared_ptr<Group>& group) {
  if (group->closed) return;
  group->closed = true;
  group->window.cancel();
  group->lane.open.erase(group->key);
  if (group->callers.size() == 1) {
    const std::shared_ptr<Caller> caller = group->Take();
    caller->alone = true;
    caller->done.Set();
    return;
  }
  group->worker.Spawn(Run(group));
}

void Gatherer::Leave(Group& group, const Caller& caller) {
  const auto place = std::find_if(group.callers.begin(), group.callers.end(),
                                  [&](const auto& other) { return other.get() == &caller; });
  if (place != group.callers.end()) group.callers.erase(place);
  if (!group.callers.empty()) return;
  if (group.closed) {
    if (group.call.has_value()) group.call->Cancel();
    return;
  }
  group.closed = true;
  group.window.cancel();
  group.lane.open.erase(group.key);
}

Async<void> Gatherer::Run(std::shared_ptr<Group> group) {
  if (group->callers.empty()) co_return;  // all have left
  const GatherPlan& plan = group->gatherer.plan_;
  try {
    net::Deadline deadline{};
    bool optional = true;
    for (const std::shared_ptr<Caller>& caller : group->callers) {
      deadline = std::max(deadline, caller->context->deadline());
      optional &= caller->context->optional();
    }
    // The callers are alike in all that services are told; trace and request ids are those of the first.
    const rpc::Context& first = *group->callers.front()->context;
    rpc::Context& call = group->call.emplace(group->worker, deadline);
    call.set_metadata(std::make_shared<const rpc::Metadata>(first.metadata()));
    call.set_claims(first.claims());
    call.set_pin(first.pin());
    if (optional) call.set_optional();
    rpc::Payload request;
    request.buffer().append(group->request);
    plan.keys.AppendWrapped(std::move(group->keys), &request.buffer());
    group->gatherer.counts_.Add(group->distinct.size(), group->callers.size());
    absl::StatusOr<rpc::Reply> reply = co_await group->gatherer.twin_.Call(*plan.twin, std::move(request), call);
    if (!reply.ok()) {
      FailAll(*group, reply.status());
    } else if (transcode::CheckWire(*plan.twin->output, reply->message).ok()) {
      Share(*group, *std::move(reply));
    } else {
      FailAll(*group, rpc::WithHttpStatus(absl::DataLossError("the service's reply is malformed"), 502));
    }
  } catch (const std::exception&) {
    // Out of memory, most likely: these calls fail, not the process.
    FailAll(*group, absl::InternalError("the call failed"));
  }
}

void Gatherer::Share(Group& group, rpc::Reply reply) {
  const GatherPlan& plan = group.gatherer.plan_;
  WireValues items;
  plan.items.Collect({reply.message}, &items);
  absl::flat_hash_map<absl::string_view, absl::string_view> by_key;
  for (const WireValue& item : items) {
    WireValues key;
    plan.item_key.Collect({item.bytes}, &key);
    if (!key.empty()) by_key.emplace(key.front().bytes, item.bytes);
  }
  const rpc::Metadata headers = CacheControlOf(reply.headers);
  const rpc::Metadata trailers = CacheControlOf(reply.trailers);
  // Each goes on right here, and may lead to others leaving.
  while (!group.callers.empty()) {
    const std::shared_ptr<Caller> caller = group.Take();
    if (const auto item = by_key.find(caller->key); item != by_key.end()) {
      caller->outcome = rpc::Reply{std::string(item->second), headers, trailers, {}};
    } else {
      caller->outcome = absl::NotFoundError(
          absl::StrCat("there is no ", plan.method->output->full_name, " of this ", plan.key->name));
    }
    caller->done.Set();
  }
}

void Gatherer::FailAll(Group& group, const absl::Status& status) {
  const bool each = ObjectsToRequest(status) && group.distinct.size() > 1;
  while (!group.callers.empty()) {
    const std::shared_ptr<Caller> caller = group.Take();
    if (each) {
      caller->alone = true;
    } else {
      caller->outcome = status;
    }
    caller->done.Set();
  }
}

}  // namespace portico::compose
