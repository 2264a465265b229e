#include "gateway/protocol/protocol_of.h"

#include <gtest/gtest.h>

namespace portico::protocol {
namespace {

TEST(ProtocolOfTest, Table) {
  struct Case {
    const char* name;
    const char* verb;
    const char* type;     // "": none
    const char* version;  // "": none
    const char* query;
    const char* expected;
  };
  const Case cases[] = {
      {"plain JSON", "POST", "application/json", "", "", "rest"},
      {"nothing at all", "POST", "", "", "", "rest"},
      {"Connect, unary JSON", "POST", "application/json", "1", "", "connect"},
      {"Connect, unary binary", "POST", "application/proto", "1", "", "connect"},
      {"binary without the header", "POST", "application/proto", "", "", "rest"},
      {"another version of Connect", "POST", "application/json", "2", "", "connect"},
      {"Connect, stream", "POST", "application/connect+json", "", "", "connect"},
      {"Connect, stream of an unknown codec", "POST", "application/connect+thrift", "", "", "connect"},
      {"gRPC-Web", "POST", "application/grpc-web", "", "", "grpc-web"},
      {"gRPC-Web, text", "POST", "application/grpc-web-text+proto", "", "", "grpc-web"},
      {"gRPC-Web in other case, with a parameter", "POST", "Application/GRPC-Web+Proto ; charset=x", "", "",
       "grpc-web"},
      {"gRPC-Web goes before the header", "POST", "application/grpc-web", "1", "", "grpc-web"},
      {"gRPC is not gRPC-Web", "POST", "application/grpc", "", "", "rest"},
      {"Connect by GET", "GET", "", "", "encoding=json&message=%7B%7D&connect=v1", "connect"},
      {"part of a parameter", "GET", "", "", "reconnect=v1&connect=v10", "rest"},
      {"GET with the header", "GET", "", "1", "", "rest"},
      {"GET with a stream's type", "GET", "application/connect+json", "", "", "rest"},
      {"another verb", "PUT", "application/grpc-web", "1", "connect=v1", "rest"},
      {"a preflight", "OPTIONS", "", "", "connect=v1", "rest"},
  };
  for (const Case& c : cases) {
    net::Worker worker(0);
    http::Request request(worker, net::kNoDeadline);
    request.method = c.verb;
    request.query = c.query;
    if (*c.type != '\0') request.headers.Add("Content-Type", c.type);
    if (*c.version != '\0') request.headers.Add("Connect-Protocol-Version", c.version);
    EXPECT_EQ(NameOf(ProtocolOf(request)), c.expected) << c.name;
  }
}

}  // namespace
}  // namespace portico::protocol
