#include "tests/integration/connection.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>

#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace portico::integration {

std::string Answer::Header(absl::string_view name) const {
  std::string joined;
  for (const auto& [key, value] : headers) {
    if (!absl::EqualsIgnoreCase(key, name)) continue;
    absl::StrAppend(&joined, joined.empty() ? "" : ", ", value);
  }
  return joined;
}

Connection::Connection(const std::string& address) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(address.substr(colon + 1), &port)) return;
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1) return;
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(descriptor_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    Close();
    return;
  }
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Connection::~Connection() {
  Close();
}

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), received_(std::move(other.received_)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(received_, other.received_);
  return *this;
}

bool Connection::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    pollfd writable = {descriptor_, POLLOUT, 0};
    if (poll(&writable, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) <= 0) return false;
    const ssize_t count = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno != EAGAIN) return false;
    if (count > 0) bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool Connection::Fill() {
  if (!Stirs(kPatience)) return false;
  char bytes[16384];
  const ssize_t count = recv(descriptor_, bytes, sizeof bytes, 0);
  if (count <= 0) return false;
  received_.append(bytes, static_cast<size_t>(count));
  return true;
}

std::optional<Answer> Connection::Receive(bool head_only) {
  size_t head_end;
  while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return std::nullopt;
  }
  Answer answer;
  const std::vector<std::string> lines = absl::StrSplit(received_.substr(0, head_end), "\r\n");
  const std::vector<std::string> first = absl::StrSplit(lines[0], absl::MaxSplits(' ', 2));
  if (first.size() < 2 || first[0] != "HTTP/1.1" || !absl::SimpleAtoi(first[1], &answer.status)) return std::nullopt;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> field = absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
    answer.headers.push_back(field);
  }
  const size_t body = head_end + 4;
  size_t length = 0;
  const std::string announced = answer.Header("Content-Length");
  const bool bodiless = head_only || answer.status == 204 || answer.status == 304 || answer.status < 200;
  if (bodiless || absl::SimpleAtoi(announced, &length)) {
    if (bodiless) length = 0;
    while (received_.size() < body + length) {
      if (!Fill()) return std::nullopt;
    }
  } else {
    return std::nullopt;  // unary answers have a length
  }
  answer.body = received_.substr(body, length);
  received_.erase(0, body + length);
  return answer;
}

bool Connection::ReceiveUntil(absl::string_view text) {
  size_t from = 0;
  while (received_.find(text.data(), from, text.size()) == std::string::npos) {
    from = received_.size() - std::min(received_.size(), text.size());
    if (!Fill()) return false;
  }
  return true;
}

int64_t Connection::Skip(absl::string_view text) {
  int64_t skipped = 0;
  while (true) {
    const size_t at = received_.find(text.data(), 0, text.size());
    const size_t drop = at == std::string::npos ? received_.size() - std::min(received_.size(), text.size()) : at;
    received_.erase(0, drop);
    skipped += static_cast<int64_t>(drop);
    if (at != std::string::npos) return skipped;
    if (!Fill()) return -1;
  }
}

bool Connection::Stirs(std::chrono::milliseconds limit) {
  pollfd readable = {descriptor_, POLLIN, 0};
  return poll(&readable, 1, static_cast<int>(limit.count())) > 0;
}

bool Connection::Ends() {
  if (!received_.empty() || !Stirs(kPatience)) return false;
  char byte;
  return recv(descriptor_, &byte, 1, 0) == 0;
}

void Connection::Close() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

void Connection::Reset() {
  const linger at_once = {1, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  Close();
}

std::string RequestText(absl::string_view method, absl::string_view target, const Headers& headers,
                        absl::string_view body) {
  std::string text = absl::StrCat(method, " ", target, " HTTP/1.1\r\nHost: shop.example\r\n");
  for (const auto& [name, value] : headers) absl::StrAppend(&text, name, ": ", value, "\r\n");
  if (!body.empty()) absl::StrAppend(&text, "Content-Length: ", body.size(), "\r\n");
  return absl::StrCat(text, "\r\n", body);
}

Answer Send(const std::string& address, absl::string_view method, absl::string_view target, const Headers& headers,
            absl::string_view body) {
  httplib::Client client("http://" + address);
  client.set_url_encode(false);
  client.set_read_timeout(kPatience);
  httplib::Request request;
  request.method = std::string(method);
  request.path = std::string(target);
  request.body = std::string(body);
  for (const auto& [name, value] : headers) request.headers.emplace(name, value);
  const httplib::Result result = client.send(request);
  Answer answer;
  if (!result) return answer;
  answer.status = result->status;
  answer.headers.assign(result->headers.begin(), result->headers.end());
  answer.body = result->body;
  return answer;
}

Answer Get(const std::string& address, absl::string_view target, const Headers& headers) {
  return Send(address, "GET", target, headers);
}

Answer Post(const std::string& address, absl::string_view target, const Json& body) {
  return Send(address, "POST", target, {{"Content-Type", "application/json"}}, body.dump());
}

Answer Patch(const std::string& address, absl::string_view target, const Json& body) {
  return Send(address, "PATCH", target, {{"Content-Type", "application/json"}}, body.dump());
}

Answer Delete(const std::string& address, absl::string_view target) {
  return Send(address, "DELETE", target);
}

}  // namespace portico::integration
