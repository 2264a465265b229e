#include "services/base/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>

#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/base/stable_maps.h"

namespace shop {

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::string& listen, grpc::Service& service,
                                                      const std::string& service_name) {
  static std::once_flag plugins;
  std::call_once(plugins, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    MakeMapsStable();
  });
  grpc::ServerBuilder builder;
  // Without this a second process would share the port in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) return absl::UnavailableError(absl::StrCat("cannot listen on ", listen));
  server->GetHealthCheckService()->SetServingStatus(service_name, true);
  std::string address = absl::StrCat(listen.substr(0, listen.rfind(':')), ":", port);
  return std::unique_ptr<Server>(new Server(std::move(server), dynamic_cast<Streaming*>(&service), std::move(address)));
}

Server::~Server() {
  Stop(std::chrono::milliseconds::zero());
}

void Server::Stop(std::chrono::milliseconds grace) {
  server_->GetHealthCheckService()->Shutdown();
  if (streaming_ != nullptr) streaming_->EndStreams();
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  server_->Wait();
}

}  // namespace shop
