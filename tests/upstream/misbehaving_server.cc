#include "tests/upstream/misbehaving_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace portico::upstream {
namespace {

constexpr size_t kPrefaceBytes = 24;

// HPACK (RFC 7541): a string's length in seven bits and more, and the string as it is.
void AppendString(const std::string& text, std::string* out) {
  size_t left = text.size();
  if (left < 127) {
    out->push_back(static_cast<char>(left));
  } else {
    out->push_back(127);
    for (left -= 127; left >= 128; left /= 128) out->push_back(static_cast<char>(left % 128 + 128));
    out->push_back(static_cast<char>(left));
  }
  out->append(text);
}

}  // namespace

std::string RawPeer::Number(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift & 0xff));
  return bytes;
}

bool RawPeer::Read(size_t size, std::string* bytes) {
  bytes->resize(size);
  size_t have = 0;
  while (have < size) {
    const ssize_t got = ::recv(fd_, &(*bytes)[have], size - have, 0);
    if (got <= 0) return false;
    have += static_cast<size_t>(got);
  }
  return true;
}

void RawPeer::Send(const std::string& bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t put = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (put <= 0) return;
    sent += static_cast<size_t>(put);
  }
}

void RawPeer::SendFrame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload) {
  std::string frame = Number(static_cast<uint32_t>(payload.size())).substr(1);
  frame.push_back(static_cast<char>(type));
  frame.push_back(static_cast<char>(flags));
  Send(frame + Number(stream) + payload);
}

void RawPeer::SendSettings(const std::vector<std::pair<uint16_t, uint32_t>>& settings) {
  std::string payload;
  for (const auto& [identifier, value] : settings) payload += Number(identifier).substr(2) + Number(value);
  SendFrame(kSettings, 0, 0, payload);
}

void RawPeer::Greet(const std::vector<std::pair<uint16_t, uint32_t>>& settings) {
  std::string preface;
  Read(kPrefaceBytes, &preface);
  SendSettings(settings);
}

std::optional<RawPeer::Frame> RawPeer::Next() {
  std::string head;
  if (!Read(9, &head)) return std::nullopt;
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(head[i])); };
  Frame frame;
  frame.type = static_cast<uint8_t>(byte(3));
  frame.flags = static_cast<uint8_t>(byte(4));
  frame.stream = byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
  if (!Read(byte(0) << 16 | byte(1) << 8 | byte(2), &frame.payload)) return std::nullopt;
  return frame;
}

uint32_t RawPeer::Request() {
  while (const std::optional<Frame> frame = Next()) {
    if (frame->type == kSettings && (frame->flags & kAck) == 0) SendFrame(kSettings, kAck, 0, "");
    if (frame->type == kPing && (frame->flags & kAck) == 0) SendFrame(kPing, kAck, 0, frame->payload);
    if ((frame->type == kData || frame->type == kHeaders) && (frame->flags & kEndStream) != 0) return frame->stream;
  }
  return 0;
}

void RawPeer::AwaitEnd() {
  while (Next().has_value()) {
  }
}

void RawPeer::Close() {
  ::shutdown(fd_, SHUT_RDWR);
}

void RawPeer::SendHeaders(uint32_t stream, const Fields& fields, bool end) {
  std::string block;
  for (const auto& [name, value] : fields) {
    block.push_back(0);  // a literal that goes into no table
    AppendString(name, &block);
    AppendString(value, &block);
  }
  // In as many frames as it takes.
  constexpr size_t kFrame = 16384;
  for (size_t at = 0; at == 0 || at < block.size(); at += kFrame) {
    const bool last = at + kFrame >= block.size();
    SendFrame(at == 0 ? kHeaders : kContinuation,
              static_cast<uint8_t>((last ? kEndHeaders : 0) | (at == 0 && end ? kEndStream : 0)), stream,
              block.substr(at, kFrame));
  }
}

void RawPeer::Reset(uint32_t stream, uint32_t code) {
  SendFrame(kReset, 0, stream, Number(code));
}

void RawPeer::Goaway(uint32_t last_stream, uint32_t code) {
  SendFrame(kGoaway, 0, 0, Number(last_stream) + Number(code));
}

void RawPeer::SendHead(uint32_t stream) {
  SendHeaders(stream, {{":status", "200"}, {"content-type", "application/grpc"}}, false);
}

void RawPeer::SendMessage(uint32_t stream, const std::string& message) {
  SendFrame(kData, 0, stream, std::string(1, '\0') + Number(static_cast<uint32_t>(message.size())) + message);
}

void RawPeer::SendTrailers(uint32_t stream, const std::string& status) {
  SendHeaders(stream, {{"grpc-status", status}}, true);
}

void RawPeer::Reply(uint32_t stream, const std::string& message) {
  SendHead(stream);
  SendMessage(stream, message);
  SendTrailers(stream);
}

void RawPeer::Serve() {
  while (const uint32_t stream = Request()) Reply(stream, "right");
}

MisbehavingServer::MisbehavingServer(Script script) : script_(std::move(script)) {
  listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  socklen_t length = sizeof(address);
  ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  ::listen(listening_, 16);
  acceptor_ = std::thread([this] { Accept(); });
}

MisbehavingServer::~MisbehavingServer() {
  ::shutdown(listening_, SHUT_RDWR);
  acceptor_.join();
  ::close(listening_);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

void MisbehavingServer::Accept() {
  while (true) {
    const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const timeval patience{10, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      open_.push_back(fd);
    }
    threads_.emplace_back([this, fd, number = connections_++] {
      RawPeer peer(fd);
      script_(peer, number);
      const std::lock_guard<std::mutex> lock(mutex_);
      std::erase(open_, fd);
      ::close(fd);
    });
  }
}

}  // namespace portico::upstream
