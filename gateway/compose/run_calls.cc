// The calls of a run: how they begin, are shared, bounded and batched, and where their replies go.
#include <algorithm>
#include <exception>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/compose/bound_value.h"
#include "gateway/compose/caller_key.h"
#include "gateway/compose/inner_facade.h"
#include "gateway/compose/run.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/message_pieces.h"
#include "gateway/transcode/wire_to_json.h"

namespace portico::compose {
namespace {

// How deep messages may nest in an answer, as the JSON writer sees it.
constexpr int kMaxDepth = 100;

// What items of a batch are known by: alike for every way to say a default.
absl::string_view KeyOf(const WireValues& key) {
  return key.empty() || IsDefault(key.front()) ? absl::string_view() : key.front().bytes;
}

net::Deadline DeadlineIn(absl::Duration timeout) {
  return net::After(net::Clock::now(), absl::ToChronoNanoseconds(timeout));
}

}  // namespace

void Run::Begin(Instance& instance, size_t index) {
  if (closed_ || over_) return;
  const Part& part = PartOf(instance, index);
  rpc::Payload request;
  const auto settle = [&](State state, const absl::Status& status, absl::string_view reason) {
    if (state == State::kOmitted) {
      Fail(instance, index, status, reason);
    } else {
      Settle(instance, index, state);
    }
  };
  if (!BindRequest(instance, part, &request, settle)) return;
  if (part.stream) return context_.worker().Spawn(RunFeed(shared_from_this(), index, std::move(request)));
  if (part.stale > absl::ZeroDuration()) instance.slots[index].asked = Asked(request.bytes());
  if (IsHopeless(*instance.plan, part)) {
    return Fail(instance, index, absl::DeadlineExceededError("it would not be in before the time is up"), "deadline");
  }
  Flight* flight = nullptr;
  if (part.shareable) {
    bool first = false;
    flight = &Share(part, request.bytes(), &first);
    if (flight->over) {
      Keep(part, instance.slots[index].asked, flight->reply, flight);
      return Receive(instance, index, flight->reply);
    }
    flight->waiting.emplace_back(&instance, index);
    if (!first) return;
  }
  if (instance.within != kAnswer) {
    Gate& gate = gates_[static_cast<size_t>(part.id)];
    if (gate.in_flight >= part.concurrency) {
      gate.queue.push_back({&instance, flight, std::move(request)});
      return;
    }
    ++gate.in_flight;
  }
  StartCall(instance, index, flight, std::move(request));
}

Run::Flight& Run::Share(const Part& part, absl::string_view request, bool* first) {
  std::unique_ptr<Flight>& shared =
      flights_[absl::StrCat(part.method->full_name, " ", absl::ToInt64Nanoseconds(part.timeout), " ", request)];
  *first = shared == nullptr;
  if (*first) shared = std::make_unique<Flight>();
  if (!*first && trace_ != nullptr) trace_->Add(Trace::Note::Kind::kShared, part);
  return *shared;
}

std::string Run::Asked(absl::string_view request) const {
  std::string asked = absl::StrCat(request.size(), ":", request);
  AppendCaller(context_, &asked);
  return asked;
}

void Run::Keep(const Part& part, const std::string& asked, const absl::StatusOr<Fetched>& reply, Flight* flight) {
  if (!reply.ok() || asked.empty() || !reply->lasting) return;
  if (flight != nullptr) {
    // The elements of a list that share a call have asked the same.
    if (std::find(flight->kept_for.begin(), flight->kept_for.end(), &part) != flight->kept_for.end()) return;
    flight->kept_for.push_back(&part);
  }
  history_.last_good(part)->Put(asked, reply->message, net::Clock::now());
}

void Run::KeepForAll(Flight& flight) {
  for (const auto& [instance, index] : flight.waiting) {
    Keep(PartOf(*instance, index), instance->slots[index].asked, flight.reply, &flight);
  }
  for (const Batch& batch : flight.batches) {
    Keep(PartOf(*batch.elements.front(), batch.index), batch.asked, flight.reply, &flight);
  }
}

namespace {

// How long the parts that can only start after this one usually take, one after the other: the required ones, or `all`.
net::Clock::duration TimeAfter(const MessagePlan& plan, const Part& part, bool all, const PartTimes& times,
                               net::Deadline now) {
  net::Clock::duration longest{};
  const auto consider = [&](const MessagePlan& within, const Part& next) {
    if (!next.required && !all) return;
    longest =
        std::max(longest, times.P95(static_cast<size_t>(next.id), now) + TimeAfter(within, next, all, times, now));
  };
  for (const int next : part.needed_by) consider(plan, plan.parts[static_cast<size_t>(next)]);
  const auto consider_all = [&](const MessagePlan& messages, const auto& self) -> void {
    for (const Part& next : messages.parts) consider(messages, next);
    for (const Inner& inner : messages.inners) self(*inner.messages, self);
  };
  if (part.elements != nullptr) consider_all(*part.elements, consider_all);
  return longest;
}

}  // namespace

bool Run::IsHopeless(const MessagePlan& plan, const Part& part) {
  if (part.required || context_.deadline() == net::kNoDeadline) return false;
  // Without it a required part would fail at once.
  const bool leads_to_required = std::any_of(part.needed_by.begin(), part.needed_by.end(),
                                             [&](int next) { return plan.parts[static_cast<size_t>(next)].required; });
  if (leads_to_required) return false;
  const net::Deadline now = net::Clock::now();
  return times_.IsHopeless(static_cast<size_t>(part.id), context_.deadline() - now, context_.deadline() - began_, now);
}

net::Deadline Run::CallDeadline(const MessagePlan& plan, const Part& part) {
  const net::Deadline own = DeadlineIn(part.timeout);
  if (context_.deadline() == net::kNoDeadline) return own;
  const net::Deadline now = net::Clock::now();
  // Optional parts that need this one are missing without it: it is cut short for them only if something stands in.
  const net::Clock::duration after = TimeAfter(plan, part, /*all=*/part.fallback != nullptr, times_, now);
  if (after == net::Clock::duration::zero()) return own;
  const net::Deadline divided = context_.deadline() - after;
  // When there is not enough for both there is nothing to divide.
  const bool enough = divided > now + times_.P95(static_cast<size_t>(part.id), now);
  return enough ? std::min(own, divided) : own;
}

void Run::StartCall(Instance& instance, size_t index, Flight* flight, rpc::Payload request) {
  context_.worker().Spawn(RunCall(shared_from_this(), &instance, index, flight, std::move(request)));
}

Async<void> Run::RunCall(std::shared_ptr<Run> run, Instance* instance, size_t index, Flight* flight,
                         rpc::Payload request) {
  const Part& part = run->PartOf(*instance, index);
  const Slot& slot = instance->slots[index];
  const bool alone = slot.selected && part.needed_by.empty() && part.elements == nullptr;
  const transcode::FieldSelection* const wanted = alone ? slot.elements.selection : nullptr;
  absl::StatusOr<Fetched> reply = co_await run->Fetch(*instance->plan, part, wanted, std::move(request));
  const absl::Status status = reply.status();
  if (flight == nullptr) {
    run->Keep(part, instance->slots[index].asked, reply, nullptr);
  } else {
    flight->reply = std::move(reply);
    run->KeepForAll(*flight);
  }
  if (run->closed_) co_return;
  const Turn turn(*run);
  if (run->TimeIsUp(status)) co_return;
  if (instance->within != kAnswer) {
    Gate& gate = run->gates_[static_cast<size_t>(part.id)];
    --gate.in_flight;
    if (!gate.queue.empty()) {
      Gate::Waiting next = std::move(gate.queue.front());
      gate.queue.pop_front();
      ++gate.in_flight;
      // Not on this stack: calls that are answered at once, out of a cache, would each stand on the one before.
      net::Worker& worker = run->context_.worker();
      worker.Post([&worker, call = RunCall(run, next.instance, index, next.flight, std::move(next.request))]() mutable {
        worker.Spawn(std::move(call));
      });
    }
  }
  if (flight == nullptr) co_return run->Receive(*instance, index, reply);
  run->Land(*flight);
}

void Run::Land(Flight& flight) {
  flight.over = true;
  for (const auto& [waiting, its_index] : std::exchange(flight.waiting, {})) {
    if (over_) return;
    Receive(*waiting, its_index, flight.reply);
  }
  for (const Batch& batch : std::exchange(flight.batches, {})) {
    if (over_) return;
    ReceiveBatch(batch, flight.reply);
  }
}

void Run::Receive(Instance& instance, size_t index, const absl::StatusOr<Fetched>& reply) {
  if (!reply.ok()) return Fail(instance, index, reply.status(), rpc::OmissionReason(reply.status()));
  WireValues selected;
  PartOf(instance, index).select.Collect({*reply->message}, &selected);
  instance.slots[index].omitted = ShownOmissions(PartOf(instance, index), reply->omitted);
  Take(instance, index, reply->message, selected);
}

Async<absl::StatusOr<Run::Fetched>> Run::Fetch(const MessagePlan& plan, const Part& part,
                                               const transcode::FieldSelection* wanted, rpc::Payload request) {
  const net::Deadline began = net::Clock::now();
  try {
    rpc::Context call(context_, CallDeadline(plan, part));
    if (!needed_[static_cast<size_t>(part.id)]) {
      if (call.sparing()) {
        co_return rpc::Refused(absl::StrCat("there is no room for ", part.path), "shed", std::chrono::seconds(1));
      }
      call.set_optional();
    }
    // A facade is asked for what is shown of its answer; nobody else looks.
    std::unique_ptr<const transcode::FieldSelection> selection;
    Trace within;
    if (part.method->service->facade) {
      const bool own = !part.shareable && part.stale == absl::ZeroDuration();
      if (own && wanted != nullptr) selection = ShownSelection(part, wanted);
      call.set_selection(selection != nullptr ? selection.get() : part.shown.get());
      if (trace_ != nullptr) call.set_trace(&within);
    }
    const size_t traced = trace_ == nullptr ? 0 : trace_->Begin(part, began);
    absl::StatusOr<rpc::Reply> reply =
        co_await handlers_[static_cast<size_t>(part.id)]->Call(*part.method, std::move(request), call);
    const net::Deadline now = net::Clock::now();
    const net::Clock::duration taken = now - began;
    if (trace_ != nullptr) {
      trace_->AddWithin(part, std::move(within));
      trace_->End(traced, now, reply.status().code(), reply.ok() ? reply->message.size() : 0);
    }
    const auto id = static_cast<size_t>(part.id);
    if (reply.ok()) {
      times_.CameIn(id, taken, now);
    } else if (absl::IsDeadlineExceeded(reply.status()) || (closed_ && taken > times_.P95(id, now))) {
      times_.GivenUp(id, taken, now);  // one that failed otherwise tells nothing
    }
    if (!reply.ok()) co_return reply.status();
    // In the answer the part is some messages down: together they must not nest too deep.
    bool doubtful = false;
    const absl::Status wire =
        transcode::CheckWire(*part.method->output, reply->message, kMaxDepth - part.depth(), &doubtful);
    if (!wire.ok()) {
      co_return rpc::WithHttpStatus(absl::DataLossError(absl::StrCat("the reply for ", part.path, " is malformed")),
                                    502);
    }
    doubtful_ |= doubtful;
    Fetched fetched{std::make_shared<const std::string>(std::move(reply->message)), std::move(reply->omitted)};
    if (doubtful && (part.shareable || part.stale > absl::ZeroDuration())) {
      json_.clear();
      fetched.lasting = transcode::WireToJson(*part.method->output, *plan_.types, *fetched.message, {}, &json_).ok();
    }
    co_return fetched;
  } catch (const std::exception&) {
    // Out of memory, most likely: one part fails, not the process.
    co_return absl::InternalError(absl::StrCat("the call for ", part.path, " failed"));
  }
}

void Run::StartBatch(size_t index, std::vector<Instance*> elements) {
  if (over_) return;
  std::erase_if(elements, [&](const Instance* element) { return element->slots[index].state != State::kWaiting; });
  if (elements.empty()) return;
  const Part& part = PartOf(*elements.front(), index);
  rpc::Payload request;
  const auto settle_all = [&](State state, const absl::Status& status, absl::string_view reason) {
    for (Instance* element : elements) {
      if (state == State::kOmitted) {
        Fail(*element, index, status, reason);
      } else {
        Settle(*element, index, state);
      }
    }
  };
  if (!BindRequest(*elements.front(), part, &request, settle_all)) return;
  absl::flat_hash_set<absl::string_view> keys;
  std::vector<Instance*> asking;
  std::string encoded;
  for (Instance* element : elements) {
    const Value key = Evaluate(part.batch->from, *element);
    if (key.kind != Value::Kind::kPresent || IsEmptyAt(part.batch->from.path, key.values)) {
      Settle(*element, index, State::kSkipped);
      continue;
    }
    asking.push_back(element);
    if (!keys.insert(key.values.front().bytes).second) continue;
    AppendField(part.batch->keys.leaf().number, key.values.front(), &encoded);
  }
  if (asking.empty()) return;
  part.batch->keys.AppendWrapped(std::move(encoded), &request.buffer());
  if (part.in_pieces) transcode::JoinPieces(*part.method->input, rpc::Payload::kHeadroom, &request.buffer());
  const MessagePlan& plan = *asking.front()->plan;
  Batch batch{index, std::move(asking), {}};
  if (part.stale > absl::ZeroDuration()) batch.asked = Asked(request.bytes());
  Flight* flight = nullptr;
  if (part.shareable) {
    bool first = false;
    flight = &Share(part, request.bytes(), &first);
    if (flight->over) {
      Keep(part, batch.asked, flight->reply, flight);
      return ReceiveBatch(batch, flight->reply);
    }
    flight->batches.push_back(std::exchange(batch, {}));
    if (!first) return;
  }
  context_.worker().Spawn(RunBatch(shared_from_this(), &plan, &part, flight, std::move(batch), std::move(request)));
}

Async<void> Run::RunBatch(std::shared_ptr<Run> run, const MessagePlan* plan, const Part* part, Flight* flight,
                          Batch batch, rpc::Payload request) {
  absl::StatusOr<Fetched> reply = co_await run->Fetch(*plan, *part, nullptr, std::move(request));
  const absl::Status status = reply.status();
  if (flight == nullptr) {
    run->Keep(*part, batch.asked, reply, nullptr);
  } else {
    flight->reply = std::move(reply);
    run->KeepForAll(*flight);
  }
  if (run->closed_) co_return;
  const Turn turn(*run);
  if (run->TimeIsUp(status)) co_return;
  if (flight == nullptr) co_return run->ReceiveBatch(batch, reply);
  run->Land(*flight);
}

void Run::ReceiveBatch(const Batch& batch, const absl::StatusOr<Fetched>& reply) {
  const Message message =
      reply.ok() ? reply->message : Stale(PartOf(*batch.elements.front(), batch.index), batch.asked, reply.status());
  // Whichever element it is that lacks something: they have one name.
  if (reply.ok()) {
    Instance& first = *batch.elements.front();
    first.slots[batch.index].omitted = ShownOmissions(PartOf(first, batch.index), reply->omitted);
  }
  if (message != nullptr) return TakeBatch(batch.index, batch.elements, message);
  for (Instance* element : batch.elements) {
    if (over_) return;
    Fail(*element, batch.index, reply.status(), rpc::OmissionReason(reply.status()));
  }
}

void Run::TakeBatch(size_t index, const std::vector<Instance*>& elements, const Message& bytes) {
  const Part& part = PartOf(*elements.front(), index);
  WireValues items;
  part.batch->items.Collect({*bytes}, &items);
  absl::flat_hash_map<absl::string_view, absl::string_view> by_key;
  for (const WireValue& item : items) {
    WireValues key;
    part.batch->item_key.Collect({item.bytes}, &key);
    // A key that is zero, or nothing, is not on the wire unless it has presence.
    if (!key.empty() || !part.batch->item_key.leaf().has_presence) by_key.emplace(KeyOf(key), item.bytes);
  }
  for (Instance* element : elements) {
    if (over_) return;
    const WireValues key = Evaluate(part.batch->from, *element).values;
    const auto item = by_key.find(KeyOf(key));
    if (item == by_key.end()) {
      Fail(*element, index, absl::NotFoundError(absl::StrCat("there is no ", part.path)), "not_found");
      continue;
    }
    WireValues selected;
    part.select.Collect({item->second}, &selected);
    Take(*element, index, bytes, selected);
  }
}

}  // namespace portico::compose
