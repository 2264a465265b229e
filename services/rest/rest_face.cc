#include "services/rest/rest_face.h"

#include <httplib.h>
#include <sys/socket.h>

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gateway/embed.h"

namespace shop {
namespace {

class RestFace final : public Face {
 public:
  ~RestFace() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Start(const std::string& service, std::shared_ptr<grpc::Channel> channel, int port) {
    portico::EmbedOptions options;
    options.services = {service};
    options.channel = std::move(channel);
    auto embedded = portico::Embedded::Mount(server_, options);
    if (!embedded.ok()) return embedded.status();
    embedded_ = *std::move(embedded);
    // The library's default, SO_REUSEPORT, would let two processes share the port unnoticed.
    server_.set_socket_options([](socket_t socket) {
      const int on = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    });
    if (port == 0) {
      port = server_.bind_to_any_port("127.0.0.1");
    } else if (!server_.bind_to_port("127.0.0.1", port)) {
      return absl::UnavailableError(absl::StrCat("cannot listen on 127.0.0.1:", port));
    }
    address_ = absl::StrCat("127.0.0.1:", port);
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
    return absl::OkStatus();
  }

  const std::string& address() const override { return address_; }

 private:
  // The server's threads use what is embedded, so it ends before that.
  std::unique_ptr<portico::Embedded> embedded_;
  httplib::Server server_;
  std::string address_;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Face>> ServeRest(const std::string& service, std::shared_ptr<grpc::Channel> channel,
                                                int port) {
  auto face = std::make_unique<RestFace>();
  const absl::Status started = face->Start(service, std::move(channel), port);
  if (!started.ok()) return started;
  return face;
}

}  // namespace shop
