#include "gateway/protocol/rest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/protocol/rest_fixture.h"

namespace portico::protocol {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr char kContracts[] = R"(syntax = "proto3";
package t;
import "google/api/annotations.proto";
import "portico/annotations.proto";
message Request { string id = 1; int32 size = 2; Item item = 3; }
message Item { string name = 1; int64 weight = 2; repeated string tags = 3; }
service Items {
  rpc Get(Request) returns (Item) {
    option (google.api.http) = { get: "/v1/items/{id}" };
    option (portico.policy) = { timeout: "2s" };
  }
  rpc Create(Request) returns (Item) {
    option (google.api.http) = { post: "/v1/items/{id}" body: "item" };
    option (portico.policy) = { success: { code: 201 } };
  }
  rpc Weigh(Request) returns (Item) { option (google.api.http) = { get: "/v1/items/{id}/weight" response_body: "weight" }; }
}
)";

class RestTest : public RestFixture {
 protected:
  RestTest() : RestFixture(kContracts) {}
};

TEST_F(RestTest, PathAndQueryBecomeTheRequestAndTheReplyBecomesJson) {
  service_.reply.message = Wire(R"({"name":"chair","weight":"7","tags":["a"]})");
  service_.reply.headers = {{"cost", "3"}};
  service_.reply.trailers = {{"cache", "no"}};
  const http::Response response = Call("Get", "size=4");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, R"({"name":"chair","weight":"7","tags":["a"]})");
  EXPECT_EQ(Header(response, "Content-Type"), "application/json");
  EXPECT_EQ(Header(response, "Grpc-Metadata-Cost"), "3");
  EXPECT_EQ(Header(response, "Grpc-Trailer-Cache"), "no");
  EXPECT_EQ(service_.asked, "\x10\x04\x0a\x02i1");
}

TEST_F(RestTest, BodySuccessCodeAndResponseBody) {
  const http::Response created = Call("Create", "", R"({"name":"x"})");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.body, "{}");
  EXPECT_EQ(service_.asked, "\x1a\x03\x0a\x01x\x0a\x02i1");
  EXPECT_EQ(Call("Weigh").body, "\"0\"");
}

TEST_F(RestTest, FieldsAndPretty) {
  service_.reply.message = Wire(R"({"name":"chair","weight":"7"})");
  EXPECT_EQ(Call("Get", "fields=weight&pretty").body, "{\n  \"weight\": \"7\"\n}\n");
  EXPECT_EQ(Call("Get", "$fields=name").body, R"({"name":"chair"})");
  const http::Response unknown = Call("Get", "fields=colour");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.body, HasSubstr("colour"));
}

TEST_F(RestTest, WhatTheServiceSaysOfAFailureIsHandedOn) {
  service_.failure = absl::NotFoundError("no item i1");
  const http::Response response = Call("Get");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, R"({"code":5,"message":"no item i1"})");
  EXPECT_EQ(response.code, "NOT_FOUND");
}

TEST_F(RestTest, AReplyWithoutAJsonFormIs502) {
  service_.reply.message = "\x0a\x02\xff\xfe";
  EXPECT_EQ(Call("Get").status, 502);
}

TEST_F(RestTest, ABadRequestReachesNoService) {
  EXPECT_EQ(Call("Get", "size=big").status, 400);
  EXPECT_EQ(Call("Create", "", "{").status, 400);
  request_.headers.Add("Grpc-Timeout", "soon");
  EXPECT_EQ(Call("Get").status, 400);
  EXPECT_FALSE(service_.asked.has_value());
}

TEST_F(RestTest, UnknownFieldsAreRejectedOrNamedOrIgnored) {
  EXPECT_EQ(Call("Get", "colour=red").status, 400);
  options_.read.unknown_fields = transcode::UnknownFields::kWarn;
  const http::Response warned = Call("Get", "colour=red&b%2Cd=1");
  EXPECT_EQ(warned.status, 200);
  EXPECT_EQ(Header(warned, "Portico-Warning"), "colour, b%2Cd");
  options_.read.unknown_fields = transcode::UnknownFields::kIgnore;
  EXPECT_EQ(Header(Call("Get", "colour=red"), "Portico-Warning"), "(none)");
}

TEST_F(RestTest, TheDeadlineIsTheEarlierOfThePolicysAndTheClients) {
  Call("Weigh");
  EXPECT_FALSE(service_.has_deadline);
  Call("Get");
  EXPECT_TRUE(service_.has_deadline);
  EXPECT_GT(service_.time_left, std::chrono::milliseconds(1000));
  request_.headers.Add("X-Request-Timeout", "500ms");
  Call("Get");
  EXPECT_LE(service_.time_left, std::chrono::milliseconds(500));
}

// No header may switch off the timeouts behind it.
TEST_F(RestTest, ADeadlineBeyondAllTimeIsNone) {
  for (const char* timeout : {"99999999H", "99999999M"}) {
    request_.headers.Set("Grpc-Timeout", timeout);
    Call("Weigh");
    EXPECT_GT(service_.time_left, std::chrono::hours(1)) << timeout;
  }
  request_.headers.Set("X-Request-Timeout", "99999999999999999999");
  Call("Weigh");
  EXPECT_GT(service_.time_left, std::chrono::hours(1));
}

TEST_F(RestTest, AFailureKeepsTheServicesMetadata) {
  service_.failure = absl::AbortedError("again");
  service_.failure_metadata = {{{"shard", "7"}}, {{"cost", "3"}}};
  const http::Response response = Call("Get");
  EXPECT_EQ(response.status, 409);
  EXPECT_EQ(Header(response, "Grpc-Metadata-Shard"), "7");
  EXPECT_EQ(Header(response, "Grpc-Trailer-Cost"), "3");
}

TEST_F(RestTest, WhoTakesTrailersGetsThem) {
  const struct {
    const char* te;
    bool takes;
  } kRows[] = {{"trailers", true}, {"gzip, Trailers", true}, {"deflate", false}, {"", false}};
  for (const bool fails : {false, true}) {
    service_.failure = fails ? absl::AbortedError("again") : absl::OkStatus();
    service_.failure_metadata = {{}, {{"cost", "3"}}};
    service_.reply.trailers = {{"cost", "3"}};
    for (const auto& row : kRows) {
      request_.headers.Set("TE", row.te);
      const http::Response response = Call("Get");
      EXPECT_EQ(Header(response, "Grpc-Trailer-Cost"), row.takes ? "(none)" : "3") << row.te;
      EXPECT_EQ(response.trailers == nullptr ? "" : response.trailers->wire(),
                row.takes ? "Grpc-Trailer-Cost: 3\r\n" : "")
          << row.te;
    }
  }
}

TEST_F(RestTest, WhatHasItsOwnNameIsNoTrailer) {
  options_.metadata.response = {"cache-control"};
  service_.reply.trailers = {{"cache-control", "no-store"}};
  request_.headers.Set("TE", "trailers");
  const http::Response response = Call("Get");
  EXPECT_EQ(Header(response, "Cache-Control"), "no-store");
  EXPECT_EQ(response.trailers, nullptr);
}

TEST_F(RestTest, MetadataGoesAlong) {
  request_.headers.Add("Grpc-Metadata-Tenant", "blue");
  Call("Get");
  EXPECT_THAT(service_.metadata, Contains(Pair("tenant", "blue")));
}

TEST_F(RestTest, OmittedPartsAreNamedInAHeader) {
  service_.reply.omitted = "reviews;reason=deadline";
  EXPECT_EQ(Header(Call("Get"), "Portico-Omitted"), "reviews;reason=deadline");
}

}  // namespace
}  // namespace portico::protocol
