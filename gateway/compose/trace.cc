#include "gateway/compose/trace.h"

#include "gateway/compose/plan.h"

namespace portico::compose {

size_t Trace::Begin(const Part& part, net::Deadline now) {
  if (calls_.size() == kMostCalls) {
    ++dropped_;
    return kMostCalls;
  }
  Call& call = calls_.emplace_back();
  call.part = part.path;
  call.method = part.method->full_name;
  call.start = now;
  call.end = now;
  call.batched = part.batch.has_value();
  return calls_.size() - 1;
}

void Trace::End(size_t call, net::Deadline now, absl::StatusCode code, uint64_t bytes) {
  if (call >= calls_.size()) return;
  calls_[call].end = now;
  calls_[call].code = code;
  calls_[call].bytes = bytes;
  calls_[call].over = true;
}

void Trace::Close(net::Deadline now) {
  for (Call& call : calls_) {
    if (call.over) continue;
    call.end = now;
    call.code = absl::StatusCode::kCancelled;
  }
}

void Trace::Add(Note::Kind kind, const Part& part, absl::string_view reason) {
  for (Note& note : notes_) {
    if (note.kind != kind || note.part != part.path || note.reason != reason) continue;
    ++note.times;
    return;
  }
  notes_.push_back({kind, part.path, std::string(reason)});
}

}  // namespace portico::compose
