#ifndef PORTICO_GATEWAY_HTTP_WHOLE_BODY_H_
#define PORTICO_GATEWAY_HTTP_WHOLE_BODY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "gateway/http/message.h"

namespace portico::http {

// A body that is there already, to be read like one that arrives.
class WholeBody final : public BodyStream {
 public:
  // `bytes` outlive it.
  explicit WholeBody(absl::string_view bytes) : bytes_(bytes) {}

  Async<absl::StatusOr<bool>> Read(std::string* piece) override {
    if (stopped_) co_return absl::CancelledError("the body is not wanted any more");
    if (bytes_.empty()) co_return false;
    const absl::string_view next = bytes_.substr(0, kPieceBytes);
    piece->assign(next.data(), next.size());
    bytes_.remove_prefix(next.size());
    co_return true;
  }
  void Stop() override { stopped_ = true; }

 private:
  static constexpr size_t kPieceBytes = 65536;
  absl::string_view bytes_;
  bool stopped_ = false;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_WHOLE_BODY_H_
