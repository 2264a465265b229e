#include "gateway/protocol/connect_error.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gateway/rpc/status.h"

namespace portico::protocol {
namespace {

using nlohmann::json;

// The table of "Error Codes" in the specification.
TEST(ConnectErrorTest, CodesAndHttpStatuses) {
  struct Row {
    const char* code;
    int http_status;
  };
  const Row rows[] = {{"canceled", 499},
                      {"unknown", 500},
                      {"invalid_argument", 400},
                      {"deadline_exceeded", 504},
                      {"not_found", 404},
                      {"already_exists", 409},
                      {"permission_denied", 403},
                      {"resource_exhausted", 429},
                      {"failed_precondition", 400},
                      {"aborted", 409},
                      {"out_of_range", 400},
                      {"unimplemented", 501},
                      {"internal", 500},
                      {"unavailable", 503},
                      {"data_loss", 500},
                      {"unauthenticated", 401}};
  int number = 1;
  for (const Row& row : rows) {
    const absl::Status error(static_cast<absl::StatusCode>(number++), "why \"so\"");
    const http::Response response = ConnectUnaryError(error, nullptr);
    EXPECT_EQ(response.status, row.http_status) << row.code;
    EXPECT_EQ(response.body, std::string("{\"code\":\"") + row.code + "\",\"message\":\"why \\\"so\\\"\"}");
    absl::string_view type;
    EXPECT_TRUE(response.headers.Find("Content-Type", &type));
    EXPECT_EQ(type, "application/json");
  }
}

TEST(ConnectErrorTest, OnlyHttpsOwnStatusesReplaceTheTables) {
  EXPECT_EQ(ConnectUnaryError(rpc::WithHttpStatus(absl::DataLossError("x"), 502), nullptr).status, 500);
  for (const int status : {404, 405, 413, 415}) {
    EXPECT_EQ(ConnectUnaryError(rpc::WithHttpStatus(absl::UnimplementedError("x"), status), nullptr).status, status);
  }
}

TEST(ConnectErrorTest, WhatIsNotUtf8IsReplaced) {
  std::string text;
  AppendConnectError(absl::UnknownError("a\xff"), nullptr, &text);
  EXPECT_EQ(json::parse(text)["message"], "a\xef\xbf\xbd");
}

TEST(ConnectErrorTest, AnEndHasErrorAndMetadata) {
  std::string end;
  AppendConnectEnd(absl::OkStatus(), {}, "", nullptr, &end);
  EXPECT_EQ(end, std::string("\x02\0\0\0\x02{}", 7));
  end.clear();
  absl::Status error = absl::NotFoundError("gone");
  error.SetPayload("type.googleapis.com/t.Detail", absl::Cord("\xff"));
  AppendConnectEnd(error,
                   {{"b", "1"}, {"a-bin", "\xff"}, {"b", "2"}, {"grpc-status", "9"}, {"portico-omitted", "forged"}}, "",
                   nullptr, &end);
  EXPECT_EQ(json::parse(end.substr(5)), json::parse(R"({
      "error":{"code":"not_found","message":"gone","details":[{"type":"t.Detail","value":"/w"}]},
      "metadata":{"b":["1","2"],"a-bin":["/w"]}})"));
  end.clear();
  AppendConnectEnd(absl::OkStatus(), {}, "price;reason=deadline", nullptr, &end);
  EXPECT_EQ(json::parse(end.substr(5)), json::parse(R"({"metadata":{"portico-omitted":["price;reason=deadline"]}})"));
}

}  // namespace
}  // namespace portico::protocol
