#ifndef PORTICO_GATEWAY_COMPOSE_PAGE_STREAM_H_
#define PORTICO_GATEWAY_COMPOSE_PAGE_STREAM_H_

#include <boost/asio/basic_waitable_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/compose/history.h"
#include "gateway/compose/plan.h"
#include "gateway/compose/run.h"
#include "gateway/net/event.h"
#include "gateway/net/timeouts.h"
#include "gateway/rpc/handler.h"

namespace portico::compose {

// A composed answer as a stream of partial answers, which a client merges. What is not read yet holds back the streams
// it is made of. Of a method that
// - does not stream: first what all required parts have given and what else is there, with the fields that are copied
//   from the request; then each optional part as it comes, alone; last what was omitted, if the answer has a field for
//   it. Fails only before the first page.
// - streams: every message of a part that streams, and every other part, is a page with that field alone and the
//   copied fields; but what comes together with required parts that do not stream, without which there is no page,
//   is one page with them. An omission is told at once. A required part's failure ends it after what was there.
// The trailer portico-omitted names what was omitted, as the Portico-Omitted header does.
//
// Cancelling the context ends all its calls. REQUIRES: the context outlives it.
class PageStream final : public rpc::Stream, private Run::Reader, private net::TimeLimit {
 public:
  // `needed` as Run has it.
  PageStream(const Plan& plan, const std::vector<rpc::Handler*>& handlers, const std::vector<bool>& needed,
             History& history, rpc::Context& context);
  ~PageStream() override;

  // Starts the calls; FAILED_PRECONDITION the second time.
  Async<absl::Status> Write(rpc::Payload request) override;
  Async<absl::Status> CloseWrite() override;
  // There are no headers; true once there is a page.
  Async<bool> AwaitHeaders(net::Deadline until) override;
  Async<absl::StatusOr<bool>> Read(std::string* page) override;
  const rpc::Metadata& headers() const override { return headers_; }
  const rpc::Metadata& trailers() const override { return trailers_; }

 private:
  using Timer = boost::asio::basic_waitable_timer<net::Clock, boost::asio::wait_traits<net::Clock>, net::Executor>;

  bool ready() const { return cancelled_ || (run_ != nullptr && run_->ready()); }
  void News() override;
  void Expired() override { News(); }
  void Cancel();

  const Plan& plan_;
  const std::vector<rpc::Handler*>& handlers_;
  const std::vector<bool>& needed_;
  History& history_;
  rpc::Context& context_;
  std::shared_ptr<Run> run_;  // once there is a request
  Timer timer_;
  bool cancelled_ = false;
  std::optional<net::Event> change_;  // somebody waits
  rpc::Metadata headers_;
  rpc::Metadata trailers_;
  rpc::CancelCallback cancel_;
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_PAGE_STREAM_H_
