#include "gateway/protocol/request_messages.h"

#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "gateway/transcode/http_body.h"
#include "gateway/wire/writer.h"

namespace portico::protocol {
namespace {

// The request message of `frame` with this body, behind what `payload` has room for.
absl::Status BindPayload(const RequestFrame& frame, absl::string_view body, absl::string_view content_type,
                         rpc::Payload* payload) {
  transcode::RequestBinding::Output bound;
  bound.wire = std::move(payload->buffer());
  const absl::Status status = BindFrame(frame, &bound, body, content_type);
  payload->buffer() = std::move(bound.wire);
  return status;
}

// `status` with its place before its message; its details stay.
absl::Status At(uint64_t number, uint64_t offset, const absl::Status& status) {
  absl::Status placed(status.code(),
                      absl::StrCat("message ", number, " (at byte ", offset, " of the body): ", status.message()));
  status.ForEachPayload([&placed](absl::string_view type, const absl::Cord& value) { placed.SetPayload(type, value); });
  return placed;
}

class OfJson final : public RequestMessages {
 public:
  OfJson(RequestFrame frame, std::shared_ptr<http::BodyStream> body, JsonFraming::Form form, size_t message_bytes)
      : frame_(std::move(frame)), body_(std::move(body)), framing_(form, message_bytes) {}

  Async<absl::StatusOr<bool>> Next(rpc::Payload* message) override {
    while (true) {
      JsonFraming::Result result = framing_.Next(&rest_, &text_);
      if (result == JsonFraming::Result::kNeedMore) {
        absl::StatusOr<bool> more = co_await body_->Read(&piece_);
        if (!more.ok()) co_return more.status();
        rest_ = *more ? absl::string_view(piece_) : absl::string_view();
        if (*more) continue;
        result = framing_.Finish(&text_);
        if (result == JsonFraming::Result::kNeedMore) co_return false;
      }
      if (result == JsonFraming::Result::kError) co_return framing_.error();
      *message = rpc::Payload();
      const absl::Status bound = BindPayload(frame_, text_, {}, message);
      if (!bound.ok()) co_return At(framing_.number(), framing_.offset(), bound);
      co_return true;
    }
  }
  void Stop() override { body_->Stop(); }

 private:
  const RequestFrame frame_;
  const std::shared_ptr<http::BodyStream> body_;
  JsonFraming framing_;
  std::string piece_;
  absl::string_view rest_;  // of piece_
  std::string text_;
};

class OfPieces final : public RequestMessages {
 public:
  OfPieces(RequestFrame frame, std::shared_ptr<http::BodyStream> body, std::string content_type, uint32_t field)
      : frame_(std::move(frame)), body_(std::move(body)), content_type_(std::move(content_type)), field_(field) {}

  Async<absl::StatusOr<bool>> Next(rpc::Payload* message) override {
    absl::StatusOr<bool> more = co_await body_->Read(&piece_);
    if (!more.ok()) co_return more.status();
    if (!*more && !first_) co_return false;
    if (!*more) piece_.clear();
    *message = rpc::Payload();
    if (first_) {
      first_ = false;
      const absl::Status bound = BindPayload(frame_, piece_, content_type_, message);
      if (!bound.ok()) co_return bound;
      co_return true;
    }
    const transcode::HttpBody part{{}, piece_};
    const size_t size = transcode::HttpBodySize(part);
    std::string& out = message->buffer();
    out.reserve(out.size() + size + 2 * wire::kMaxVarintBytes);
    if (field_ != 0) {
      wire::AppendTag(field_, wire::WireType::kBytes, &out);
      wire::AppendVarint(size, &out);
    }
    transcode::AppendHttpBody(part, &out);
    co_return true;
  }
  void Stop() override { body_->Stop(); }

 private:
  const RequestFrame frame_;
  const std::shared_ptr<http::BodyStream> body_;
  const std::string content_type_;
  const uint32_t field_;
  std::string piece_;
  bool first_ = true;
};

}  // namespace

absl::Status BindFrame(const RequestFrame& frame, transcode::RequestBinding::Output* bound, absl::string_view body,
                       absl::string_view content_type) {
  const absl::InlinedVector<absl::string_view, 4> values(frame.path_values.begin(), frame.path_values.end());
  transcode::RequestBinding::Input input;
  input.path_values = std::span<const absl::string_view>(values.data(), values.size());
  input.query = frame.query;
  input.body = body;
  input.content_type = content_type;
  return frame.binding->Bind(input, frame.read, bound);
}

std::unique_ptr<RequestMessages> JsonMessages(RequestFrame frame, std::shared_ptr<http::BodyStream> body,
                                              JsonFraming::Form form, size_t message_bytes) {
  return std::make_unique<OfJson>(std::move(frame), std::move(body), form, message_bytes);
}

std::unique_ptr<RequestMessages> RawPieces(RequestFrame frame, std::shared_ptr<http::BodyStream> body,
                                           std::string content_type, uint32_t field) {
  return std::make_unique<OfPieces>(std::move(frame), std::move(body), std::move(content_type), field);
}

}  // namespace portico::protocol
