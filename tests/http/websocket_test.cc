#include "gateway/http/websocket.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/net/worker.h"
#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

struct Case {
  const char* name;
  std::vector<std::pair<const char*, const char*>> headers;
  bool asks;
  int refused_with;  // 0: well-formed
};

const Case kCases[] = {
    {"as_browsers_ask",
     {{"Upgrade", "websocket"},
      {"Connection", "Upgrade"},
      {"Sec-WebSocket-Version", "13"},
      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}},
     true,
     0},
    {"lists_and_other_case",
     {{"upgrade", "h2c, WebSocket"},
      {"connection", "keep-alive"},
      {"connection", "x, UPGRADE"},
      {"sec-websocket-version", "13"},
      {"sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="}},
     true,
     0},
    {"connection_does_not_name_it",
     {{"Upgrade", "websocket"}, {"Connection", "keep-alive"}, {"Sec-WebSocket-Version", "13"}},
     false,
     400},
    {"another_protocol", {{"Upgrade", "h2c"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}}, false, 400},
    {"no_version",
     {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}},
     true,
     426},
    {"two_versions",
     {{"Upgrade", "websocket"},
      {"Connection", "Upgrade"},
      {"Sec-WebSocket-Version", "13"},
      {"Sec-WebSocket-Version", "8"},
      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}},
     true,
     426},
    {"short_key",
     {{"Upgrade", "websocket"},
      {"Connection", "Upgrade"},
      {"Sec-WebSocket-Version", "13"},
      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZQ=="}},
     true,
     400},
    {"two_keys",
     {{"Upgrade", "websocket"},
      {"Connection", "Upgrade"},
      {"Sec-WebSocket-Version", "13"},
      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}},
     true,
     400},
};

TEST(WebSocketTest, WhatIsARequestForOne) {
  net::Worker worker(0);
  for (const Case& item : kCases) {
    SCOPED_TRACE(item.name);
    Request request(worker, net::kNoDeadline);
    request.method = "GET";
    for (const auto& [name, value] : item.headers) request.headers.Add(name, value);
    EXPECT_EQ(AsksForWebSocket(request), item.asks);
    const absl::Status status = CheckWebSocketRequest(request);
    EXPECT_EQ(status.ok() ? 0 : rpc::HttpStatusOf(status), item.refused_with) << status;
    request.method = "POST";
    EXPECT_FALSE(AsksForWebSocket(request));
    request.body = "x";
    EXPECT_FALSE(CheckWebSocketRequest(request).ok());
  }
}

TEST(WebSocketTest, OwnOrigin) {
  const struct {
    const char* origin;
    const char* host;
    bool own;
  } cases[] = {
      {"", "shop.test", true},  // no page
      {"https://shop.test", "shop.test", true},
      {"http://shop.test:8080", "shop.test:8080", true},
      {"https://SHOP.test", "shop.TEST", true},
      {"https://shop.test", "shop.test:8080", false},
      {"https://shop.test.evil", "shop.test", false},
      {"null", "shop.test", false},
      {"shop.test", "shop.test", false},
  };
  net::Worker worker(0);
  for (const auto& item : cases) {
    Request request(worker, net::kNoDeadline);
    request.headers.Add("Host", item.host);
    if (*item.origin != '\0') request.headers.Add("Origin", item.origin);
    EXPECT_EQ(IsOfOwnOrigin(request), item.own) << item.origin << " of " << item.host;
  }
}

}  // namespace
}  // namespace portico::http
