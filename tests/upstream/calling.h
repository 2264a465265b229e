#ifndef PORTICO_TESTS_UPSTREAM_CALLING_H_
#define PORTICO_TESTS_UPSTREAM_CALLING_H_

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/rpc/handler.h"
#include "gateway/upstream/transport.h"

namespace portico::upstream {

// A worker, run by the test's own thread while the test waits for something, and calls on it.
class CallingTest : public ::testing::Test {
 protected:
  CallingTest() {
    workers_.push_back(std::make_unique<net::Worker>(0));
    method_.path = "/test.Service/Method";
    method_.full_name = "test.Service/Method";
  }

  net::Worker& worker() { return *workers_.front(); }
  static net::Deadline In(int milliseconds) { return net::Clock::now() + std::chrono::milliseconds(milliseconds); }

  // Runs the loop until `done`, at most ten seconds.
  bool RunUntil(const std::function<bool()>& done) {
    const net::Deadline end = In(10000);
    while (!done() && net::Clock::now() < end) {
      worker().context().restart();
      worker().context().run_one_until(std::min(end, In(10)));
    }
    return done();
  }

  using Result = std::optional<absl::StatusOr<rpc::Reply>>;

  void Begin(rpc::Handler& handler, const std::string& request, rpc::Context& context, Result& reply) {
    worker().Spawn(RunCall(handler, method_, rpc::Payload::Copy(request), context, reply));
  }
  absl::StatusOr<rpc::Reply> Call(rpc::Handler& handler, const std::string& request, rpc::Context& context) {
    Result reply;
    Begin(handler, request, context, reply);
    EXPECT_TRUE(RunUntil([&] { return reply.has_value(); }));
    return *std::move(reply);
  }
  absl::StatusOr<rpc::Reply> Call(rpc::Handler& handler, const std::string& request) {
    rpc::Context context(worker(), In(5000));
    return Call(handler, request, context);
  }

  static Async<void> RunCall(rpc::Handler& handler, const rpc::Method& method, rpc::Payload request,
                             rpc::Context& context, Result& reply) {
    reply = co_await handler.Call(method, std::move(request), context);
  }

  std::vector<std::unique_ptr<net::Worker>> workers_;
  rpc::Method method_;
};

}  // namespace portico::upstream

#endif  // PORTICO_TESTS_UPSTREAM_CALLING_H_
