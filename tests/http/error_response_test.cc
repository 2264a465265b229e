#include "gateway/http/error_response.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/http/json_text.h"
#include "gateway/rpc/status.h"
#include "google/protobuf/duration.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace portico::http {
namespace {

class ErrorResponseTest : public testing::Test {
 protected:
  ErrorResponseTest() {
    tables_.Add(google::rpc::BadRequest::descriptor());
    tables_.Add(google::rpc::ErrorInfo::descriptor());
    tables_.Add(google::protobuf::Duration::descriptor());
  }
  schema::Tables tables_;
};

constexpr char kPrefix[] = "type.googleapis.com/";

TEST_F(ErrorResponseTest, Golden) {
  const absl::Status plain = absl::NotFoundError("no book \"x\"\n");
  absl::Status detailed = absl::InvalidArgumentError("bad");
  google::rpc::BadRequest bad;
  auto* const violation = bad.add_field_violations();
  violation->set_field("title");
  violation->set_description("too long");
  detailed.SetPayload(absl::string_view(std::string(kPrefix) + "google.rpc.BadRequest"),
                      absl::Cord(bad.SerializeAsString()));
  const absl::Status moved = rpc::WithHttpStatus(absl::InvalidArgumentError("verb"), 405);
  const std::string details =
      R"(,"details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"title","description":"too long"}]}])";

  struct Case {
    ErrorFormat format;
    absl::Status status;
    int http_status;
    std::string body;
  };
  const Case cases[] = {
      {ErrorFormat::kStatus, plain, 404, R"({"code":5,"message":"no book \"x\"\n"})"},
      {ErrorFormat::kGoogle, plain, 404, R"({"error":{"code":404,"message":"no book \"x\"\n","status":"NOT_FOUND"}})"},
      {ErrorFormat::kProblem, plain, 404,
       R"({"type":"about:blank","title":"Not Found","status":404,"detail":"no book \"x\"\n","code":"NOT_FOUND"})"},
      {ErrorFormat::kStatus, detailed, 400, R"({"code":3,"message":"bad")" + details + "}"},
      {ErrorFormat::kGoogle, detailed, 400,
       R"({"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT")" + details + "}}"},
      {ErrorFormat::kProblem, detailed, 400,
       R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"bad","code":"INVALID_ARGUMENT")" +
           details + "}"},
      {ErrorFormat::kStatus, moved, 405, R"({"code":3,"message":"verb"})"},
      {ErrorFormat::kGoogle, moved, 405, R"({"error":{"code":405,"message":"verb","status":"INVALID_ARGUMENT"}})"},
      {ErrorFormat::kProblem, rpc::WithHttpStatus(absl::AbortedError("tea"), 418), 418,
       R"({"type":"about:blank","title":"Client Error","status":418,"detail":"tea","code":"ABORTED"})"},
      {ErrorFormat::kProblem, rpc::WithHttpStatus(absl::AbortedError("odd"), 599), 599,
       R"({"type":"about:blank","title":"Server Error","status":599,"detail":"odd","code":"ABORTED"})"},
      {ErrorFormat::kStatus, absl::CancelledError(""), 499, R"({"code":1,"message":""})"},
      {ErrorFormat::kStatus, absl::OkStatus(), 500, R"({"code":13,"message":"an error without a cause"})"},
  };
  for (const Case& c : cases) {
    const Response response = ErrorRenderer(c.format, &tables_).Render(c.status);
    EXPECT_EQ(response.status, c.http_status) << c.body;
    EXPECT_EQ(response.body, c.body);
    EXPECT_TRUE(nlohmann::json::accept(response.body));
    absl::string_view type;
    ASSERT_TRUE(response.headers.Find("content-type", &type));
    EXPECT_EQ(type, c.format == ErrorFormat::kProblem ? "application/problem+json" : "application/json");
  }
}

TEST_F(ErrorResponseTest, DetailsThatCannotBeReadAreBase64) {
  absl::Status status = absl::AbortedError("x");
  status.SetPayload("type.googleapis.com/no.such.Type", absl::Cord("\x01\x02\xff"));
  status.SetPayload("type.googleapis.com/google.rpc.ErrorInfo", absl::Cord("\xff\xff"));
  const std::string body = ErrorRenderer(ErrorFormat::kStatus, &tables_).Render(status).body;
  EXPECT_EQ(body, R"({"code":10,"message":"x","details":[)"
                  R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo","value":"//8="},)"
                  R"({"@type":"type.googleapis.com/no.such.Type","value":"AQL/"}]})");
  EXPECT_TRUE(nlohmann::json::accept(ErrorRenderer(ErrorFormat::kStatus, nullptr).Render(status).body));
}

TEST_F(ErrorResponseTest, TheServicesDetailsComeFirstAndWellKnownOnesAsValues) {
  google::rpc::Status sent;
  sent.set_code(9);
  google::protobuf::Duration duration;
  duration.set_seconds(3);
  sent.add_details()->PackFrom(duration);
  sent.add_details()->PackFrom(google::rpc::ErrorInfo());
  const absl::Status status = rpc::FromGrpc(9, "later", sent.SerializeAsString());
  EXPECT_EQ(ErrorRenderer(ErrorFormat::kStatus, &tables_).Render(status).body,
            R"({"code":9,"message":"later","details":[)"
            R"({"@type":"type.googleapis.com/google.protobuf.Duration","value":"3s"},)"
            R"({"@type":"type.googleapis.com/google.rpc.ErrorInfo"}]})");
}

TEST_F(ErrorResponseTest, WhatIsNotUtf8IsReplaced) {
  const std::string body = ErrorRenderer(ErrorFormat::kStatus, nullptr).Render(absl::UnknownError("a\xff\xc3z")).body;
  EXPECT_EQ(body, "{\"code\":2,\"message\":\"a\xef\xbf\xbd\xef\xbf\xbdz\"}");
}

std::string Header(const Response& response, absl::string_view name) {
  absl::string_view value;
  return response.headers.Find(name, &value) ? std::string(value) : "(none)";
}

TEST_F(ErrorResponseTest, RetryInfoBecomesRetryAfterInWholeSecondsRoundedUp) {
  const struct {
    int64_t seconds;
    int32_t nanos;
    const char* expected;
  } kRows[] = {{0, 0, "0"},   {0, 1, "1"},  {1, 0, "1"},        {1, 999999999, "2"},
               {60, 1, "61"}, {-5, 0, "0"}, {-5, -500000, "0"}, {int64_t{1} << 62, 0, "315576000000"}};
  for (const auto& row : kRows) {
    google::rpc::RetryInfo info;
    info.mutable_retry_delay()->set_seconds(row.seconds);
    info.mutable_retry_delay()->set_nanos(row.nanos);
    absl::Status status = absl::ResourceExhaustedError("slower");
    status.SetPayload("type.googleapis.com/google.rpc.RetryInfo", absl::Cord(info.SerializeAsString()));
    EXPECT_EQ(Header(ErrorRenderer(ErrorFormat::kStatus, &tables_).Render(status), "Retry-After"), row.expected);
  }
  absl::Status broken = absl::UnavailableError("");
  broken.SetPayload("type.googleapis.com/google.rpc.RetryInfo", absl::Cord("\xff"));
  EXPECT_EQ(Header(ErrorRenderer(ErrorFormat::kStatus, &tables_).Render(broken), "Retry-After"), "(none)");

  // As a service sends it.
  google::rpc::Status sent;
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_nanos(250000000);
  sent.add_details()->PackFrom(info);
  EXPECT_EQ(
      Header(ErrorRenderer(ErrorFormat::kStatus, &tables_).Render(rpc::FromGrpc(14, "", sent.SerializeAsString())),
             "Retry-After"),
      "1");
}

TEST_F(ErrorResponseTest, A401HasAChallenge) {
  EXPECT_EQ(
      Header(ErrorRenderer(ErrorFormat::kStatus, nullptr).Render(absl::UnauthenticatedError("")), "WWW-Authenticate"),
      "Bearer");
  EXPECT_EQ(
      Header(ErrorRenderer(ErrorFormat::kStatus, nullptr).Render(absl::PermissionDeniedError("")), "WWW-Authenticate"),
      "(none)");
}

TEST_F(ErrorResponseTest, TheClientChoosesProblemDetailsByAccept) {
  const struct {
    const char* accept;
    bool problem;
  } kRows[] = {{"application/problem+json", true},
               {"application/json, application/problem+json", true},
               {"text/html, Application/Problem+JSON;q=0.5", true},
               {"application/json, application/problem+json;q=0.5", false},
               {"application/problem+json;q=0", false},
               {"application/json", false},
               {"*/*", false}};
  net::Worker worker(0);
  for (const auto& row : kRows) {
    Request request(worker, net::kNoDeadline);
    request.headers.Add("Accept", row.accept);
    for (const ErrorFormat format : {ErrorFormat::kStatus, ErrorFormat::kGoogle}) {
      const Response response = ErrorRenderer(format, &tables_).Render(absl::NotFoundError("x"), request);
      EXPECT_EQ(Header(response, "Content-Type"), row.problem ? "application/problem+json" : "application/json")
          << row.accept;
      EXPECT_EQ(Header(response, "Vary"), row.problem ? "Accept" : "(none)");
    }
    EXPECT_EQ(Header(ErrorRenderer(ErrorFormat::kProblem, &tables_).Render(absl::NotFoundError("x"), request),
                     "Content-Type"),
              "application/problem+json")
        << "the option holds for everybody";
  }
}

TEST_F(ErrorResponseTest, Pretty) {
  const struct {
    const char* query;
    bool pretty;
  } kRows[] = {{"pretty", true},
               {"$pretty=true", true},
               {"a=1&pretty=1", true},
               {"pretty=false", false},
               {"a=pretty", false},
               {"%70retty", false},
               {"", false}};
  net::Worker worker(0);
  for (const auto& row : kRows) {
    Request request(worker, net::kNoDeadline);
    request.query = row.query;
    const std::string body =
        ErrorRenderer(ErrorFormat::kGoogle, nullptr).Render(absl::AbortedError("{x,\":["), request).body;
    EXPECT_EQ(body, row.pretty ? "{\n  \"error\": {\n    \"code\": 409,\n    \"message\": \"{x,\\\":[\",\n"
                                 "    \"status\": \"ABORTED\"\n  }\n}\n"
                               : "{\"error\":{\"code\":409,\"message\":\"{x,\\\":[\",\"status\":\"ABORTED\"}}")
        << row.query;
  }
}

TEST(PrettyJsonTest, IsAsForReplies) {
  EXPECT_EQ(PrettyJson(R"({"a":[],"b":{},"c":[1,{"d":"x\\"}],"e":"{}"})"),
            "{\n  \"a\": [],\n  \"b\": {},\n  \"c\": [\n    1,\n    {\n      \"d\": \"x\\\\\"\n    }\n  ],\n"
            "  \"e\": \"{}\"\n}\n");
}

}  // namespace
}  // namespace portico::http
