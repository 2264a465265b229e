// How a run becomes an answer.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gateway/compose/run.h"
#include "gateway/transcode/field_selection.h"
#include "gateway/wire/reader.h"
#include "gateway/wire/writer.h"

namespace portico::compose {
namespace {

// Field numbers of portico.Omitted.
constexpr uint32_t kOmittedPart = 1;
constexpr uint32_t kOmittedReason = 2;

}  // namespace

void Run::AddOmission(absl::string_view path, absl::string_view reason, Omissions* omissions) {
  const bool known = std::any_of(omissions->begin(), omissions->end(), [&](const auto& o) { return o.first == path; });
  if (!known) omissions->emplace_back(path, reason);
}

void Run::AddOmissions(const Instance& instance, Omissions* omissions) const {
  for (size_t i = 0; i < instance.slots.size(); ++i) AddOmissionsOf(instance, i, omissions);
  for (size_t i = 0; i < instance.inners.size(); ++i) {
    AddOmissionsIn(instance.inners[i], *instance.plan->inners[i].messages, omissions);
  }
}

void Run::AddOmissionsIn(const Messages& messages, const MessagePlan& plan, Omissions* omissions) const {
  for (const Instance* instance : messages.instances) AddOmissions(*instance, omissions);
  if (messages.cut) AddCut(plan, messages.selection, omissions);
}

void Run::AddCut(const MessagePlan& plan, const transcode::FieldSelection* selection, Omissions* omissions) {
  for (const Part& part : plan.parts) {
    if (selection == nullptr || selection->Includes(*part.field)) AddOmission(part.path, "shed", omissions);
  }
  for (const Inner& inner : plan.inners) {
    if (selection != nullptr && !selection->Includes(*inner.field)) continue;
    AddCut(*inner.messages, selection == nullptr ? nullptr : selection->Child(*inner.field), omissions);
  }
}

void Run::AddOmissionsOf(const Instance& instance, size_t index, Omissions* omissions) const {
  const Slot& slot = instance.slots[index];
  const absl::string_view path = PartOf(instance, index).path;
  if (slot.state == State::kOmitted || slot.state == State::kWaiting) {
    // What is still waiting when the answer is given ran out of time.
    AddOmission(path, slot.state == State::kWaiting ? "deadline" : slot.reason, omissions);
  }
  if (!slot.omitted.empty()) {
    for (const absl::string_view inner : absl::StrSplit(slot.omitted, ", ")) {
      const std::pair<absl::string_view, absl::string_view> named = absl::StrSplit(inner, ";reason=");
      AddOmission(named.first, named.second, omissions);
    }
  }
  if (const MessagePlan* elements = PartOf(instance, index).elements.get(); elements != nullptr) {
    AddOmissionsIn(slot.elements, *elements, omissions);
  }
}

void Run::Write(const Instance& instance, wire::Writer& out) const {
  if (instance.inners.empty()) {
    out.buffer().Append(instance.self);
  } else {
    WriteSelf(instance, out);
  }
  for (size_t i = 0; i < instance.slots.size(); ++i) WriteSlot(instance, i, out);
  if (instance.plan->omitted == nullptr) return;
  Omissions omissions;
  AddOmissions(instance, &omissions);
  WriteOmissions(*instance.plan->omitted, omissions, out);
}

void Run::WriteSelf(const Instance& instance, wire::Writer& out) const {
  const std::vector<Inner>& inners = instance.plan->inners;
  std::vector<size_t> seen(inners.size());
  wire::Reader reader(instance.self);
  while (!reader.done()) {
    const char* const start = reader.position();
    uint32_t tag = 0;
    if (!reader.ReadTag(&tag) || !reader.Skip(tag)) return;  // it has passed CheckWire
    const Instance* message = nullptr;
    bool written = true;
    for (size_t i = 0; i < inners.size(); ++i) {
      const Messages& messages = instance.inners[i];
      if (tag != wire::MakeTag(inners[i].field->number, wire::WireType::kBytes) || messages.instances.empty()) continue;
      if (inners[i].field->repeated) {
        const size_t at = seen[i]++;
        if (at < messages.instances.size()) message = messages.instances[at];
      } else if (reader.position() == messages.end) {
        message = messages.instances.front();
      } else {
        written = false;  // a piece of the one to come, or replaced by another member of its oneof
      }
    }
    if (message != nullptr) {
      out.Tag(tag);
      const size_t begin = out.Begin();
      Write(*message, out);
      out.End(begin);
    } else if (written) {
      out.buffer().Append(absl::string_view(start, static_cast<size_t>(reader.position() - start)));
    }
  }
}

void Run::WriteSlot(const Instance& instance, size_t index, wire::Writer& out) const {
  const Slot& slot = instance.slots[index];
  if (slot.state != State::kIn) return;
  const uint32_t number = PartOf(instance, index).field->number;
  for (size_t value = 0; value < slot.values.size(); ++value) {
    out.Tag(wire::MakeTag(number, slot.values[value].type));
    if (value < slot.elements.instances.size()) {
      const size_t begin = out.Begin();
      Write(*slot.elements.instances[value], out);
      out.End(begin);
    } else if (slot.values[value].type == wire::WireType::kBytes) {
      out.Bytes(slot.values[value].bytes);
    } else {
      out.buffer().Append(slot.values[value].bytes);
    }
  }
}

void Run::WriteOmissions(const schema::FieldTable& field, const Omissions& omissions, wire::Writer& out) {
  for (const auto& [part, reason] : omissions) {
    out.Tag(wire::MakeTag(field.number, wire::WireType::kBytes));
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
  reply.omitted = OmittedText();
  return reply;
}

std::string Run::OmittedText() const {
  Omissions omissions;
  AddOmissions(instances_.front(), &omissions);
  std::string text;
  for (const auto& [part, reason] : omissions) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", part, ";reason=", reason);
  }
  return text;
}

}  // namespace portico::compose
