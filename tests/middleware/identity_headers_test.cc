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

using Proof = IdentityHeaders::Proof;

bool Stays(const std::string& header, Proof proof, const std::vector<std::string>& trusted = {}) {
  net::Worker worker(0);
  IdentityHeaders headers(trusted, proof);
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

// By REST a header becomes metadata when it has the prefix; by Connect and gRPC-Web as it stands.
TEST(IdentityHeadersTest, WhatSaysWhoCallsIsTakenOut) {
  for (const std::string header : {"X-Forwarded-User",
                                   "x-forwarded-user",
                                   "X-User-Id",
                                   "X-User_Id",
                                   "X-Userinfo",
                                   "X-Role",
                                   "X-Roles",
                                   "X-Scope",
                                   "X-Scopes",
                                   "X-On-Behalf-Of",
                                   "Client-Cert",
                                   "X-Forwarded-Client-Cert",
                                   "X-Forwarded-Tls-Client-Cert-Info",
                                   "X-Auth-Request-Email",
                                   "X-Goog-Authenticated-User-Email",
                                   "X-Endpoint-Api-UserInfo",
                                   "X-Consumer-Username",
                                   "X-Amzn-Oidc-Data",
                                   "Remote-User",
                                   "Remote-Groups",
                                   "Remote-Email",
                                   "REMOTE_NAME",
                                   "X-Remote-User",
                                   "X-Remote-Extra-Scopes",
                                   "Impersonate-User",
                                   "Impersonate-Extra-Scopes",
                                   "Cf-Access-Authenticated-User-Email",
                                   "Cf-Access-Jwt-Assertion",
                                   "Tailscale-User-Login",
                                   "OIDC-Claim-Sub",
                                   "OIDC_CLAIM_email",
                                   "X-WebAuth-User",
                                   "X-Pomerium-Claim-Email",
                                   "X-Pomerium-Jwt-Assertion",
                                   "X-Authentik-Username",
                                   "X-Vouch-User",
                                   "X-Jwt-Assertion",
                                   "X-Jwt-Claim-Sub",
                                   "X-MS-Client-Principal-Name",
                                   "Portico-Subject",
                                   "X-Portico-Subject",
                                   "SSL-Client-S-DN"}) {
    for (const Proof proof : {Proof::kNone, Proof::kVerified, Proof::kMinted}) {
      EXPECT_FALSE(Stays(header, proof)) << header;
      EXPECT_FALSE(Stays(header + "-Bin", proof)) << header;
      EXPECT_FALSE(Stays("Grpc-Metadata-" + header, proof)) << header;
      EXPECT_FALSE(Stays("GRPC-METADATA-" + header + "-bin", proof)) << header;
    }
  }
}

// Where nobody was asked who calls, services are handed what they may verify themselves.
TEST(IdentityHeadersTest, CredentialsAreTakenOutWhereTheGatewayVerifiesThem) {
  for (const char* header : {"Grpc-Metadata-Authorization", "grpc-metadata-authorization",
                             "GRPC-METADATA-AUTHORIZATION", "Grpc-Metadata-Authorization-Bin",
                             "Grpc-Metadata-Proxy-Authorization", "Grpc-Metadata-Cookie", "Grpc-Metadata-X-Api-Key",
                             "X-Api-Key", "x-api-key", "X_Api_Key", "Api-Key", "X-Auth-Token", "Authorization-Bin"}) {
    EXPECT_TRUE(Stays(header, Proof::kNone)) << header;
    for (const Proof proof : {Proof::kVerified, Proof::kMinted}) EXPECT_FALSE(Stays(header, proof)) << header;
  }
}

TEST(IdentityHeadersTest, EverythingElseStays) {
  for (const char* header : {"Cookie",
                             "User-Agent",
                             "X-User-Agent",
                             "X-Forwarded-For",
                             "X-Forwarded-Proto",
                             "Traceparent",
                             "If-None-Match",
                             "Origin",
                             "Referer",
                             "Cf-Ray",
                             "Grpc-Metadata-Tag",
                             "Grpc-Metadata-X-Request-Cost",
                             "Content-Type",
                             "Grpc-Timeout",
                             "Connect-Protocol-Version",
                             "Range",
                             "Priority",
                             "Sec-WebSocket-Key",
                             "X-Tenant",
                             "Grpc-Metadata-Authorizations"}) {
    for (const Proof proof : {Proof::kNone, Proof::kVerified, Proof::kMinted}) {
      EXPECT_TRUE(Stays(header, proof)) << header;
    }
  }
}

TEST(IdentityHeadersTest, AuthorizationStaysUnlessTheGatewayHasItsOwn) {
  for (const char* header : {"Authorization", "authorization"}) {
    EXPECT_TRUE(Stays(header, Proof::kNone));
    EXPECT_TRUE(Stays(header, Proof::kVerified));
    EXPECT_FALSE(Stays(header, Proof::kMinted));
  }
}

// An operator's word, for a proxy in front that is trusted to say so; never a client's by the prefix.
TEST(IdentityHeadersTest, WhatTheConfigurationNamesInFullStays) {
  for (const Proof proof : {Proof::kNone, Proof::kVerified}) {
    EXPECT_TRUE(Stays("X-Forwarded-User", proof, {"x-forwarded-user"}));
    EXPECT_FALSE(Stays("Grpc-Metadata-X-Forwarded-User", proof, {"x-forwarded-user"}));
    EXPECT_FALSE(Stays("X-Forwarded-User", proof, {"x-*"}));
  }
  EXPECT_FALSE(Stays("Authorization", Proof::kMinted, {"authorization"}));
  EXPECT_FALSE(Stays("Authorization-Bin", Proof::kVerified, {"authorization-bin"}));
}

}  // namespace
}  // namespace portico::middleware
