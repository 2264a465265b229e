// RestEndpoint for composed answers that come page by page.

#include <memory>
#include <utility>

#include "gateway/protocol/rest.h"
#include "gateway/protocol/stream_call.h"
#include "gateway/protocol/warning_header.h"

namespace portico::protocol {

Async<http::Response> RestEndpoint::HandlePages(http::Request& request, std::span<const routing::PathValue> path_values,
                                                StreamForm form, const RestOptions& options) const {
  if (const absl::Status prepared = Prepare(request, options); !prepared.ok()) {
    co_return Refuse(prepared, request, options);
  }
  transcode::RequestBinding::Output bound;
  rpc::Payload payload;
  bound.wire = std::move(payload.buffer());
  const absl::Status status = Bind(request, path_values, options, &bound);
  if (!status.ok()) co_return Refuse(status, request, options);
  payload.buffer() = std::move(bound.wire);
  absl::StatusOr<std::unique_ptr<const transcode::FieldSelection>> selection = Select(bound, /*pages=*/true);
  if (!selection.ok()) co_return Refuse(selection.status(), request, options);

  request.context.set_selection(selection->get());
  const absl::StatusOr<std::shared_ptr<StreamCall>> opened =
      co_await StreamCall::Open(*handler_, *method_, request.context, options.streams.buffer_bytes);
  request.context.set_selection(nullptr);
  if (!opened.ok()) co_return Failure(opened.status(), request, options);
  const std::shared_ptr<StreamCall>& call = *opened;
  // Whoever does not take the request says why when it is read.
  if ((co_await call->Write(std::move(payload))).ok()) static_cast<void>(co_await call->CloseWrite());

  // What fails before the first page is answered like the whole answer would be.
  while (!co_await call->Await(net::kNoDeadline)) continue;
  if (call->Peek() == nullptr && !call->EndStatus().ok()) {
    const absl::Status failure = call->EndStatus();
    call->Cancel();
    co_return Failure(failure, request, options);
  }
  http::Response response = BeginMessages(call, nullptr, form, *std::move(selection), bound.pretty, request, options);
  response.status = success_.code();
  if (!bound.warnings.empty()) response.headers.Add("Portico-Warning", WarningHeader(bound.warnings));
  co_return response;
}

}  // namespace portico::protocol
