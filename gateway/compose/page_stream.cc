#include "gateway/compose/page_stream.h"

#include <utility>

namespace portico::compose {

PageStream::PageStream(const Plan& plan, const std::vector<rpc::Handler*>& handlers, const std::vector<bool>& needed,
                       History& history, rpc::Context& context)
    : plan_(plan),
      handlers_(handlers),
      needed_(needed),
      history_(history),
      context_(context),
      timer_(context.worker().executor()),
      cancel_(context, [this] { Cancel(); }) {}

PageStream::~PageStream() {
  if (run_ == nullptr) return;
  run_->set_reader(nullptr);
  run_->Close();
}

Async<absl::Status> PageStream::Write(rpc::Payload request) {
  if (run_ != nullptr) co_return absl::FailedPreconditionError(plan_.method->full_name + " takes one request");
  if (cancelled_) co_return absl::CancelledError("the call was cancelled");
  // Whoever reads may be done, and this gone, before the first stretch of work is.
  const std::shared_ptr<Run> run =
      std::make_shared<Run>(plan_, handlers_, needed_, history_, std::move(request), context_);
  run_ = run;
  run->set_reader(this);
  if (context_.deadline() != net::kNoDeadline) {
    timer_.expires_at(context_.deadline());
    timer_.async_wait([run](boost::system::error_code error) {
      if (!error) run->Expire();
    });
  }
  run->Start();
  co_return absl::OkStatus();
}

Async<absl::Status> PageStream::CloseWrite() {
  if (run_ != nullptr || cancelled_) co_return absl::OkStatus();
  Cancel();
  co_return absl::InvalidArgumentError(plan_.method->full_name + " takes one request, and there was none");
}

Async<bool> PageStream::AwaitHeaders(net::Deadline until) {
  while (!ready() && net::Clock::now() < until) {
    change_.emplace();
    Set(context_.worker().timeouts(), until);
    co_await change_->Wait();
    Clear();
    change_.reset();
  }
  co_return ready();
}

Async<absl::StatusOr<bool>> PageStream::Read(std::string* page) {
  while (!ready()) {
    change_.emplace();
    co_await change_->Wait();
    change_.reset();
  }
  if (cancelled_) co_return absl::CancelledError("the call was cancelled");
  const std::shared_ptr<Run> run = run_;
  absl::StatusOr<bool> more = run->NextPage(page);
  if (more.ok() && *more) co_return true;
  timer_.cancel();
  if (std::string omitted = run->OmittedText(); !omitted.empty()) {
    trailers_.emplace_back("portico-omitted", std::move(omitted));
  }
  run->Close();  // a failure ends all calls
  co_return more;
}

void PageStream::News() {
  if (change_) change_->Set();
}

void PageStream::Cancel() {
  cancelled_ = true;
  if (run_ != nullptr) run_->Close();
  News();
}

}  // namespace portico::compose
