#include "gateway/middleware/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/middleware/answering.h"

namespace portico::middleware {
namespace {

using testing::HasSubstr;

struct Case {
  const char* name;
  std::vector<std::string> origins;
  bool credentials;
  const char* method;
  const char* origin;
  const char* asked_method;  // "": no preflight
  const char* asked_headers;
  const char* allow;
  int status;
  const char* fields;  // as they go over the wire
};

constexpr char kExpose[] =
    "Access-Control-Expose-Headers: Portico-Omitted, Portico-Warning, X-Request-Id, Retry-After, Location, ETag, "
    "Allow, "
    "WWW-Authenticate, Content-Disposition, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Grpc-Status, "
    "Grpc-Message, Grpc-Status-Details-Bin\r\n";

TEST(CorsTest, Table) {
  const std::string simple = std::string("Vary: Origin\r\nAccess-Control-Allow-Origin: https://a\r\n") + kExpose;
  const std::string with_credentials =
      std::string(
          "Vary: Origin\r\nAccess-Control-Allow-Origin: https://a\r\nAccess-Control-Allow-Credentials: true\r\n") +
      kExpose;
  const std::string any = std::string("Vary: Origin\r\nAccess-Control-Allow-Origin: *\r\n") + kExpose;
  const std::string vary = "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers\r\n";
  const std::string preflight =
      "Access-Control-Allow-Origin: https://a\r\n" + vary + "Access-Control-Allow-Methods: GET, PUT\r\n";
  const std::string preflight_headers = preflight + "Access-Control-Allow-Headers: x-a, authorization\r\n";
  const std::string age = "Access-Control-Max-Age: 600\r\n";
  const std::string full = preflight + age;
  const std::string full_headers = preflight_headers + age;
  const std::vector<std::string> one = {"https://a"};
  const Case cases[] = {
      {"not across origins", one, false, "GET", "", "", "", "GET, PUT", 200, "Vary: Origin\r\n"},
      {"allowed", one, false, "GET", "https://a", "", "", "GET, PUT", 200, simple.c_str()},
      {"allowed with credentials", one, true, "GET", "https://a", "", "", "GET", 200, with_credentials.c_str()},
      {"another origin", one, true, "GET", "https://b", "", "", "GET", 200, "Vary: Origin\r\n"},
      {"a longer origin", one, true, "GET", "https://a.evil", "", "", "GET", 200, "Vary: Origin\r\n"},
      {"other case", one, true, "GET", "HTTPS://A", "", "", "GET", 200, "Vary: Origin\r\n"},
      {"null", one, true, "GET", "null", "", "", "GET", 200, "Vary: Origin\r\n"},
      {"any", {"*"}, false, "GET", "https://x", "", "", "GET", 200, any.c_str()},
      {"any never with credentials", {"*"}, true, "GET", "https://x", "", "", "GET", 200, any.c_str()},
      {"any beside a named one",
       {"*", "https://a"},
       true,
       "GET",
       "https://a",
       "",
       "",
       "GET",
       200,
       with_credentials.c_str()},
      {"preflight", one, false, "OPTIONS", "https://a", "PUT", "", "GET, PUT", 204, full.c_str()},
      {"preflight with headers", one, false, "OPTIONS", "https://a", "PUT", "x-a,authorization", "GET, PUT", 204,
       full_headers.c_str()},
      {"headers that are none", one, false, "OPTIONS", "https://a", "PUT", "x-a, b c", "GET, PUT", 204, full.c_str()},
      {"preflight of another origin", one, false, "OPTIONS", "https://b", "PUT", "x-a", "GET, PUT", 204, vary.c_str()},
      {"preflight of no path", one, false, "OPTIONS", "https://a", "PUT", "x-a", "", 200, simple.c_str()},
      {"OPTIONS that is no preflight", one, false, "OPTIONS", "https://a", "", "", "GET, PUT", 200, simple.c_str()},
  };
  for (const Case& c : cases) {
    CorsPolicy policy;
    policy.origins = c.origins;
    policy.credentials = c.credentials;
    policy.max_age = std::chrono::minutes(10);
    Cors cors(policy);
    net::Worker worker(0);
    http::Request request(worker, net::kNoDeadline);
    request.method = c.method;
    request.allow = c.allow;
    if (*c.origin) request.headers.Add("Origin", c.origin);
    if (*c.asked_method) request.headers.Add("Access-Control-Request-Method", c.asked_method);
    if (*c.asked_headers) request.headers.Add("Access-Control-Request-Headers", c.asked_headers);
    FixedHandler next;
    const http::Response response = Answer(cors, request, next);
    EXPECT_EQ(response.status, c.status) << c.name;
    EXPECT_EQ(next.handled, c.status == 204 ? 0 : 1) << c.name;
    std::string expected = c.fields;
    // The order within a response is of no meaning; compare as sets of lines.
    const auto lines = [](absl::string_view text) {
      std::vector<std::string> all;
      while (!text.empty()) {
        all.emplace_back(text.substr(0, text.find('\n')));
        text.remove_prefix(text.find('\n') + 1);
      }
      std::sort(all.begin(), all.end());
      return all;
    };
    EXPECT_EQ(lines(response.headers.wire()), lines(expected)) << c.name;
  }
}

TEST(CorsTest, ServicesMetadataIsExposedByName) {
  Cors cors({{"https://a"}, false, {}});
  net::Worker worker(0);
  http::Request request(worker, net::kNoDeadline);
  request.method = "GET";
  request.headers.Add("Origin", "https://a");
  FixedHandler next;
  next.headers.Add("Grpc-Metadata-Shard", "7");
  next.headers.Add("Grpc-Trailer-Cost", "1");
  next.headers.Add("tenant-bin", "AA");     // as gRPC-Web and Connect name it
  next.headers.Add("Trailer-Tenant", "2");  // as Connect does
  next.headers.Add("grpc-status", "5");     // named already
  next.headers.Add("Content-Type", "text/plain");
  next.headers.Add("Set-Cookie", "a=b");
  const http::Response rest = Answer(cors, request, next);
  EXPECT_THAT(std::string(rest.headers.wire()),
              HasSubstr("Grpc-Status-Details-Bin, Grpc-Metadata-Shard, Grpc-Trailer-Cost\r\n"));
  request.protocol = "connect";
  const http::Response other = Answer(cors, request, next);
  EXPECT_THAT(std::string(other.headers.wire()), HasSubstr("Grpc-Status-Details-Bin, Grpc-Metadata-Shard, "
                                                           "Grpc-Trailer-Cost, tenant-bin, Trailer-Tenant\r\n"));
}

TEST(CorsTest, EndlessHeaderListsAreNotEchoed) {
  Cors cors({{"https://a"}, false, {}});
  net::Worker worker(0);
  http::Request request(worker, net::kNoDeadline);
  request.method = "OPTIONS";
  request.allow = "GET";
  std::string list = "a";
  for (int i = 0; i < 100; ++i) list += ",a";
  request.headers.Add("Origin", "https://a");
  request.headers.Add("Access-Control-Request-Method", "GET");
  request.headers.Add("Access-Control-Request-Headers", list);
  FixedHandler next;
  absl::string_view value;
  EXPECT_FALSE(Answer(cors, request, next).headers.Find("Access-Control-Allow-Headers", &value));
}

}  // namespace
}  // namespace portico::middleware
