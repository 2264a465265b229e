#include "gateway/compose/run.h"

#include <algorithm>
#include <exception>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "gateway/compose/bound_value.h"
#include "gateway/json/utf8.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/field_selection.h"
#include "gateway/transcode/message_pieces.h"
#include "gateway/transcode/wire_to_json.h"

namespace portico::compose {
namespace {

void AppendBound(const WirePath& target, const WireValues& values, std::string* request) {
  if (values.empty()) return;
  const uint32_t number = target.leaf().number;
  if (target.steps().size() == 1) {
    for (const WireValue& value : values) AppendField(number, value, request);
    return;
  }
  std::string leaf;
  for (const WireValue& value : values) AppendField(number, value, &leaf);
  target.AppendWrapped(std::move(leaf), request);
}

// Services have given more than an answer may have.
absl::Status TooMuch(const std::string& what) {
  return rpc::WithHttpStatus(absl::ResourceExhaustedError(what), 502);
}

// Whether something that is fetched for messages with such a plan, as they arrive, is batched.
bool HasBatch(const MessagePlan& plan) {
  return std::any_of(plan.parts.begin(), plan.parts.end(), [](const Part& part) { return part.batch.has_value(); }) ||
         std::any_of(plan.inners.begin(), plan.inners.end(),
                     [](const Inner& inner) { return HasBatch(*inner.messages); });
}

}  // namespace

Run::Run(const Plan& plan, const std::vector<rpc::Handler*>& handlers, const std::vector<bool>& needed,
         History& history, rpc::Payload request, rpc::Context& context)
    : plan_(plan),
      handlers_(handlers),
      needed_(needed),
      history_(history),
      times_(history.times(context.worker().index())),
      request_(std::move(request)),
      context_(context, net::After(net::Clock::now(), absl::ToChronoNanoseconds(plan.method->timeout))),
      selection_(context.selection()),
      began_(net::Clock::now()),
      trace_(context.trace()),
      open_(plan.root.parts.size()),
      pausing_(plan.streams() ? plan.root.parts.size() : 0) {}

void Run::Start() {
  for (const Copy& copy : plan_.root.copies) {
    WireValues values;
    copy.from.Collect({request_.bytes()}, &values);
    for (const WireValue& value : values) AppendField(copy.field->number, value, &copies_);
  }
  const Turn turn(*this);
  ++outstanding_;  // holds the end back until all that can start has been started
  Instance& root = *AddInstance(plan_.root, copies_, selection_, kAnswer);
  for (size_t i = 0; i < root.slots.size(); ++i) {
    awaited_ += open_[i] > 0 && PartOf(root, i).awaited && !PartOf(root, i).stream;
  }
  for (size_t i = 0; i < root.slots.size() && failure_.ok(); ++i) {
    if (root.slots[i].state == State::kWaiting && PartOf(root, i).needs.empty()) Begin(root, i);
  }
  if (--outstanding_ == 0) over_ = true;
}

Run::Turn::~Turn() {
  if (run_.turns_ == 1 && !run_.starts_later_) run_.StartArrived();
  if (--run_.turns_ > 0) return;
  if (run_.reader_ != nullptr) {
    if (run_.expired_ && !run_.closed_) run_.Close();
    if (std::exchange(run_.news_, false) || run_.over_) run_.reader_->News();
  } else if (run_.over_) {
    run_.finished_.Set();
  }
}

void Run::Close() {
  // What has not come in by now will not; something may stand in for it.
  over_ = true;
  for (Instance& instance : instances_) {
    for (size_t index = 0; index < instance.slots.size(); ++index) {
      if (instance.slots[index].state != State::kWaiting) continue;
      if (StandIn(instance, index, absl::DeadlineExceededError("it was not in when the time was up"))) continue;
      if (trace_ != nullptr) trace_->Add(Trace::Note::Kind::kOmitted, PartOf(instance, index), "deadline");
    }
  }
  if (trace_ != nullptr) std::exchange(trace_, nullptr)->Close(net::Clock::now());
  const bool first = !std::exchange(closed_, true);
  // A page tells what there is of a part, as a whole answer would.
  if (first && reader_ != nullptr && !instances_.empty()) {
    for (size_t i = 0; i < open_.size(); ++i) {
      const Slot& slot = instances_.front().slots[i];
      if (open_[i] == 0 || !slot.selected) continue;
      const bool tells_omission = slot.state == State::kWaiting && plan_.streams() && plan_.root.omitted != nullptr &&
                                  required_outstanding_ == 0;
      if ((slot.state == State::kIn && !slot.values.empty()) || tells_omission) pieces_.push_back({i, false, {}});
    }
  }
  for (size_t i = 0; i < pausing_.size(); ++i) Resume(i);
  context_.Cancel();
}

void Run::Expire() {
  if (closed_) return;
  Close();
  if (reader_ != nullptr) reader_->News();
}

bool Run::TimeIsUp(const absl::Status& status) {
  if (!absl::IsDeadlineExceeded(status) || net::Clock::now() < context_.deadline()) return false;
  over_ = true;
  expired_ = true;
  return true;
}

absl::Status Run::Failure() const {
  if (!failure_.ok()) return failure_;
  if (required_outstanding_ > 0) return absl::DeadlineExceededError("the answer was not complete in time");
  return absl::OkStatus();
}

Run::Instance* Run::AddInstance(const MessagePlan& plan, absl::string_view self,
                                const transcode::FieldSelection* selection, size_t within) {
  Instance& instance = instances_.emplace_back();
  instance.plan = &plan;
  instance.self = self;
  instance.within = within;
  instance.slots.resize(plan.parts.size());
  std::vector<size_t> wanted;
  for (size_t i = 0; i < plan.parts.size(); ++i) {
    if (selection != nullptr && !selection->Includes(*plan.parts[i].field)) continue;
    instance.slots[i].state = State::kWaiting;
    instance.slots[i].selected = true;
    instance.slots[i].elements.selection = selection == nullptr ? nullptr : selection->Child(*plan.parts[i].field);
    wanted.push_back(i);
  }
  while (!wanted.empty()) {
    const Part& part = plan.parts[wanted.back()];
    Slot& slot = instance.slots[wanted.back()];
    ++open_[within == kAnswer ? wanted.back() : within];
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
    if (when.kind != Value::Kind::kPresent || IsEmptyAt(part.when->path, when.values)) {
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
    if (self && (value.kind == Value::Kind::kAbsent || IsEmptyAt(bind.source.path, value.values))) {
      settle(State::kSkipped, absl::OkStatus(), "");
      return false;
    }
    AppendBound(bind.target, value.values, &request->buffer());
  }
  if (part.in_pieces) transcode::JoinPieces(*part.method->input, rpc::Payload::kHeadroom, &request->buffer());
  return true;
}

void Run::Take(Instance& instance, size_t index, const Message& bytes, const WireValues& selected, bool stands_in) {
  const Part& part = PartOf(instance, index);
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
    WireValues values;
    size_t begin = 0;
    for (size_t end : ends) {
      values.push_back({wire::WireType::kBytes, absl::string_view(*made).substr(begin, end - begin)});
      begin = end;
    }
    return Place(instance, index, std::move(made), std::move(values), stands_in);
  }
  Place(instance, index, bytes, selected, stands_in);
}

void Run::Place(Instance& instance, size_t index, Message bytes, WireValues values, bool stands_in) {
  const Part& part = PartOf(instance, index);
  if (!stands_in && LackJson(part, instance.slots[index], values)) {
    const absl::Status status = rpc::WithHttpStatus(absl::DataLossError(absl::StrCat(part.path, " has no JSON")), 502);
    if (StandIn(instance, index, status)) return;
    // Of a required part whoever writes JSON says more; others can do with it as it is.
    if (!part.required) return Omit(instance, index, status, "malformed");
  }
  if (!HasRoom(values))
    return Omit(instance, index, TooMuch(absl::StrCat(part.path, " does not fit into the answer")), "shed");
  Slot& slot = instance.slots[index];
  slot.bytes = std::move(bytes);
  slot.values = std::move(values);
  if (part.elements != nullptr && slot.selected) StartElements(instance, index);
  Settle(instance, index, State::kIn);
}

bool Run::LackJson(const Part& part, const Slot& slot, const WireValues& values) {
  if (!part.may_lack_json || !doubtful_ || !slot.selected) return false;
  transcode::WriteOptions options;
  options.max_depth -= part.depth();
  json_.clear();
  return std::any_of(values.begin(), values.end(), [&](const WireValue& value) {
    const absl::Status written = transcode::WireToJson(*part.field->message, *plan_.types, value.bytes, options, &json_,
                                                       slot.elements.selection);
    return !written.ok();
  });
}

bool Run::HasRoom(const WireValues& values) {
  size_t bytes = 0;
  for (const WireValue& value : values) bytes += value.bytes.size();
  if (bytes > kMostBytes - byte_count_) return false;
  byte_count_ += bytes;
  return true;
}

Run::Message Run::Stale(const Part& part, absl::string_view asked, const absl::Status& status) {
  if (asked.empty()) return nullptr;
  switch (status.code()) {
    // The service has spoken: there is no such thing any more, or not for this caller.
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnimplemented:
      return nullptr;
    default:
      break;
  }
  return history_.last_good(part)->Get(asked, net::Clock::now() - absl::ToChronoNanoseconds(part.stale));
}

bool Run::StandIn(Instance& instance, size_t index, const absl::Status& status) {
  const Part& part = PartOf(instance, index);
  if (part.stale > absl::ZeroDuration() && !part.batch.has_value()) {
    if (const Message stale = Stale(part, instance.slots[index].asked, status)) {
      WireValues selected;
      part.select.Collect({*stale}, &selected);
      if (trace_ != nullptr) trace_->Add(Trace::Note::Kind::kStoodIn, part, "stale");
      Take(instance, index, stale, selected, true);
      return true;
    }
  }
  if (part.fallback == nullptr) return false;
  if (trace_ != nullptr) trace_->Add(Trace::Note::Kind::kStoodIn, part, "fallback");
  Place(instance, index, part.fallback, part.fallback_values, true);
  return true;
}

void Run::StartElements(Instance& instance, size_t index) {
  if (over_) return;
  Slot& slot = instance.slots[index];
  const MessagePlan& plan = *PartOf(instance, index).elements;
  const size_t within = instance.within == kAnswer ? index : instance.within;
  AddMessages(plan, slot.values, within, &slot.elements);
  const std::vector<Instance*>& messages = slot.elements.instances;
  auto same = std::find_if(arrived_.begin(), arrived_.end(), [&](const Arrived& a) { return a.plan == &plan; });
  if (same == arrived_.end()) same = arrived_.insert(arrived_.end(), {&plan, {}});
  same->messages.insert(same->messages.end(), messages.begin(), messages.end());
  // The lists of several elements are answered one by one, often in one read: their batch waits for what the loop has
  // at hand.
  if (instance.within == kAnswer || starts_later_ || !HasBatch(plan)) return;
  starts_later_ = true;
  context_.worker().Post([run = shared_from_this()] {
    if (run->closed_) return;
    const Turn turn(*run);
    run->starts_later_ = false;
  });
}

void Run::StartArrived() {
  while (!arrived_.empty() && !over_) {
    const Arrived next = std::move(arrived_.back());
    arrived_.pop_back();
    StartMessages(*next.plan, next.messages);
  }
}

void Run::AddMessages(const MessagePlan& plan, const WireValues& values, size_t within, Messages* messages) {
  for (const WireValue& value : values) {
    if (element_count_ == kMostElements) {
      messages->cut = true;
      return Cut(plan, messages->selection);
    }
    ++element_count_;
    Instance* const element = AddInstance(plan, value.bytes, messages->selection, within);
    messages->instances.push_back(element);
    if (!plan.inners.empty()) AddInners(*element, messages->selection);
  }
}

void Run::AddInners(Instance& instance, const transcode::FieldSelection* selection) {
  const std::vector<Inner>& inners = instance.plan->inners;
  instance.inners.resize(inners.size());
  for (size_t i = 0; i < inners.size(); ++i) {
    if (selection != nullptr && !selection->Includes(*inners[i].field)) continue;
    Messages& messages = instance.inners[i];
    messages.selection = selection == nullptr ? nullptr : selection->Child(*inners[i].field);
    WireValues values;
    inners[i].path.Collect({instance.self}, &values);
    if (!values.empty()) messages.end = values.back().bytes.data() + values.back().bytes.size();
    if (!inners[i].field->repeated && values.size() > 1) {
      // A message in several pieces is merged by putting them together.
      std::string& whole = merged_.emplace_back();
      for (const WireValue& piece : values) whole.append(piece.bytes.data(), piece.bytes.size());
      values.assign(1, {wire::WireType::kBytes, whole});
    }
    AddMessages(*inners[i].messages, values, instance.within, &messages);
  }
}

void Run::StartMessages(const MessagePlan& plan, const std::vector<Instance*>& elements) {
  if (gates_.empty()) gates_.resize(static_cast<size_t>(plan_.part_count));
  for (size_t i = 0; i < plan.parts.size(); ++i) {
    if (plan.parts[i].batch.has_value()) {
      StartBatch(i, elements);
      continue;
    }
    for (Instance* element : elements) {
      if (element->slots[i].state == State::kWaiting && plan.parts[i].needs.empty()) Begin(*element, i);
    }
  }
  for (size_t i = 0; i < plan.inners.size(); ++i) {
    // Of all elements together: a batch is one call for them all.
    std::vector<Instance*> all;
    for (const Instance* element : elements) {
      const std::vector<Instance*>& messages = element->inners[i].instances;
      all.insert(all.end(), messages.begin(), messages.end());
    }
    if (!all.empty()) StartMessages(*plan.inners[i].messages, all);
  }
}

void Run::Cut(const MessagePlan& plan, const transcode::FieldSelection* selection) {
  for (const Part& part : plan.parts) {
    if (selection != nullptr && !selection->Includes(*part.field)) continue;
    if (trace_ != nullptr) trace_->Add(Trace::Note::Kind::kOmitted, part, "shed");
    if (!part.required || !failure_.ok()) continue;
    failure_ =
        TooMuch(absl::StrCat(part.path, " would be fetched for more than ", kMostElements, " elements of an answer"));
    over_ = true;
  }
  for (const Inner& inner : plan.inners) {
    if (selection != nullptr && !selection->Includes(*inner.field)) continue;
    Cut(*inner.messages, selection == nullptr ? nullptr : selection->Child(*inner.field));
  }
}

void Run::Fail(Instance& instance, size_t index, const absl::Status& status, absl::string_view reason) {
  if (!StandIn(instance, index, status)) Omit(instance, index, status, reason);
}

void Run::Omit(Instance& instance, size_t index, const absl::Status& status, absl::string_view reason) {
  Slot& slot = instance.slots[index];
  slot.failure = status;
  slot.reason = reason;
  if (trace_ != nullptr) trace_->Add(Trace::Note::Kind::kOmitted, PartOf(instance, index), reason);
  if (!PartOf(instance, index).required) return Settle(instance, index, State::kOmitted);
  if (failure_.ok()) failure_ = status;
  over_ = true;
}

void Run::Settle(Instance& instance, size_t index, State state) {
  const Part& part = PartOf(instance, index);
  instance.slots[index].state = state;
  required_outstanding_ -= part.required;
  if (state == State::kSkipped && trace_ != nullptr) trace_->Add(Trace::Note::Kind::kSkipped, part);
  const size_t top = instance.within == kAnswer ? index : instance.within;
  if (--open_[top] == 0) Complete(top);
  for (int waiting : part.needed_by) {
    Slot& slot = instance.slots[static_cast<size_t>(waiting)];
    if (slot.state == State::kWaiting && --slot.waits_for == 0) Begin(instance, static_cast<size_t>(waiting));
  }
  if (--outstanding_ == 0) over_ = true;
}

}  // namespace portico::compose
