#ifndef PORTICO_GATEWAY_COMPOSE_COMPOSER_H_
#define PORTICO_GATEWAY_COMPOSE_COMPOSER_H_

#include <vector>

#include "gateway/compose/history.h"
#include "gateway/compose/plan.h"
#include "gateway/rpc/handler.h"

namespace portico::compose {

// Answers one facade method by its plan: each part's call starts the moment what it needs is known, all on the worker
// of the request; the answer is put together from the parts' wire bytes.
//
// - A required part that fails is the answer's failure, and cancels the calls still under way.
// - An optional part that fails is left out, named in Reply::omitted and in the answer's portico.Omitted fields.
// - At the deadline the answer is what there is, if every required part is in; else DEADLINE_EXCEEDED.
// - Something may stand in for a part that fails: its last good reply, if that is not too old, or a literal.
// - Parts that make the same call share it. Optional parts that would come in too late, going by their recent times,
// are
//   not called.
// - Calls for parts that the answer can do without are Context::optional(); where the context is sparing() they are not
//   made, and the parts are "shed".
// - Parts outside Context::selection() are not called, unless a selected one needs them.
//
// Replies are checked structurally (CheckWire) before they are used; one that is malformed is a failed part. Calls that
// were cancelled finish on their own after the answer; they keep the request's pin.
class Composer final : public rpc::Handler {
 public:
  // `handlers` answer the parts' methods, by Part::id. Plan and handlers outlive the composer. Workers' indexes are
  // below `workers`.
  Composer(const Plan& plan, std::vector<rpc::Handler*> handlers, size_t workers = 1);

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override;

  // The answer in partial pages (PageStream), of a method that streams or not. Takes one request.
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override;

 private:
  // Gives an answer as long as its policy says, or kDefaultTimeout.
  void BoundTime(rpc::Context& context) const;

  const Plan& plan_;
  const std::vector<rpc::Handler*> handlers_;
  const std::vector<bool> needed_;  // by Part::id: without it there is no answer
  History history_;
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_COMPOSER_H_
