#include "gateway/middleware/identity_headers.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/middleware/answering.h"

namespace portico::middleware {
namespace {

// Looks at which headers are left.
class Method final : public http::Handler {
 public:
  Async<http::Response> Handle(http::Request& request) override {
    for (const auto& field : request.headers) left.emplace_back(field.name);
    co_return http::Response();
  }
  std::vector<std::string> left;
};

bool Stays(const std::string& header, bool replaced, const std::vector<std::string>& trusted = {}) {
  net::Worker worker(0);
  IdentityHeaders headers(trusted, replaced);
  http::Request request(worker, net::kNoDeadline);
  request.headers.Add("Accept", "*/*");
  request.headers.Add(header, "v");
  request.headers.Add("X-Request-Id", "7");
  Method next;
  Answer(headers, request, next);
  EXPECT_GE(next.left.size(), 2u);
  EXPECT_EQ(next.left.front(), "Accept");
  EXPECT_EQ(next.left.back(), "X-Request-Id");
  return next.left.size() == 3;
}

TEST(IdentityHeadersTest, WhatSaysWhoCallsIsTakenOut) {
  for (const char* header : {"Grpc-Metadata-Authorization",
                             "grpc-metadata-authorization",
                             "GRPC-METADATA-AUTHORIZATION",
                             "Grpc-Metadata-Authorization-Bin",
                             "Grpc-Metadata-Proxy-Authorization",
                             "Grpc-Metadata-Cookie",
                             "Grpc-Metadata-X-Api-Key",
                             "X-Api-Key",
                             "x-api-key",
                             "X_Api_Key",
                             "X-Forwarded-User",
                             "x-forwarded-user",
                             "Grpc-Metadata-X-Forwarded-User",
                             "X-User-Id",
                             "Grpc-Metadata-X-User_Id",
                             "X-User-Id-Bin",
                             "Client-Cert",
                             "X-Forwarded-Client-Cert",
                             "X-Auth-Request-Email",
                             "X-Goog-Authenticated-User-Email",
                             "Grpc-Metadata-X-Endpoint-Api-UserInfo",
                             "X-Consumer-Username",
                             "X-Amzn-Oidc-Data",
                             "Remote-User",
                             "X-MS-Client-Principal-Name",
                             "Portico-Subject",
                             "Grpc-Metadata-X-Portico-Subject",
                             "Authorization-Bin",
                             "SSL-Client-S-DN"}) {
    for (const bool replaced : {false, true}) EXPECT_FALSE(Stays(header, replaced)) << header;
  }
}

TEST(IdentityHeadersTest, EverythingElseStays) {
  for (const char* header :
       {"Cookie", "User-Agent", "X-User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "Traceparent",
        "Grpc-Metadata-Tag", "Grpc-Metadata-X-Request-Cost", "Content-Type", "Grpc-Timeout", "Connect-Protocol-Version",
        "Range", "Priority", "Sec-WebSocket-Key", "X-Tenant", "Grpc-Metadata-Authorizations"}) {
    for (const bool replaced : {false, true}) EXPECT_TRUE(Stays(header, replaced)) << header;
  }
}

TEST(IdentityHeadersTest, AuthorizationStaysUnlessTheGatewayHasItsOwn) {
  EXPECT_TRUE(Stays("Authorization", false));
  EXPECT_TRUE(Stays("authorization", false));
  EXPECT_FALSE(Stays("Authorization", true));
  EXPECT_FALSE(Stays("authorization", true));
}

// An operator's word, for a proxy in front that is trusted to say so; never a client's by the prefix.
TEST(IdentityHeadersTest, WhatTheConfigurationNamesInFullStays) {
  EXPECT_TRUE(Stays("X-Forwarded-User", false, {"x-forwarded-user"}));
  EXPECT_FALSE(Stays("Grpc-Metadata-X-Forwarded-User", false, {"x-forwarded-user"}));
  EXPECT_FALSE(Stays("X-Forwarded-User", false, {"x-*"}));
  EXPECT_FALSE(Stays("Authorization", true, {"authorization"}));
}

}  // namespace
}  // namespace portico::middleware
