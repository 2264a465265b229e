#include "gateway/net/listen_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

namespace portico::net {
namespace {

using testing::HasSubstr;

int ConnectTo(absl::string_view address) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(parsed->port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  return fd;
}

TEST(ListenSocketTest, ParsesAddresses) {
  struct Case {
    const char* text;
    const char* host;  // nullptr: malformed
    int port;
  };
  const Case cases[] = {
      {"127.0.0.1:80", "127.0.0.1", 80},
      {"[::1]:8080", "::1", 8080},
      {":0", "", 0},
      {"*:65535", "", 65535},
      {"localhost:1", "localhost", 1},
      {"localhost", nullptr, 0},
      {"::1:80", nullptr, 0},
      {"a:65536", nullptr, 0},
      {"a:", nullptr, 0},
      {"a:-1", nullptr, 0},
      {"a:+1", nullptr, 0},
      {"[::1:80", nullptr, 0},
      {"", nullptr, 0},
      {"a: 1", nullptr, 0},
      {"a b:1", nullptr, 0},
      {"http://a:1", nullptr, 0},
      {"a/b:1", nullptr, 0},
      {"[a]:1", nullptr, 0},
      {"[]:1", nullptr, 0},
      {"[", nullptr, 0},
  };
  for (const Case& c : cases) {
    const absl::StatusOr<HostPort> parsed = ParseHostPort(c.text);
    ASSERT_EQ(parsed.ok(), c.host != nullptr) << c.text;
    if (!parsed.ok()) continue;
    EXPECT_EQ(parsed->host, c.host) << c.text;
    EXPECT_EQ(parsed->port, c.port) << c.text;
  }
}

TEST(ListenSocketTest, AllWorkersShareTheFreePortThatWasFound) {
  const absl::StatusOr<ListenSockets> sockets = Listen("127.0.0.1:0", 4);
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_EQ(sockets->sockets.size(), 4u);
  EXPECT_THAT(sockets->address, testing::MatchesRegex("127\\.0\\.0\\.1:[1-9][0-9]*"));
}

TEST(ListenSocketTest, ATakenAddressIsAnErrorThatNamesIt) {
  const absl::StatusOr<ListenSockets> first = Listen("127.0.0.1:0", 2);
  ASSERT_TRUE(first.ok());
  const absl::StatusOr<ListenSockets> second = Listen(first->address, 2);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(first->address));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("in use"));
  EXPECT_THAT(std::string(Listen("192.0.2.1:80", 1).status().message()), HasSubstr("192.0.2.1:80"));
  EXPECT_THAT(std::string(Listen("no-port", 1).status().message()), HasSubstr("no-port"));
}

TEST(ListenSocketTest, AcceptsWhatIsQueuedAndThenNone) {
  absl::StatusOr<ListenSockets> sockets = Listen("127.0.0.1:0", 1);
  ASSERT_TRUE(sockets.ok());
  const int listener = sockets->sockets[0].fd();
  EXPECT_EQ(Accept(listener).result, Accepted::Result::kNone);
  const int client = ConnectTo(sockets->address);
  pollfd ready{listener, POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 5000), 1);
  const Accepted accepted = Accept(listener);
  ASSERT_EQ(accepted.result, Accepted::Result::kConnection);
  sockaddr_in own{};
  socklen_t length = sizeof(own);
  ASSERT_EQ(::getsockname(client, reinterpret_cast<sockaddr*>(&own), &length), 0);
  EXPECT_EQ(accepted.peer, absl::StrCat("127.0.0.1:", ntohs(own.sin_port)));
  EXPECT_EQ(Accept(listener).result, Accepted::Result::kNone);
  sockets->sockets[0].Close();
  EXPECT_EQ(Accept(listener).result, Accepted::Result::kClosed);
  ::close(accepted.fd);
  ::close(client);
}

}  // namespace
}  // namespace portico::net
