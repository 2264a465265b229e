#include "gateway/rpc/reserved_names.h"

#include <gtest/gtest.h>

namespace portico::rpc {
namespace {

TEST(ReservedNamesTest, WhatIsReserved) {
  const struct {
    const char* name;
    bool reserved;
  } kRows[] = {
      // RFC 9113, section 8.2.2.
      {"connection", true},
      {"keep-alive", true},
      {"proxy-connection", true},
      {"transfer-encoding", true},
      {"upgrade", true},
      {"te", true},
      {"http2-settings", true},
      // The framing, the content, the hop.
      {"content-length", true},
      {"content-type", true},
      {"content-encoding", true},
      {"content-range", true},
      {"trailer", true},
      {"host", true},
      {"expect", true},
      {"date", true},
      // gRPC's and the gateway's.
      {"grpc-status", true},
      {"grpc-", true},
      {"x-http-code", true},
      // Beginnings of names.
      {"*", true},
      {"grpc*", true},
      {"trail*", true},
      {"content-*", true},
      // All else is metadata.
      {"authorization", false},
      {"tenant", false},
      {"te-", false},
      {"tenant-*", false},
      {"connections", false},
      {"content-language", false},
      {"grpcx", false},
      {"x-*", true},
      {"x-shop-*", false},
  };
  for (const auto& row : kRows) EXPECT_EQ(IsReserved(row.name), row.reserved) << row.name;
}

}  // namespace
}  // namespace portico::rpc
