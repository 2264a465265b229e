#include "gateway/middleware/cache_headers.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "portico/annotations.pb.h"
#include "tests/middleware/answering.h"

namespace portico::middleware {
namespace {

class CacheHeadersTest : public ::testing::Test {
 protected:
  CacheHeadersTest() {
    auto policy = std::make_shared<portico::Policy>();
    policy->mutable_cache()->set_max_age("60s");
    method_.policy = policy;
    next_.headers.Add("Vary", "Accept-Encoding");
  }

  http::Response Ask(const upstream::CacheKeys& keys, const std::vector<std::pair<std::string, std::string>>& headers,
                     const rpc::Metadata& metadata, const char* verb = "GET") {
    CacheHeaders cache;
    cache.Add(&method_, keys);
    http::Request request(worker_, net::kNoDeadline);
    request.method = verb;
    request.rpc = &method_;
    for (const auto& [name, value] : headers) request.headers.Add(name, value);
    request.context.set_headers(&request.headers);
    request.context.set_metadata(std::make_shared<const rpc::Metadata>(metadata));
    return Answer(cache, request, next_);
  }
  static std::string Header(const http::Response& response, absl::string_view name) {
    absl::string_view value;
    return response.headers.Find(name, &value) ? std::string(value) : "absent";
  }

  net::Worker worker_{0};
  schema::Method method_;
  FixedHandler next_;
};

TEST_F(CacheHeadersTest, ForWhomAndBesideWhat) {
  const struct {
    const char* name;
    upstream::CacheKeys keys;
    std::vector<std::pair<std::string, std::string>> headers;
    rpc::Metadata metadata;
    const char* cache_control;
    const char* vary;
  } cases[] = {
      {"everybody", {}, {}, {}, "public, max-age=60", "Accept-Encoding"},
      {"everybody, by what the answer depends on",
       {false, {"accept-language", "x-region"}},
       {{"Accept-Language", "de"}},
       {{"accept-language", "de"}},
       "public, max-age=60",
       "Accept-Encoding, accept-language, x-region"},
      {"one caller", {true, {}}, {}, {}, "private, max-age=60", "Accept-Encoding"},
      {"one who chose by metadata of a header's name",
       {false, {"accept-language"}},
       {{"Grpc-Metadata-Accept-Language", "de"}},
       {{"accept-language", "de"}},
       "private, max-age=60",
       "Accept-Encoding, accept-language, grpc-metadata-accept-language"},
      {"one who sent metadata of its own",
       {},
       {{"Grpc-Metadata-X-Tenant", "1"}},
       {{"x-tenant", "1"}},
       "private, max-age=60",
       "Accept-Encoding, grpc-metadata-x-tenant"},
      {"the same by Connect",
       {},
       {{"X-Tenant", "1"}},
       {{"x-tenant", "1"}},
       "private, max-age=60",
       "Accept-Encoding, x-tenant"},
      {"everybody, whatever ids there are",
       {},
       {{"X-Request-Id", "1"}},
       {{"x-request-id", "1"}},
       "public, max-age=60",
       "Accept-Encoding"},
  };
  for (const auto& c : cases) {
    const http::Response response = Ask(c.keys, c.headers, c.metadata);
    EXPECT_EQ(Header(response, "Cache-Control"), c.cache_control) << c.name;
    EXPECT_EQ(Header(response, "Vary"), c.vary) << c.name;
  }
}

TEST_F(CacheHeadersTest, OnlyReadsAreKept) {
  EXPECT_EQ(Header(Ask({}, {}, {}, "HEAD"), "Cache-Control"), "public, max-age=60");
  EXPECT_EQ(Header(Ask({}, {}, {}, "POST"), "Cache-Control"), "absent");
}

}  // namespace
}  // namespace portico::middleware
