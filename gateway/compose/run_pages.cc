// A run whose answer is given page by page, and the streams that are parts of it.
#include <algorithm>
#include <chrono>
#include <exception>

#include "absl/strings/str_cat.h"
#include "gateway/compose/run.h"
#include "gateway/rpc/status.h"
#include "gateway/transcode/check_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "gateway/wire/writer.h"

namespace portico::compose {
namespace {

// How deep messages may nest in an answer, as the JSON writer sees it; a stream's are one down.
constexpr int kMaxDepth = 99;

absl::Status OutOfTime() {
  return absl::DeadlineExceededError("the answer was not complete in time");
}

}  // namespace

void Run::Complete(size_t index) {
  const Part& part = plan_.root.parts[index];
  const Slot& slot = instances_.front().slots[index];
  if (part.awaited && !part.stream) --awaited_;
  news_ = true;
  if (reader_ == nullptr || !slot.selected) return;
  const bool tells_omission =
      plan_.streams() && plan_.root.omitted != nullptr && (slot.state == State::kOmitted || !slot.omitted.empty());
  if (!slot.values.empty() || tells_omission) pieces_.push_back({index, false, {}});
}

bool Run::ready() const {
  if (!begun_ && !failure_.ok()) return true;
  if (!begun_ && awaited_ > 0) return closed_;
  if (!pieces_.empty() || over_) return true;
  // What is copied from the request is there at once, but streams say it with every page.
  return !begun_ && !plan_.streams() && !copies_.empty();
}

absl::StatusOr<bool> Run::NextPage(std::string* page) {
  const Instance& root = instances_.front();
  const schema::FieldTable* const omitted = plan_.root.omitted;
  page->clear();
  const bool first = !begun_;
  if (first) {
    if (!failure_.ok()) return failure_;
    if (awaited_ > 0) return OutOfTime();
    begun_ = true;
  }
  std::deque<Piece> told;
  if (first) {
    // All that is there, but the messages of streams, which are a page each.
    const auto messages =
        std::stable_partition(pieces_.begin(), pieces_.end(), [](const Piece& piece) { return !piece.of_stream; });
    told.assign(std::make_move_iterator(pieces_.begin()), std::make_move_iterator(messages));
    pieces_.erase(pieces_.begin(), messages);
  }
  if (told.empty() && !pieces_.empty()) {
    told.push_back(std::move(pieces_.front()));
    pieces_.pop_front();
  }
  if (told.empty() && (plan_.streams() || !first)) {
    if (!failure_.ok()) return failure_;
    if (plan_.streams()) {
      if (required_outstanding_ > 0) return OutOfTime();
      return false;
    }
    Omissions omissions;
    AddOmissions(root, &omissions);
    if (std::exchange(ended_, true) || omitted == nullptr || omissions.empty()) return false;
    wire::Writer out(page, 256);
    WriteOmissions(*omitted, omissions, out);
    out.Finish();
    return true;
  }
  if (first || plan_.streams()) *page = copies_;
  wire::Writer out(page, 256);
  Omissions omissions;
  for (const Piece& piece : told) {
    if (piece.of_stream) {
      out.buffer().Append(piece.field);
    } else {
      WriteSlot(root, piece.index, out);
      if (plan_.streams()) AddOmissionsOf(root, piece.index, &omissions);
    }
  }
  if (omitted != nullptr) WriteOmissions(*omitted, omissions, out);
  out.Finish();
  for (const Piece& piece : told) {
    if (piece.of_stream) Resume(piece.index);
  }
  return true;
}

void Run::Resume(size_t index) {
  if (pausing_[index] != nullptr) std::exchange(pausing_[index], nullptr)->Set();
}

Async<void> Run::RunFeed(std::shared_ptr<Run> run, size_t index, rpc::Payload request) {
  const absl::Status status = co_await run->Feed(index, std::move(request));
  if (run->over_) co_return;  // closed, or something required has failed
  const Turn turn(*run);
  if (run->TimeIsUp(status)) co_return;
  Instance& root = run->instances_.front();
  if (status.ok()) {
    run->Settle(root, index, State::kIn);
  } else {
    run->Fail(root, index, status, rpc::OmissionReason(status));
  }
}

Async<absl::Status> Run::Feed(size_t index, rpc::Payload request) {
  const Part& part = plan_.root.parts[index];
  try {
    rpc::Context call(context_, net::kNoDeadline);
    if (!needed_[static_cast<size_t>(part.id)]) {
      if (call.sparing()) {
        co_return rpc::Refused(absl::StrCat("there is no room for ", part.path), "shed", std::chrono::seconds(1));
      }
      call.set_optional();
    }
    absl::StatusOr<std::unique_ptr<rpc::Stream>> stream =
        co_await handlers_[static_cast<size_t>(part.id)]->Open(*part.method, call);
    if (!stream.ok()) co_return stream.status();
    // A service that does not take the request has ended the call: reading says how.
    if ((co_await (*stream)->Write(std::move(request))).ok()) static_cast<void>(co_await (*stream)->CloseWrite());
    std::string message;
    while (!over_) {
      const absl::StatusOr<bool> more = co_await (*stream)->Read(&message);
      if (!more.ok()) co_return more.status();
      if (!*more) co_return absl::OkStatus();
      if (over_) break;
      const absl::Status taken = TakeMessage(index, message);
      if (!taken.ok()) co_return taken;
      const bool waits = std::any_of(pieces_.begin(), pieces_.end(),
                                     [&](const Piece& piece) { return piece.of_stream && piece.index == index; });
      if (!waits || over_) continue;
      // The service is not read while the client has not read: it is slowed down by flow control.
      net::Event read;
      pausing_[index] = &read;
      co_await read.Wait();
    }
    co_return absl::CancelledError("the answer is over");
  } catch (const std::exception&) {
    // Out of memory, most likely: one part fails, not the process.
    co_return absl::InternalError(absl::StrCat("the call for ", part.path, " failed"));
  }
}

absl::Status Run::TakeMessage(size_t index, const std::string& message) {
  const Part& part = plan_.root.parts[index];
  bool doubtful = false;
  if (!transcode::CheckWire(*part.method->output, message, kMaxDepth, &doubtful).ok()) {
    return rpc::WithHttpStatus(absl::DataLossError(absl::StrCat("a message for ", part.path, " is malformed")), 502);
  }
  WireValues selected;
  part.select.Collect({message}, &selected);
  if (selected.empty()) return absl::OkStatus();  // it leaves the field absent: there is nothing to tell
  Piece piece{index, true, {}};
  wire::Writer out(&piece.field, message.size() + 16);
  const auto write = [&](const WireValue& value) {
    if (part.projection != nullptr) {
      part.projection->Write(value.bytes, out);
    } else {
      out.buffer().Append(value.bytes);
    }
  };
  if (part.message && !part.field->repeated) {
    // A message in several pieces is merged by putting them together.
    out.Tag(wire::MakeTag(part.field->number, wire::WireType::kBytes));
    const size_t begin = out.Begin();
    for (const WireValue& value : selected) write(value);
    out.End(begin);
  } else {
    for (const WireValue& value : selected) {
      out.Tag(wire::MakeTag(part.field->number, value.type));
      if (value.type == wire::WireType::kBytes) {
        const size_t begin = out.Begin();
        write(value);
        out.End(begin);
      } else {
        out.buffer().Append(value.bytes);
      }
    }
  }
  out.Finish();
  if (part.may_lack_json && doubtful && !part.required) {
    json_.clear();
    if (!transcode::WireToJson(*plan_.root.table, *plan_.types, piece.field, {}, &json_, selection_).ok()) {
      return rpc::WithHttpStatus(absl::DataLossError(absl::StrCat("a message for ", part.path, " has no JSON")), 502);
    }
  }
  const Turn turn(*this);
  pieces_.push_back(std::move(piece));
  news_ = true;
  return absl::OkStatus();
}

}  // namespace portico::compose
