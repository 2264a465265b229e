#include "gateway/compose/run.h"

#include <algorithm>
#include <exception>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/json/utf8.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/field_selection.h"

namespace portico::compose {
namespace {

// How deep messages may nest in an answer, as the JSON writer sees it.
constexpr int kMaxDepth = 100;

// Field numbers of portico.Omitted.
constexpr uint32_t kOmittedPart = 1;
constexpr uint32_t kOmittedReason = 2;

net::Deadline DeadlineIn(absl::Duration timeout) {
  return net::After(net::Clock::now(), absl::ToChronoNanoseconds(timeout));
}

// Whether the value is what an absent field without presence means: zero, or nothing.
bool IsDefault(const WireValue& value) {
  return value.type == wire::WireType::kBytes
             ? value.bytes.empty()
             : std::all_of(value.bytes.begin(), value.bytes.end(), [](char c) { return c == 0; });
}

// Takes away a value that only says what its absence would.
void DropDefault(const WirePath& path, WireValues* values) {
  if (path.empty() || path.leaf().has_presence || path.leaf().repeated) return;
  values->erase(std::remove_if(values->begin(), values->end(), IsDefault), values->end());
}

bool AllEmpty(const WireValues& values) {
  return std::all_of(values.begin(), values.end(), IsEmpty);
}

// Writes `leaf`, encoded fields of the path's innermost message, from the request message down.
void AppendWrapped(const WirePath& path, std::string leaf, std::string* request) {
  for (size_t i = path.steps().size() - 1; i-- > 0;) {
    std::string outer;
    wire::AppendBytesField(path.steps()[i]->number, leaf, &outer);
    leaf = std::move(outer);
  }
  request->append(leaf);
}

void AppendBound(const WirePath& target, const WireValues& values, std::string* request) {
  if (values.empty()) return;
  const uint32_t number = target.leaf().number;
  if (target.steps().size() == 1) {
    for (const WireValue& value : values) AppendField(number, value, request);
    return;
  }
  std::string leaf;
  for (const WireValue& value : values) AppendField(number, value, &leaf);
  AppendWrapped(target, std::move(leaf), request);
}

}  // namespace

Run::Run(const Plan& plan, const std::vector<rpc::Handler*>& handlers, rpc::Payload request, rpc::Context& context)
    : plan_(plan),
      handlers_(handlers),
      request_(std::move(request)),
      context_(context, DeadlineIn(plan.method->timeout)),
      selection_(context.selection()) {}

void Run::Start() {
  for (const Copy& copy : plan_.root.copies) {
    WireValues values;
    copy.from.Collect({request_.bytes()}, &values);
    for (const WireValue& value : values) AppendField(copy.field->number, value, &copies_);
  }
  const Turn turn(*this);
  ++outstanding_;  // holds the end back until all that can start has been started
  Instance& root = *AddInstance(plan_.root, copies_, selection_);
  for (size_t i = 0; i < root.slots.size() && failure_.ok(); ++i) {
    if (root.slots[i].state == State::kWaiting && PartOf(root, i).needs.empty()) Begin(root, i);
  }
  if (--outstanding_ == 0) over_ = true;
}

Run::Turn::~Turn() {
  if (--run_.turns_ == 0 && run_.over_) run_.finished_.Set();
}

void Run::Close() {
  closed_ = true;
  context_.Cancel();
}

absl::Status Run::Failure() const {
  if (!failure_.ok()) return failure_;
  if (required_outstanding_ > 0) return absl::DeadlineExceededError("the answer was not complete in time");
  return absl::OkStatus();
}

Run::Instance* Run::AddInstance(const MessagePlan& plan, absl::string_view self,
                                const transcode::FieldSelection* selection) {
  Instance& instance = instances_.emplace_back();
  instance.plan = &plan;
  instance.self = self;
  instance.slots.resize(plan.parts.size());
  std::vector<size_t> wanted;
  for (size_t i = 0; i < plan.parts.size(); ++i) {
    if (selection != nullptr && !selection->Includes(*plan.parts[i].field)) continue;
    instance.slots[i].state = State::kWaiting;
    instance.slots[i].selected = true;
    instance.slots[i].selection = selection == nullptr ? nullptr : selection->Child(*plan.parts[i].field);
    wanted.push_back(i);
  }
  while (!wanted.empty()) {
    const Part& part = plan.parts[wanted.back()];
    Slot& slot = instance.slots[wanted.back()];
    wanted.pop_back();
    slot.waits_for = static_cast<int>(part.needs.size());
    ++outstanding_;
    required_outstanding_ += part.required;
    for (int needed : part.needs) {
      State& state = instance.slots[static_cast<size_t>(needed)].state;
      if (state != State::kUnwanted) continue;
      state = State::kWaiting;
      wanted.push_back(static_cast<size_t>(needed));
    }
  }
  return &instance;
}

Run::Value Run::Evaluate(const Source& source, const Instance& instance) const {
  Value value;
  switch (source.kind) {
    case Source::Kind::kRequest:
      source.path.Collect({request_.bytes()}, &value.values);
      DropDefault(source.path, &value.values);
      break;
    case Source::Kind::kSelf: {
      if (source.part < 0) {
        source.path.Collect({instance.self}, &value.values);
        DropDefault(source.path, &value.values);
        break;
      }
      const Slot& slot = instance.slots[static_cast<size_t>(source.part)];
      if (slot.state == State::kOmitted) {
        value.kind = Value::Kind::kDependency;
        value.failed = &slot;
        return value;
      }
      if (source.rest.empty()) {
        value.values = slot.values;
      } else {
        // A singular message has one value here: Take() has merged its occurrences.
        for (const WireValue& message : slot.values) source.rest.Collect({message.bytes}, &value.values);
      }
      DropDefault(source.path, &value.values);
      break;
    }
    case Source::Kind::kClaim:
    case Source::Kind::kHeader: {
      const bool claim = source.kind == Source::Kind::kClaim;
      const rpc::Attributes* attributes = claim ? context_.claims() : context_.headers();
      absl::string_view text;
      // A proto string is UTF-8; a header may be anything, and is as good as absent then.
      if (attributes != nullptr && attributes->Find(source.name, &text) && json::IsUtf8(text)) {
        value.values.push_back({wire::WireType::kBytes, text});
      } else if (claim) {
        value.kind = Value::Kind::kDenied;
        return value;
      }
      break;
    }
    case Source::Kind::kLiteral:
      break;
  }
  value.kind = value.values.empty() ? Value::Kind::kAbsent : Value::Kind::kPresent;
  return value;
}

bool Run::BindRequest(const Instance& instance, const Part& part, rpc::Payload* request,
                      absl::FunctionRef<void(State, const absl::Status&, absl::string_view)> settle) const {
  if (part.when.has_value()) {
    const Value when = Evaluate(*part.when, instance);
    if (when.kind == Value::Kind::kDependency) {
      settle(State::kOmitted, when.failed->failure, "dependency");
      return false;
    }
    if (when.kind != Value::Kind::kPresent || AllEmpty(when.values)) {
      settle(State::kSkipped, absl::OkStatus(), "");
      return false;
    }
  }
  for (const Bind& bind : part.binds) {
    if (bind.source.kind == Source::Kind::kLiteral) {
      request->buffer().append(bind.literal);
      continue;
    }
    const Value value = Evaluate(bind.source, instance);
    const bool self = bind.source.kind == Source::Kind::kSelf;
    if (value.kind == Value::Kind::kDependency) {
      settle(State::kOmitted, value.failed->failure, "dependency");
      return false;
    }
    if (value.kind == Value::Kind::kDenied) {
      settle(State::kOmitted, absl::UnauthenticatedError("this needs an access token"), "denied");
      return false;
    }
    if (self && (value.kind == Value::Kind::kAbsent || AllEmpty(value.values))) {
      settle(State::kSkipped, absl::OkStatus(), "");
      return false;
    }
    AppendBound(bind.target, value.values, &request->buffer());
  }
  return true;
}

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
  if (instance.gates != nullptr) {
    Gate& gate = (*instance.gates)[index];
    if (gate.in_flight >= part.concurrency) {
      gate.queue.emplace_back(&instance, std::move(request));
      return;
    }
    ++gate.in_flight;
  }
  StartCall(instance, index, std::move(request));
}

void Run::StartCall(Instance& instance, size_t index, rpc::Payload request) {
  context_.worker().Spawn(RunCall(shared_from_this(), &instance, index, std::move(request)));
}

Async<void> Run::RunCall(std::shared_ptr<Run> run, Instance* instance, size_t index, rpc::Payload request) {
  const Part& part = run->PartOf(*instance, index);
  absl::StatusOr<std::string> message = co_await run->Fetch(part, std::move(request));
  if (run->closed_) co_return;
  const Turn turn(*run);
  if (instance->gates != nullptr) {
    Gate& gate = (*instance->gates)[index];
    --gate.in_flight;
    if (!gate.queue.empty()) {
      auto [next, next_request] = std::move(gate.queue.front());
      gate.queue.pop_front();
      ++gate.in_flight;
      run->StartCall(*next, index, std::move(next_request));
    }
  }
  if (!message.ok()) {
    run->Fail(*instance, index, message.status(), rpc::OmissionReason(message.status()));
    co_return;
  }
  const auto bytes = std::make_shared<const std::string>(*std::move(message));
  WireValues selected;
  part.select.Collect({*bytes}, &selected);
  run->Take(*instance, index, bytes, selected);
}

Async<absl::StatusOr<std::string>> Run::Fetch(const Part& part, rpc::Payload request) {
  try {
    rpc::Context call(context_, DeadlineIn(part.timeout));
    absl::StatusOr<rpc::Reply> reply =
        co_await handlers_[static_cast<size_t>(part.id)]->Call(*part.method, std::move(request), call);
    if (!reply.ok()) co_return reply.status();
    // In the answer the part is some messages down: together they must not nest too deep.
    const int depth = 1 + static_cast<int>(std::count(part.path.begin(), part.path.end(), '.'));
    const absl::Status wire = transcode::CheckWire(*part.method->output, reply->message, kMaxDepth - depth);
    if (!wire.ok()) {
      co_return rpc::WithHttpStatus(absl::DataLossError(absl::StrCat("the reply for ", part.path, " is malformed")),
                                    502);
    }
    co_return std::move(reply->message);
  } catch (const std::exception&) {
    // Out of memory, most likely: one part fails, not the process.
    co_return absl::InternalError(absl::StrCat("the call for ", part.path, " failed"));
  }
}

void Run::Take(Instance& instance, size_t index, const std::shared_ptr<const std::string>& bytes,
               const WireValues& selected) {
  const Part& part = PartOf(instance, index);
  Slot& slot = instance.slots[index];
  slot.bytes = bytes;
  slot.values = selected;
  // A singular message in several pieces is merged by putting them together.
  const bool merge = part.message && !part.field->repeated && selected.size() > 1;
  if (merge || part.projection != nullptr) {
    auto made = std::make_shared<std::string>();
    std::vector<size_t> ends;
    wire::Writer out(made.get(), bytes->size());
    for (const WireValue& value : selected) {
      if (part.projection != nullptr) {
        part.projection->Write(value.bytes, out);
      } else {
        out.buffer().Append(value.bytes);
      }
      if (!merge) ends.push_back(out.size());
    }
    if (merge) ends.push_back(out.size());
    out.Finish();
    slot.values.clear();
    size_t begin = 0;
    for (size_t end : ends) {
      slot.values.push_back({wire::WireType::kBytes, absl::string_view(*made).substr(begin, end - begin)});
      begin = end;
    }
    slot.bytes = std::move(made);
  }
  if (part.elements != nullptr && slot.selected) StartElements(slot, part);
  Settle(instance, index, State::kIn);
}

void Run::StartElements(Slot& slot, const Part& part) {
  if (over_) return;
  const MessagePlan& plan = *part.elements;
  std::vector<Gate>& gates = gates_.emplace_back(plan.parts.size());
  for (const WireValue& value : slot.values) {
    Instance* element = AddInstance(plan, value.bytes, slot.selection);
    element->gates = &gates;
    slot.elements.push_back(element);
  }
  const std::vector<Instance*> elements = slot.elements;
  for (size_t i = 0; i < plan.parts.size(); ++i) {
    if (plan.parts[i].batch.has_value()) {
      StartBatch(i, elements);
      continue;
    }
    for (Instance* element : elements) {
      if (element->slots[i].state == State::kWaiting && plan.parts[i].needs.empty()) Begin(*element, i);
    }
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
    if (key.kind != Value::Kind::kPresent || AllEmpty(key.values)) {
      Settle(*element, index, State::kSkipped);
      continue;
    }
    asking.push_back(element);
    if (!keys.insert(key.values.front().bytes).second) continue;
    AppendField(part.batch->keys.leaf().number, key.values.front(), &encoded);
  }
  if (asking.empty()) return;
  AppendWrapped(part.batch->keys, std::move(encoded), &request.buffer());
  context_.worker().Spawn(RunBatch(shared_from_this(), index, std::move(asking), std::move(request)));
}

Async<void> Run::RunBatch(std::shared_ptr<Run> run, size_t index, std::vector<Instance*> elements,
                          rpc::Payload request) {
  const Part& part = run->PartOf(*elements.front(), index);
  absl::StatusOr<std::string> message = co_await run->Fetch(part, std::move(request));
  if (run->closed_) co_return;
  const Turn turn(*run);
  if (message.ok()) {
    run->TakeBatch(index, elements, *std::move(message));
    co_return;
  }
  for (Instance* element : elements) {
    run->Fail(*element, index, message.status(), rpc::OmissionReason(message.status()));
  }
}

void Run::TakeBatch(size_t index, const std::vector<Instance*>& elements, std::string message) {
  const Part& part = PartOf(*elements.front(), index);
  const auto bytes = std::make_shared<const std::string>(std::move(message));
  WireValues items;
  part.batch->items.Collect({*bytes}, &items);
  absl::flat_hash_map<absl::string_view, absl::string_view> by_key;
  for (const WireValue& item : items) {
    WireValues key;
    part.batch->item_key.Collect({item.bytes}, &key);
    if (!key.empty()) by_key.emplace(key.front().bytes, item.bytes);
  }
  for (Instance* element : elements) {
    if (over_) return;
    const WireValues key = Evaluate(part.batch->from, *element).values;
    const auto item = by_key.find(key.front().bytes);
    if (item == by_key.end()) {
      Fail(*element, index, absl::NotFoundError(absl::StrCat("there is no ", part.path)), "not_found");
      continue;
    }
    WireValues selected;
    part.select.Collect({item->second}, &selected);
    Take(*element, index, bytes, selected);
  }
}

void Run::Fail(Instance& instance, size_t index, const absl::Status& status, absl::string_view reason) {
  Slot& slot = instance.slots[index];
  slot.failure = status;
  slot.reason = reason;
  if (!PartOf(instance, index).required) return Settle(instance, index, State::kOmitted);
  if (failure_.ok()) failure_ = status;
  over_ = true;
}

void Run::Settle(Instance& instance, size_t index, State state) {
  const Part& part = PartOf(instance, index);
  instance.slots[index].state = state;
  required_outstanding_ -= part.required;
  for (int waiting : part.needed_by) {
    Slot& slot = instance.slots[static_cast<size_t>(waiting)];
    if (slot.state == State::kWaiting && --slot.waits_for == 0) Begin(instance, static_cast<size_t>(waiting));
  }
  if (--outstanding_ == 0) over_ = true;
}

void Run::AddOmissions(const Instance& instance, Omissions* omissions) const {
  for (size_t i = 0; i < instance.slots.size(); ++i) {
    const Slot& slot = instance.slots[i];
    if (slot.state == State::kOmitted || slot.state == State::kWaiting) {
      const absl::string_view path = PartOf(instance, i).path;
      const bool known =
          std::any_of(omissions->begin(), omissions->end(), [&](const auto& o) { return o.first == path; });
      // What is still waiting when the answer is given ran out of time.
      if (!known) omissions->emplace_back(path, slot.state == State::kWaiting ? "deadline" : slot.reason);
    }
    for (const Instance* element : slot.elements) AddOmissions(*element, omissions);
  }
}

void Run::Write(const Instance& instance, wire::Writer& out) const {
  out.buffer().Append(instance.self);
  for (size_t i = 0; i < instance.slots.size(); ++i) {
    const Slot& slot = instance.slots[i];
    if (slot.state != State::kIn) continue;
    const uint32_t number = PartOf(instance, i).field->number;
    for (size_t value = 0; value < slot.values.size(); ++value) {
      out.Tag(wire::MakeTag(number, slot.values[value].type));
      if (!slot.elements.empty()) {
        const size_t begin = out.Begin();
        Write(*slot.elements[value], out);
        out.End(begin);
      } else if (slot.values[value].type == wire::WireType::kBytes) {
        out.Bytes(slot.values[value].bytes);
      } else {
        out.buffer().Append(slot.values[value].bytes);
      }
    }
  }
  if (instance.plan->omitted == nullptr) return;
  Omissions omissions;
  AddOmissions(instance, &omissions);
  for (const auto& [part, reason] : omissions) {
    out.Tag(wire::MakeTag(instance.plan->omitted->number, wire::WireType::kBytes));
    const size_t begin = out.Begin();
    out.Tag(wire::MakeTag(kOmittedPart, wire::WireType::kBytes));
    out.Bytes(part);
    out.Tag(wire::MakeTag(kOmittedReason, wire::WireType::kBytes));
    out.Bytes(reason);
    out.End(begin);
  }
}

rpc::Reply Run::Assemble() {
  rpc::Reply reply;
  const Instance& root = instances_.front();
  size_t expected = copies_.size() + 64;
  for (const Slot& slot : root.slots) {
    if (slot.bytes != nullptr) expected += slot.bytes->size() + 16;
  }
  wire::Writer out(&reply.message, expected);
  Write(root, out);
  out.Finish();
  Omissions omissions;
  AddOmissions(root, &omissions);
  for (const auto& [part, reason] : omissions) {
    absl::StrAppend(&reply.omitted, reply.omitted.empty() ? "" : ", ", part, ";reason=", reason);
  }
  return reply;
}

}  // namespace portico::compose
