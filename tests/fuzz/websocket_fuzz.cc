// The frames of a WebSocket's client. The first byte of the input says where the rest is cut in two and whether
// compression was offered; the pieces must give the session the same messages as the whole.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/http/websocket_connection.h"
#include "gateway/json/utf8.h"
#include "gateway/net/worker.h"
#include "tests/fuzz/contract.h"

namespace portico::fuzz {
namespace {

constexpr size_t kMost = 8192;

// Writes down what comes, and answers each message.
class Recorder final : public http::WebSocketSession {
 public:
  Recorder() : WebSocketSession({.message_bytes = kMost}) {}

  Async<void> Serve(http::WebSocket& socket) override {
    std::string message;
    while (true) {
      const http::WebSocket::Incoming incoming = co_await socket.Read(&message);
      if (incoming == http::WebSocket::Incoming::kLeft) break;
      const bool text = incoming == http::WebSocket::Incoming::kText;
      FUZZ_CHECK(message.size() <= kMost, message);
      FUZZ_CHECK(!text || json::IsUtf8(message), message);
      absl::StrAppend(&log, text ? "text " : "binary ", message.size(), " ", message, "\n");
      if (!co_await socket.Write("{}")) break;
    }
    co_await socket.Close({});
    log += "end\n";
  }
  void Left() override {}

  std::string log;
};

void Send(int client, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return;  // it has been cut
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

Async<void> Serve(net::Worker& worker, std::shared_ptr<http::WebSocketConnection> connection, bool packs,
                  Recorder& recorder, bool& over) {
  http::Request request(worker, net::kNoDeadline);
  request.method = "GET";
  request.target = "/v1/feed";
  request.headers.Add("Host", "h");
  request.headers.Add("Upgrade", "websocket");
  request.headers.Add("Connection", "Upgrade");
  request.headers.Add("Sec-WebSocket-Version", "13");
  request.headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
  if (packs) request.headers.Add("Sec-WebSocket-Extensions", "permessage-deflate");
  const http::Response response;
  co_await connection->Run(request, response, recorder);
  over = true;
}

std::string Messages(absl::string_view frames, size_t cut, bool packs) {
  static net::Worker& worker = *new net::Worker(0);
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  http::WebSocketConnection::Socket socket(worker.executor(), boost::asio::ip::tcp::v4(), ends[1]);
  const std::shared_ptr<http::WebSocketConnection> connection =
      http::WebSocketConnection::Create(worker, std::move(socket), http::Limits());
  Recorder recorder;
  bool over = false;
  worker.Spawn(Serve(worker, connection, packs, recorder, over));
  for (const absl::string_view piece : {frames.substr(0, cut), frames.substr(cut)}) {
    worker.context().restart();
    worker.context().poll();
    Send(ends[0], piece);
  }
  worker.context().poll();
  ::shutdown(ends[0], SHUT_WR);
  for (int turns = 0; !over && turns < 100; ++turns) worker.context().poll();
  FUZZ_CHECK(over, frames, recorder.log);
  ::close(ends[0]);
  return std::move(recorder.log);
}

void Run(absl::string_view input) {
  if (input.empty()) return;
  const auto choice = static_cast<unsigned char>(input[0]);
  const absl::string_view frames = input.substr(1);
  const bool packs = (choice & 1) != 0;
  const std::string whole = Messages(frames, 0, packs);
  const std::string pieces = Messages(frames, (choice >> 1) % (frames.size() + 1), packs);
  FUZZ_CHECK(pieces == whole, frames, whole, pieces);
}

}  // namespace
}  // namespace portico::fuzz

extern "C" int LLVMFuzzerTestOneInput(const char* data, size_t size) {
  portico::fuzz::Run(absl::string_view(data, size));
  return 0;
}
