#include "gateway/protocol/message_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"

namespace portico::protocol {
namespace {

// Messages that are there at once go out together, up to this size.
constexpr size_t kPieceBytes = 32768;
// How long before its connection is cut a stream says its last words.
constexpr std::chrono::milliseconds kLastWords{1000};

}  // namespace

MessageStream::MessageStream(std::shared_ptr<StreamCall> call, std::shared_ptr<Upload> upload,
                             std::unique_ptr<StreamWriter> writer, Shape shape, const StreamOptions& options)
    : call_(std::move(call)),
      upload_(std::move(upload)),
      writer_(std::move(writer)),
      shape_(std::move(shape)),
      envelope_(options.envelope),
      heartbeat_(writer_->resumes() ? options.heartbeat : std::chrono::milliseconds(0)) {
  shape_.write.pretty = shape_.write.pretty && writer_->takes_lines();
}

MessageStream::~MessageStream() {
  if (upload_ != nullptr) upload_->Stop();
  call_->Cancel();
}

void MessageStream::Begin(std::string* out) {
  writer_->Begin(out);
  WriteReady(out);
}

void MessageStream::WriteReady(std::string* out) {
  std::string message;
  while (!ended_ && call_->ready() && out->size() < kPieceBytes) {
    const absl::StatusOr<bool> more = call_->Take(&message);
    if (!more.ok()) return Fail(more.status(), out);
    if (!*more) {
      ended_ = true;
      return writer_->End(out);
    }
    const size_t before = out->size();
    writer_->BeginMessage(out);
    if (envelope_) out->append("{\"result\":");
    const absl::Status written =
        shape_.shape->Write(message, shape_.write, shape_.selection.get(), out, shape_.partial);
    if (!written.ok()) {
      out->resize(before);
      return Fail(absl::DataLossError(absl::StrCat("a message has no JSON form: ", written.message())), out);
    }
    if (envelope_) out->push_back('}');
    writer_->EndMessage(out);
  }
}

void MessageStream::Fail(const absl::Status& status, std::string* out) {
  // The call was cancelled for what the client sent, if that is wrong.
  const absl::Status& reason = upload_ != nullptr && !upload_->status().ok() ? upload_->status() : status;
  std::string json;
  shape_.errors->AppendStatus(reason, &json);
  writer_->Fail(json, out);
  code_ = rpc::CodeName(reason.code());
  ended_ = true;
}

Async<absl::StatusOr<bool>> MessageStream::Read(std::string* piece) {
  piece->clear();
  if (piece->capacity() > 1024) piece->shrink_to_fit();  // it may wait for long
  while (!ended_ && piece->empty()) {
    net::Deadline until = end_by_;
    if (heartbeat_.count() > 0) until = std::min(until, net::Clock::now() + heartbeat_);
    const bool ready = co_await call_->Await(until);
    if (ready) {
      WriteReady(piece);
    } else if (net::Clock::now() >= end_by_) {
      ended_ = true;
      if (writer_->resumes()) {
        writer_->Suspend(piece);
        code_ = rpc::CodeName(absl::StatusCode::kUnavailable);
      } else {
        Fail(absl::UnavailableError("the gateway is stopping"), piece);
      }
    } else if (net::Clock::now() >= until) {
      writer_->Heartbeat(piece);
    }
  }
  co_return !piece->empty();
}

void MessageStream::EndBy(net::Deadline deadline) {
  end_by_ = writer_->resumes() ? net::Clock::now() : deadline - kLastWords;
  call_->Interrupt();
}

}  // namespace portico::protocol
