#include "gateway/middleware/compress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/http/content_coding.h"
#include "tests/middleware/answering.h"

namespace portico::middleware {
namespace {

// Remembers the body it was given, and answers with `body`.
class BodyHandler final : public http::Handler {
 public:
  Async<http::Response> Handle(http::Request& request) override {
    ++handled;
    received = std::string(request.body);
    http::Response response;
    response.status = status;
    response.body = body;
    response.headers.Add("Content-Type", type);
    for (const auto& [name, value] : headers) response.headers.Add(name, value);
    co_return response;
  }
  int handled = 0;
  std::string received;
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

class CompressTest : public testing::Test {
 protected:
  CompressTest() { request_.rpc = &method_; }

  http::Response Ask(const CompressPolicy& policy = {}) {
    Compress compress(policy, errors_);
    http::Response response = Answer(compress, request_, handler_);
    request_.epilogues.clear();
    return response;
  }
  static std::string Header(const http::Response& response, absl::string_view name) {
    absl::string_view value;
    return response.headers.Find(name, &value) ? std::string(value) : "(none)";
  }
  static std::string Json(size_t size) {
    std::string json = "[";
    for (int i = 0; json.size() < size; ++i) absl::StrAppend(&json, i, ",");
    json.resize(size - 1);
    return json + "]";
  }

  net::Worker worker_{0};
  http::Request request_{worker_, net::kNoDeadline};
  schema::Method method_;
  http::ErrorRenderer errors_{http::ErrorFormat::kStatus, nullptr};
  BodyHandler handler_;
};

TEST_F(CompressTest, RequestsAreUnpacked) {
  const std::string json = Json(3000);
  const std::string packed = http::EncodeContent("br", http::EncodeContent("gzip", json).value()).value();
  request_.body = packed;
  request_.headers.Add("Content-Encoding", "gzip");
  request_.headers.Add("Content-Encoding", "br");
  const http::Response response = Ask();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(handler_.received, json);
  EXPECT_EQ(request_.body, json) << "as long as the answer is being sent";
}

TEST_F(CompressTest, WhatCannotBeUnpackedReachesNobody) {
  const std::string packed = http::EncodeContent("gzip", Json(5000)).value();
  const struct {
    const char* coding;
    std::string body;
    int status;
    const char* accept_encoding;
  } kRows[] = {{"lzma", packed, 415, "gzip, deflate, br, zstd"},
               {"br", packed, 400, "(none)"},
               {"gzip", packed.substr(0, 20), 400, "(none)"},
               {"gzip", packed, 413, "(none)"}};
  CompressPolicy policy;
  policy.body_bytes = 4999;
  for (const auto& row : kRows) {
    request_.headers.Set("Content-Encoding", row.coding);
    request_.body = row.body;
    const http::Response response = Ask(policy);
    EXPECT_EQ(response.status, row.status) << row.coding;
    EXPECT_EQ(Header(response, "Accept-Encoding"), row.accept_encoding) << row.coding;
  }
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(CompressTest, WithoutBodyOrRouteNothingIsUnpacked) {
  request_.headers.Add("Content-Encoding", "lzma");
  EXPECT_EQ(Ask().status, 200);
  request_.body = "x";
  request_.rpc = nullptr;
  handler_.status = 404;
  EXPECT_EQ(Ask().status, 404);
}

TEST_F(CompressTest, ABodyThatStreamsHasNoCoding) {
  class Nothing final : public http::BodyStream {
    Async<absl::StatusOr<bool>> Read(std::string*) override { co_return false; }
  } stream;
  request_.body_stream = &stream;
  EXPECT_EQ(Ask().status, 200);
  request_.headers.Set("Content-Encoding", "gzip");
  const http::Response refused = Ask();
  EXPECT_EQ(refused.status, 415);
  EXPECT_EQ(Header(refused, "Accept-Encoding"), "identity");
  EXPECT_EQ(handler_.handled, 1);
}

TEST_F(CompressTest, AnswersAreAsTheClientAsks) {
  handler_.body = Json(5000);
  const struct {
    const char* accept;
    const char* coding;
  } kRows[] = {{"gzip", "gzip"},
               {"br", "br"},
               {"zstd", "zstd"},
               {"gzip, deflate, br, zstd", "zstd"},
               {"gzip, deflate, br", "br"},
               {"zstd;q=0.5, gzip", "gzip"},
               {"*", "zstd"},
               {"zstd;q=0, *", "br"},
               {"identity, gzip;q=0.5", "(none)"},
               {"gzip, identity", "gzip"},
               {"gzip;q=0", "(none)"},
               {"deflate", "(none)"},
               {"identity;q=0", "(none)"},
               {"", "(none)"}};
  for (const auto& row : kRows) {
    request_.headers.Set("Accept-Encoding", row.accept);
    const http::Response response = Ask();
    EXPECT_EQ(Header(response, "Content-Encoding"), row.coding) << row.accept;
    EXPECT_EQ(Header(response, "Vary"), "Accept-Encoding") << row.accept;
    const bool packed = absl::string_view(row.coding) != "(none)";
    EXPECT_EQ(packed ? http::DecodeContent(row.coding, response.body, 10000).value() : response.body, handler_.body);
  }
}

TEST_F(CompressTest, ThePolicySaysWhetherAndWith) {
  handler_.body = Json(5000);
  EXPECT_EQ(Header(Ask(), "Content-Encoding"), "(none)") << "nobody asked";
  EXPECT_EQ(Header(Ask(), "Vary"), "Accept-Encoding");
  request_.headers.Set("Accept-Encoding", "gzip, br, zstd");
  EXPECT_EQ(Header(Ask({.codings = {"gzip", "br"}}), "Content-Encoding"), "gzip");
  EXPECT_EQ(Header(Ask({.answers = false}), "Content-Encoding"), "(none)");
  EXPECT_EQ(Header(Ask({.min_bytes = 5001}), "Content-Encoding"), "(none)");
  EXPECT_EQ(Header(Ask({.min_bytes = 5000}), "Content-Encoding"), "zstd");
  request_.headers.Set("Accept-Encoding", "gzip, identity;q=0");
  EXPECT_EQ(Header(Ask({.min_bytes = 5001}), "Content-Encoding"), "gzip") << "the plain form is refused";
}

TEST_F(CompressTest, WhatIsNotWorthItGoesOutAsItIs) {
  request_.headers.Set("Accept-Encoding", "gzip");
  handler_.body = Json(5000);
  for (const char* type : {"image/png", "application/octet-stream", "application/zip", "video/mp4"}) {
    handler_.type = type;
    EXPECT_EQ(Header(Ask(), "Content-Encoding"), "(none)") << type;
    EXPECT_EQ(Header(Ask(), "Vary"), "(none)") << type;
  }
  for (const char* type :
       {"text/html; charset=utf-8", "application/problem+json", "image/svg+xml", "Application/JSON"}) {
    handler_.type = type;
    EXPECT_EQ(Header(Ask(), "Content-Encoding"), "gzip") << type;
  }
  handler_.type = "application/json";
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"Content-Encoding", "br"}, {"Cache-Control", "max-age=1, no-transform"}}) {
    handler_.headers = {{name, value}};
    EXPECT_EQ(Ask().body, handler_.body) << name;
  }
  handler_.headers.clear();
  for (const int status : {204, 206, 304}) {
    handler_.status = status;
    EXPECT_EQ(Header(Ask(), "Content-Encoding"), "(none)") << status;
  }
  handler_.status = 404;
  EXPECT_EQ(Header(Ask(), "Content-Encoding"), "gzip") << "errors too";
}

}  // namespace
}  // namespace portico::middleware
