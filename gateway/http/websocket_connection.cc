#include "gateway/http/websocket_connection.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/option.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <boost/beast/zlib/error.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_split.h"
#include "gateway/net/alarm.h"
#include "gateway/net/operation.h"
#include "gateway/net/peer.h"
#include "gateway/net/timeouts.h"

namespace portico::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using std::chrono::milliseconds;

// How long goodbyes, and the switch itself, may take.
constexpr milliseconds kClosingTime{5000};
// After how long the kernel is asked for the first time how a client fares that is written to.
constexpr milliseconds kLookAfter{50};
// More pings than these within a window are an attack: each costs a pong.
constexpr int kMostPings = 100;
constexpr milliseconds kPingWindow{10000};
// Shorter messages are not worth compressing.
constexpr size_t kLeastPacked = 256;
// RFC 6455, section 7.4.1: a message that is not what it says.
constexpr uint16_t kInvalidData = 1007;
// As good as never, and can be doubled and added to the time.
constexpr milliseconds kLongestSilence = std::chrono::hours(24 * 365);

class Connection final : public WebSocketConnection,
                         public WebSocket,
                         public std::enable_shared_from_this<Connection>,
                         private net::TimeLimit {
 public:
  Connection(net::Worker& worker, Socket socket, milliseconds write_stall)
      : worker_(worker), stream_(std::move(socket)), write_stall_(write_stall) {}

  Async<Sent> Run(const Request& request, const Response& response, WebSocketSession& session) override;
  void Cut() override;

  Async<Incoming> Read(std::string* message) override;
  Async<bool> Write(absl::string_view text) override;
  Async<void> Close(WebSocketEnd end) override;

 private:
  Async<bool> Accept(const Request& request, const Response& response);
  void OnControl(websocket::frame_type kind);
  void Expired() override;
  void Ping();
  // Nothing more is expected of the client: all that still may happen has a limit of its own.
  bool ending() const { return closing_ || left_; }
  // Tells a client whose messages cannot be unpacked, which Beast does not.
  PORTICO_OWN_FRAME Async<void> Refuse(uint16_t code);
  // A message is being written for some time: has the client taken any of it since the last look?
  void LookForProgress();
  int descriptor() { return stream_.next_layer().native_handle(); }
  void Limit(net::Deadline deadline) { Set(worker_.timeouts(), deadline); }
  // Of a client that is not read the kernel is asked at every tick whether it has left.
  void LimitToTick() { Limit(worker_.timeouts().now()); }

  net::Worker& worker_;
  websocket::stream<Socket> stream_;
  WebSocketSession* session_ = nullptr;
  milliseconds ping_after_ = kLongestSilence;
  net::Deadline heard_;   // when the client last said anything
  net::Deadline window_;  // of counting pings
  int pings_ = 0;
  bool reading_ = false;
  bool pinging_ = false;
  bool closing_ = false;  // or not open yet
  bool left_ = false;
  uint64_t written_ = 0;
  const milliseconds write_stall_;
  bool writing_ = false;
  std::optional<uint64_t> taken_;  // by the client, when it was last looked at
  net::CallingAlarm stall_{[this] { LookForProgress(); }};
};

Async<bool> Connection::Accept(const Request& request, const Response& response) {
  beast::http::request<beast::http::empty_body> upgrade;
  upgrade.version(11);
  upgrade.method(beast::http::verb::get);
  upgrade.target(beast::string_view(request.target.data(), request.target.size()));
  const auto view = [](absl::string_view text) { return beast::string_view(text.data(), text.size()); };
  for (const RequestHeaders::Field& field : request.headers) upgrade.insert(view(field.name), view(field.value));

  stream_.set_option(websocket::stream_base::decorator([&](websocket::response_type& answer) {
    for (const absl::string_view line : absl::StrSplit(response.headers.wire(), "\r\n", absl::SkipEmpty())) {
      const size_t colon = line.find(':');
      answer.insert(view(line.substr(0, colon)), view(line.substr(std::min(line.size(), colon + 2))));
    }
    // Where there is none Beast puts its name and version.
    answer.set(beast::http::field::server, "portico");
  }));
  // Time limits are kept here, by the worker's wheel.
  stream_.set_option(
      websocket::stream_base::timeout{websocket::stream_base::none(), websocket::stream_base::none(), false});
  websocket::permessage_deflate deflate;
  deflate.server_enable = true;
  deflate.server_no_context_takeover = true;  // what was compressed once is not kept for the next message
  deflate.client_no_context_takeover = true;
  deflate.msg_size_threshold = kLeastPacked;
  stream_.set_option(deflate);
  stream_.read_message_max(session_->options().message_bytes);
  stream_.control_callback([this](websocket::frame_type kind, beast::string_view) { OnControl(kind); });
  stream_.text(true);
  stream_.auto_fragment(false);
  const auto [error] = co_await net::Operation<boost::system::error_code>(
      [&](auto done) { stream_.async_accept(upgrade, std::move(done)); });
  co_return !error;
}

Async<Sent> Connection::Run(const Request& request, const Response& response, WebSocketSession& session) {
  const std::shared_ptr<Connection> self = shared_from_this();
  session_ = &session;
  const milliseconds ping_after = session.options().ping_after;
  if (ping_after.count() > 0) ping_after_ = std::min(ping_after, kLongestSilence);
  Sent sent;
  sent.status = 101;
  closing_ = true;
  Limit(net::Clock::now() + kClosingTime);
  const bool open = co_await Accept(request, response);
  closing_ = false;
  heard_ = window_ = net::Clock::now();
  if (open) {
    Limit(heard_ + ping_after_);
    co_await session.Serve(*this);
  } else {
    sent.status = 499;
    session.Left();
  }
  session_ = nullptr;
  Cut();
  Clear();
  stall_.Clear();
  sent.body_bytes = written_;
  sent.complete = open && !left_;
  sent.code = session.code();
  co_return sent;
}

Async<WebSocket::Incoming> Connection::Read(std::string* message) {
  message->clear();
  boost::system::error_code error;
  reading_ = true;
  heard_ = net::Clock::now();  // it could not be heard before
  if (!ending()) Limit(heard_ + ping_after_);
  do {
    auto buffer = asio::dynamic_buffer(*message);
    size_t size = 0;
    std::tie(error, size) = co_await net::Operation<boost::system::error_code, size_t>(
        [&](auto done) { stream_.async_read_some(buffer, 0, std::move(done)); });
    heard_ = net::Clock::now();
  } while (!error && !stream_.is_message_done());
  reading_ = false;
  if (error) {
    if (!closing_) {
      left_ = true;
      if (error.category() == beast::error_code(beast::zlib::error::general).category()) co_await Refuse(kInvalidData);
      // Beast has said what there was to say. A write that waits for the client would wait for ever.
      Cut();
    }
    co_return Incoming::kLeft;
  }
  if (!ending()) LimitToTick();
  co_return stream_.got_text() ? Incoming::kText : Incoming::kBinary;
}

Async<void> Connection::Refuse(uint16_t code) {
  Limit(net::Clock::now() + kClosingTime);
  session_->Left();
  const char close[] = {'\x88', 2, static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  boost::system::error_code error;
  // At once or not at all, and not within another frame.
  if (!writing_ && !pinging_) stream_.next_layer().write_some(asio::buffer(close), error);
  // Reads what the client still sends, so that it gets this and not a reset.
  co_await net::Operation<boost::system::error_code>(
      [&](auto done) { websocket::async_teardown(beast::role_type::server, stream_.next_layer(), std::move(done)); });
}

void Connection::LookForProgress() {
  const uint64_t taken = net::BytesTaken(descriptor());
  if (taken_ == taken) return Cut();
  taken_ = taken;
  stall_.Set(worker_.timeouts(), net::Clock::now() + write_stall_);
}

Async<bool> Connection::Write(absl::string_view text) {
  writing_ = true;
  // Most are written by then, and cost no question.
  taken_.reset();
  stall_.Set(worker_.timeouts(), net::Clock::now() + kLookAfter);
  const auto [error, size] = co_await net::Operation<boost::system::error_code, size_t>(
      [&](auto done) { stream_.async_write(asio::buffer(text.data(), text.size()), std::move(done)); });
  stall_.Clear();
  writing_ = false;
  if (error) {
    left_ = true;
  } else {
    written_ += size;
  }
  co_return !error;
}

Async<void> Connection::Close(WebSocketEnd end) {
  closing_ = true;
  Limit(net::Clock::now() + kClosingTime);
  websocket::close_reason reason(static_cast<websocket::close_code>(end.code));
  reason.reason.assign(end.reason.data(), std::min(end.reason.size(), websocket::reason_string::static_capacity));
  co_await net::Operation<boost::system::error_code>([&](auto done) { stream_.async_close(reason, std::move(done)); });
  Cut();
}

void Connection::OnControl(websocket::frame_type kind) {
  heard_ = net::Clock::now();
  if (kind == websocket::frame_type::close) {
    if (!ending() && session_ != nullptr) {
      left_ = true;
      // The answer to it waits behind a message that is being written, which the client may not take.
      Limit(heard_ + kClosingTime);
      session_->Left();
    }
  } else if (kind == websocket::frame_type::ping) {
    if (heard_ - window_ > kPingWindow) {
      window_ = heard_;
      pings_ = 0;
    }
    if (++pings_ > kMostPings) Cut();
  }
}

void Connection::Ping() {
  pinging_ = true;
  // Waits for a message that is being written, behind which the client must answer too.
  stream_.async_ping({}, [self = shared_from_this()](const boost::system::error_code&) { self->pinging_ = false; });
}

void Connection::Expired() {
  const std::shared_ptr<Connection> self = shared_from_this();
  if (ending() || session_ == nullptr) return Cut();
  const net::Deadline now = net::Clock::now();
  if (!reading_) {
    if (!net::PeerHasLeft(descriptor())) return LimitToTick();
    left_ = true;
    session_->Left();
    return Cut();  // what is being written would wait for ever
  }
  if (now >= heard_ + 2 * ping_after_) return Cut();
  if (now < heard_ + ping_after_) return Limit(heard_ + ping_after_);
  if (!pinging_) Ping();
  Limit(heard_ + 2 * ping_after_);
}

void Connection::Cut() {
  boost::system::error_code ignored;
  stream_.next_layer().close(ignored);
}

}  // namespace

std::shared_ptr<WebSocketConnection> WebSocketConnection::Create(net::Worker& worker, Socket socket,
                                                                 const Limits& limits) {
  return std::make_shared<Connection>(worker, std::move(socket), limits.write_stall);
}

}  // namespace portico::http
