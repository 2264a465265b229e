#include "gateway/rpc/status.h"

#include <gtest/gtest.h>

#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace portico::rpc {
namespace {

// The table in google/rpc/code.proto.
TEST(StatusTest, HttpStatusOfEveryCode) {
  const struct {
    int code;
    const char* name;
    int http;
  } kRows[] = {{0, "OK", 200},
               {1, "CANCELLED", 499},
               {2, "UNKNOWN", 500},
               {3, "INVALID_ARGUMENT", 400},
               {4, "DEADLINE_EXCEEDED", 504},
               {5, "NOT_FOUND", 404},
               {6, "ALREADY_EXISTS", 409},
               {7, "PERMISSION_DENIED", 403},
               {8, "RESOURCE_EXHAUSTED", 429},
               {9, "FAILED_PRECONDITION", 400},
               {10, "ABORTED", 409},
               {11, "OUT_OF_RANGE", 400},
               {12, "UNIMPLEMENTED", 501},
               {13, "INTERNAL", 500},
               {14, "UNAVAILABLE", 503},
               {15, "DATA_LOSS", 500},
               {16, "UNAUTHENTICATED", 401},
               {17, "UNKNOWN", 500},
               {-1, "UNKNOWN", 500}};
  for (const auto& row : kRows) {
    EXPECT_EQ(HttpStatusOfCode(static_cast<absl::StatusCode>(row.code)), row.http) << row.code;
    EXPECT_EQ(CodeName(static_cast<absl::StatusCode>(row.code)), row.name) << row.code;
  }
}

TEST(StatusTest, AnHttpStatusOfItsOwnWins) {
  const absl::Status status = WithHttpStatus(absl::InvalidArgumentError("too long"), 413);
  EXPECT_EQ(HttpStatusOf(status), 413);
  EXPECT_TRUE(DetailsOf(status).empty()) << "the HTTP status is no detail";
}

TEST(StatusTest, DetailsKeepTheServicesOrderAndFollowWithTheGatewaysOwn) {
  google::rpc::Status sent;
  sent.set_code(5);
  google::rpc::ResourceInfo resource;
  resource.set_resource_name("products/x");
  sent.add_details()->PackFrom(resource);
  sent.add_details()->PackFrom(google::rpc::ErrorInfo());
  sent.add_details()->PackFrom(google::rpc::ErrorInfo());
  absl::Status status = FromGrpc(5, "no such product", sent.SerializeAsString());
  status.SetPayload("type.googleapis.com/google.rpc.BadRequest", absl::Cord(""));

  const std::vector<Detail> details = DetailsOf(status);
  ASSERT_EQ(details.size(), 4u);
  EXPECT_EQ(details[0].type_url, "type.googleapis.com/google.rpc.ResourceInfo");
  EXPECT_EQ(details[0].value, resource.SerializeAsString());
  EXPECT_EQ(details[1].type_url, "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(details[2].type_url, "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(details[3].type_url, "type.googleapis.com/google.rpc.BadRequest");
}

TEST(StatusTest, MalformedDetailsAreDroppedAndUnknownCodesAreUnknown) {
  const absl::Status status = FromGrpc(99, "odd", "\xff\xff\xff");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(status.message(), "odd");
  EXPECT_TRUE(DetailsOf(status).empty());
  EXPECT_TRUE(FromGrpc(0, "", "").ok());
}

TEST(StatusTest, OmissionReasons) {
  const struct {
    absl::Status status;
    const char* reason;
  } kRows[] = {{absl::UnavailableError(""), "unavailable"},
               {absl::DeadlineExceededError(""), "deadline"},
               {absl::PermissionDeniedError(""), "denied"},
               {absl::UnauthenticatedError(""), "denied"},
               {absl::NotFoundError(""), "not_found"},
               {absl::InternalError(""), "failed"},
               {absl::DataLossError("the service says so"), "failed"},
               {WithHttpStatus(absl::DataLossError("its reply does not parse"), 502), "malformed"}};
  for (const auto& row : kRows) EXPECT_EQ(OmissionReason(row.status), row.reason) << row.status;
}

}  // namespace
}  // namespace portico::rpc
