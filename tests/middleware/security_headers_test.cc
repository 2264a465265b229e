#include "gateway/middleware/security_headers.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/middleware/answering.h"

namespace portico::middleware {
namespace {

std::string Header(const http::Response& response, absl::string_view name) {
  absl::string_view value;
  return response.headers.Find(name, &value) ? std::string(value) : "absent";
}

http::Response Ask(const char* header, FixedHandler next = {}) {
  net::Worker worker(0);
  SecurityHeaders headers;
  http::Request request(worker, net::kNoDeadline);
  request.headers.Add("Accept", "*/*");
  if (header != nullptr) request.headers.Add(header, "v");
  return Answer(headers, request, next);
}

TEST(SecurityHeadersTest, EveryAnswerHasThem) {
  for (const int status : {200, 204, 404, 500}) {
    FixedHandler next;
    next.status = status;
    const http::Response response = Ask(nullptr, next);
    EXPECT_EQ(Header(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(Header(response, "Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'");
    EXPECT_EQ(Header(response, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(Header(response, "Cache-Control"), "absent");
  }
}

TEST(SecurityHeadersTest, WhatMayBeSomebodysOwnIsNotStored) {
  for (const char* header : {"Authorization", "authorization", "Cookie", "X-API-Key"}) {
    EXPECT_EQ(Header(Ask(header), "Cache-Control"), "no-store") << header;
  }
  for (const int status : {401, 403}) {
    FixedHandler next;
    next.status = status;
    EXPECT_EQ(Header(Ask(nullptr, next), "Cache-Control"), "no-store") << status;
  }
}

TEST(SecurityHeadersTest, WhatIsSaidAlreadyStays) {
  FixedHandler next;
  next.headers.Add("Cache-Control", "private, max-age=5");
  next.headers.Add("content-security-policy", "default-src 'self'");
  const http::Response response = Ask("Authorization", next);
  EXPECT_EQ(Header(response, "Cache-Control"), "private, max-age=5");
  EXPECT_EQ(Header(response, "Content-Security-Policy"), "default-src 'self'");
}

}  // namespace
}  // namespace portico::middleware
