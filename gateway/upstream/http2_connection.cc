#include "gateway/upstream/http2_connection.h"
#include "gateway/net/operation.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <charconv>
#include <chrono>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace portico::upstream {
namespace {

constexpr uint8_t kNoCopy = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
// What differs from call to call would push what is always the same out of the peer's table of fields.
constexpr uint8_t kNoIndex = NGHTTP2_NV_FLAG_NO_INDEX;

nghttp2_nv Field(absl::string_view name, absl::string_view value, uint8_t flags) {
  const auto bytes = [](absl::string_view text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));  // nghttp2 only reads
  };
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

// grpc-timeout: at most eight digits and a unit. Rounded up, so that the server's deadline is not before ours.
absl::string_view TimeoutText(net::Clock::duration left, char (&text)[12]) {
  const int64_t microseconds = std::max<int64_t>(1, std::chrono::ceil<std::chrono::microseconds>(left).count());
  constexpr int64_t kMost = 99999999;
  int64_t number = microseconds;
  char unit = 'u';
  if (number > kMost) {
    number = (microseconds + 999) / 1000;
    unit = 'm';
  }
  if (number > kMost) {
    number = std::min(kMost, (microseconds + 999999) / 1000000);
    unit = 'S';
  }
  char* const end = std::to_chars(text, text + sizeof(text) - 1, number).ptr;
  *end = unit;
  return absl::string_view(text, static_cast<size_t>(end - text) + 1);
}

void SetOption(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof(value));
}

// A value that no other call has stays out of the peer's table (RFC 7541, section 6.2.2), but for the first of the
// names that every call has: those after it give the name as a number.
uint8_t FirstNamed(bool* named) {
  return std::exchange(*named, true) ? kNoIndex : uint8_t{NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

Http2Connection::Http2Connection(net::Worker& worker, std::shared_ptr<const Http2Peer> peer, Owner& owner)
    : worker_(worker),
      peer_(std::move(peer)),
      owner_(&owner),
      resolver_(worker.executor()),
      socket_(worker.executor()),
      last_used_(worker.timeouts().now()),
      last_ping_(last_used_) {
  constant_fields_ = {
      Field(":method", "POST", kNoCopy),
      Field(":scheme", peer_->tls != nullptr ? "https" : "http", kNoCopy),
      Field(":authority", peer_->authority, kNoCopy),
      Field("te", "trailers", kNoCopy),
      Field("content-type", "application/grpc", kNoCopy),
      Field("user-agent", "portico", kNoCopy),
      Field("grpc-accept-encoding", kGrpcAcceptEncoding, kNoCopy),
  };
}

std::shared_ptr<Http2Connection> Http2Connection::Open(net::Worker& worker, std::shared_ptr<const Http2Peer> peer,
                                                       size_t first_address, Owner& owner) {
  std::shared_ptr<Http2Connection> connection(new Http2Connection(worker, std::move(peer), owner));
  worker.Spawn(Connect(connection, first_address));
  return connection;
}

Http2Connection::~Http2Connection() {
  Close();
}

// ---- connecting

Async<void> Http2Connection::Connect(std::shared_ptr<Http2Connection> self, size_t first_address) {
  std::vector<Address> addresses = co_await self->Resolve();
  // One that is silent takes all the time there is; the next attempt is to reach those behind it.
  if (!addresses.empty()) {
    std::rotate(addresses.begin(), addresses.begin() + static_cast<ptrdiff_t>(first_address % addresses.size()),
                addresses.end());
  }
  for (const Address& address : addresses) {
    if (self->owner_ == nullptr) co_return;
    boost::system::error_code error;
    self->socket_.close(error);
    self->socket_.open(address.protocol(), error);
    if (error) continue;
    std::tie(error) = co_await net::Operation<boost::system::error_code>(
        [&](auto done) { self->socket_.async_connect(address, std::move(done)); });
    if (self->owner_ == nullptr) co_return;
    if (!error) {
      self->Begin();
      co_return;
    }
  }
  self->SessionLost();
}

Async<std::vector<Http2Connection::Address>> Http2Connection::Resolve() {
  std::vector<Address> addresses;
  const Endpoint& endpoint = peer_->endpoint;
  const auto port = static_cast<uint16_t>(endpoint.port);
  boost::system::error_code error;
  if (!endpoint.path.empty()) {
    addresses.emplace_back(boost::asio::local::stream_protocol::endpoint(endpoint.path));
    co_return addresses;
  }
  const auto address = boost::asio::ip::make_address(endpoint.host, error);
  if (!error) {
    addresses.emplace_back(Tcp::endpoint(address, port));
    co_return addresses;
  }
  error.clear();
  const auto [failure, found] = co_await net::Operation<boost::system::error_code, Resolver::results_type>(
      [&](auto done) { resolver_.async_resolve(endpoint.host, absl::StrCat(endpoint.port), std::move(done)); });
  if (!failure) {
    for (const auto& entry : found) addresses.emplace_back(entry.endpoint());
  }
  co_return addresses;
}

void Http2Connection::Begin() {
  const int fd = socket_.native_handle();
  if (peer_->endpoint.path.empty()) {
    SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    // Bytes that nobody acknowledges for so long end the connection, as an unanswered PING does.
    SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
              static_cast<int>((peer_->options.keepalive_after + peer_->options.keepalive_timeout).count()));
  }
  std::unique_ptr<net::TlsEngine> tls;
  if (peer_->tls != nullptr) tls = std::make_unique<net::TlsEngine>(*peer_->tls, peer_->server_name);
  session_ = net::Http2Session::Client(worker_, std::move(socket_), std::move(tls), peer_->options.settings, *this);
  session_->Start();
}

// ---- calls

bool Http2Connection::Start(Http2Call& call) {
  const net::Deadline now = net::Clock::now();
  absl::InlinedVector<nghttp2_nv, 16> fields(constant_fields_.begin(), constant_fields_.end());
  fields.push_back(Field(":path", call.method().path, 0));
  // Pseudo header fields come first.
  std::swap(fields[3], fields.back());
  char timeout[12];
  if (call.deadline() != net::kNoDeadline) {
    fields.push_back(Field("grpc-timeout", TimeoutText(call.deadline() - now, timeout), FirstNamed(&timeout_named_)));
  }
  std::vector<std::string> encoded;
  for (const auto& [key, value] : call.metadata()) {
    absl::string_view text = value;
    if (absl::EndsWith(key, "-bin")) {
      if (encoded.empty()) encoded.reserve(call.metadata().size());  // views of these stay valid
      encoded.push_back(absl::Base64Escape(value));
      text = encoded.back();
      while (absl::ConsumeSuffix(&text, "=")) {
      }
    }
    fields.push_back(Field(key, text, key == "x-request-id" ? FirstNamed(&request_id_named_) : kNoIndex));
  }
  call.set_connection(this);
  if (!session_->Submit(call, fields)) {
    call.set_connection(nullptr);
    return false;
  }
  last_used_ = now;
  // Not while it is on its way already: an earlier look does no harm, and finds out.
  if (++active_ == 1 && deadline() == net::kNoDeadline) {
    Set(worker_.timeouts(), now + peer_->options.keepalive_after);
  }
  return true;
}

void Http2Connection::CallClosed() {
  const std::shared_ptr<Http2Connection> self = weak_from_this().lock();
  --active_;
  if (owner_ != nullptr) owner_->Room(*this);
}

// ---- the session

void Http2Connection::SettingsReceived() {
  if (owner_ == nullptr) return;
  if (!ready_) {
    ready_ = true;
    owner_->Ready(*this);
  } else {
    owner_->Room(*this);
  }
}

void Http2Connection::GoawayReceived(uint32_t code) {
  if (owner_ == nullptr || leaving_) return;
  leaving_ = true;
  owner_->Leaving(*this, code != NGHTTP2_NO_ERROR);
}

void Http2Connection::SessionLost() {
  const std::shared_ptr<Http2Connection> self = shared_from_this();
  ready_ = false;
  Clear();
  if (Owner* owner = std::exchange(owner_, nullptr)) owner->Lost(*this);
}

void Http2Connection::Expired() {
  if (active_ == 0 || session_ == nullptr || session_->closed()) return;
  const Http2Options& options = peer_->options;
  const net::Deadline now = net::Clock::now();
  const net::Deadline heard = session_->last_received();
  if (ping_sent_ && heard > last_ping_) ping_sent_ = false;  // whatever came, it is alive
  if (ping_sent_) {
    const std::shared_ptr<Http2Connection> self = shared_from_this();  // its last call may let go of it
    session_->Close();
    SessionLost();
    return;
  }
  const net::Deadline next =
      std::max(heard + options.keepalive_after, heard_ ? net::Deadline() : last_ping_ + options.keepalive_pause);
  if (next > now) {
    Set(worker_.timeouts(), next);
    return;
  }
  session_->Ping();
  ping_sent_ = true;
  heard_ = false;
  last_ping_ = now;
  Set(worker_.timeouts(), now + options.keepalive_timeout);
}

void Http2Connection::Close() {
  owner_ = nullptr;
  ready_ = false;
  Detach();
  resolver_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (session_ == nullptr) return;
  if (active_ == 0 && !worker_.context().stopped()) {
    session_->Leave();
  } else {
    session_->Close();
  }
}

}  // namespace portico::upstream
