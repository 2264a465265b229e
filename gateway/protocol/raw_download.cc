#include "gateway/protocol/raw_download.h"

#include <utility>

#include "gateway/rpc/status.h"
#include "gateway/transcode/http_body.h"

namespace portico::protocol {

RawDownload::~RawDownload() {
  if (upload_ != nullptr) upload_->Stop();
  call_->Cancel();
}

Async<absl::StatusOr<bool>> RawDownload::Read(std::string* piece) {
  absl::StatusOr<bool> more = co_await call_->Read(piece);
  if (!more.ok()) {
    const absl::Status& upload = upload_ == nullptr ? more.status() : upload_->status();
    const absl::Status reason = upload.ok() ? more.status() : upload;
    code_ = rpc::CodeName(reason.code());
    co_return reason;
  }
  if (!*more) co_return false;
  const absl::StatusOr<transcode::HttpBody> part = transcode::ReadHttpBody(*piece, field_);
  if (!part.ok()) {
    code_ = rpc::CodeName(part.status().code());
    co_return part.status();
  }
  const size_t size = part->data.size();
  const size_t begin = size == 0 ? 0 : static_cast<size_t>(part->data.data() - piece->data());
  piece->resize(begin + size);
  piece->erase(0, begin);
  co_return true;
}

}  // namespace portico::protocol
