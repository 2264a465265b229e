#include "gateway/upstream/health_checker.h"

#include <algorithm>
#include <utility>

#include "gateway/upstream/loop_task.h"
#include "grpc/health/v1/health.pb.h"

namespace portico::upstream {
namespace {

constexpr std::chrono::seconds kPatience(1);

class Checking final : public LoopTask {
 public:
  Checking(const DiscoveryLoop& loop, const HealthOptions& options, std::unique_ptr<Transport> transport,
           std::shared_ptr<Server> server, std::function<void(const Server&, Health::State)> changed)
      : LoopTask(loop),
        interval_(options.interval),
        transport_(std::move(transport)),
        server_(std::move(server)),
        changed_(std::move(changed)) {
    method_.full_name = "grpc.health.v1.Health/Check";
    method_.path = "/" + method_.full_name;
  }

  static Async<void> Run(std::shared_ptr<Checking> self) {
    while (!self->stopped()) {
      const net::Deadline began = net::Clock::now();
      const Health::Answer answer = co_await self->Ask();
      if (self->stopped()) break;
      if (self->server_->health.Checked(answer)) self->changed_(*self->server_, self->server_->health.state());
      const net::Clock::duration taken = net::Clock::now() - began;
      co_await self->Sleep(std::max(self->interval_ - taken, net::Clock::duration::zero()));
    }
  }

 private:
  Async<Health::Answer> Ask() {
    rpc::Context context(worker(), net::Clock::now() + std::min<net::Clock::duration>(interval_, kPatience));
    set_call(&context);
    const absl::StatusOr<rpc::Reply> reply = co_await transport_->Call(method_, rpc::Payload(), context);
    set_call(nullptr);
    if (reply.status().code() == absl::StatusCode::kUnimplemented) co_return Health::Answer::kServing;
    if (!reply.ok()) co_return Health::Answer::kNone;
    grpc::health::v1::HealthCheckResponse response;
    if (!response.ParseFromString(reply->message)) co_return Health::Answer::kNone;
    co_return response.status() == grpc::health::v1::HealthCheckResponse::SERVING ? Health::Answer::kServing
                                                                                  : Health::Answer::kNotServing;
  }

  const net::Clock::duration interval_;
  const std::unique_ptr<Transport> transport_;
  const std::shared_ptr<Server> server_;
  const std::function<void(const Server&, Health::State)> changed_;
  rpc::Method method_;
};

}  // namespace

std::shared_ptr<HealthChecker> HealthChecker::Start(const DiscoveryLoop& loop, const HealthOptions& options,
                                                    const TransportOptions& transport_options,
                                                    std::shared_ptr<Server> server,
                                                    std::function<void(const Server&, Health::State)> changed) {
  absl::StatusOr<std::unique_ptr<Transport>> transport =
      loop.transports->Create(*loop.worker, server->address, transport_options);
  if (!transport.ok()) return nullptr;
  auto task = std::make_shared<Checking>(loop, options, *std::move(transport), std::move(server), std::move(changed));
  loop.worker->Post([task] { task->worker().Spawn(Checking::Run(task)); });
  return std::shared_ptr<HealthChecker>(new HealthChecker(task));
}

HealthChecker::~HealthChecker() {
  LoopTask::EndSoon(task_);
}

}  // namespace portico::upstream
