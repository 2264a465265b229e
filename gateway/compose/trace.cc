#include "gateway/compose/trace.h"

#include <utility>

#include "absl/strings/str_cat.h"
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
  Add({kind, part.path, std::string(reason)});
}

void Trace::Add(Note note) {
  for (Note& known : notes_) {
    if (known.kind != note.kind || known.part != note.part || known.reason != note.reason) continue;
    known.times += note.times;
    return;
  }
  notes_.push_back(std::move(note));
}

void Trace::AddWithin(const Part& part, Trace within) {
  dropped_ += within.dropped_;
  for (Call& call : within.calls_) {
    if (calls_.size() == kMostCalls) {
      ++dropped_;
      continue;
    }
    call.part = absl::StrCat(part.path, ".", call.part);
    calls_.push_back(std::move(call));
  }
  for (Note& note : within.notes_) {
    note.part = absl::StrCat(part.path, ".", note.part);
    Add(std::move(note));
  }
}

}  // namespace portico::compose
