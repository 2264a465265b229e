#include "gateway/protocol/metadata.h"

#include <gtest/gtest.h>

#include <string>

namespace portico::protocol {
namespace {

rpc::Metadata Of(absl::string_view name, absl::string_view value) {
  net::Worker worker(0);
  http::Request request(worker, net::kNoDeadline);
  request.headers.Add(name, value);
  return RequestMetadata(request, {});
}

TEST(MetadataTest, RequestHeadersBecomeMetadata) {
  const struct {
    const char* name;
    const char* value;
    rpc::Metadata expected;
  } kRows[] = {{"Grpc-Metadata-Tenant", "blue", {{"tenant", "blue"}}},
               {"grpc-metadata-Mixed-Case", "Kept", {{"mixed-case", "Kept"}}},
               {"Authorization", "Bearer x", {{"authorization", "Bearer x"}}},
               {"Accept-Language", "de", {{"accept-language", "de"}}},
               {"traceparent", "00-a", {{"traceparent", "00-a"}}},
               {"Tracestate", "v=1", {{"tracestate", "v=1"}}},
               {"X-Request-Id", "r1", {{"x-request-id", "r1"}}},
               {"Grpc-Metadata-Blob-Bin", "AAEC", {{"blob-bin", std::string("\0\1\2", 3)}}},
               {"Grpc-Metadata-Blob-Bin", "-_8", {{"blob-bin", "\xfb\xff"}}},
               {"Grpc-Metadata-Blob-Bin",
                "AAE= , AAI,Aw==",
                {{"blob-bin", std::string("\0\1", 2)}, {"blob-bin", std::string("\0\2", 2)}, {"blob-bin", "\3"}}},
               {"Grpc-Metadata-Blob-Bin", "AA,!", {{"blob-bin", std::string("\0", 1)}}},
               // What the gRPC library would abort on, or what is its own business.
               {"Grpc-Metadata-Blob-Bin", "!", {}},
               {"Grpc-Metadata-", "x", {}},
               {"Grpc-Metadata-Grpc-Status", "0", {}},
               {"Grpc-Metadata-A:B", "x", {}},
               {"Grpc-Metadata-Umlaut", "\xc3\xa4", {}},
               // RFC 9113, section 8.2.2: a call with one of these is reset, which counts against the service.
               {"Grpc-Metadata-Connection", "close", {}},
               {"Grpc-Metadata-Keep-Alive", "timeout=5", {}},
               {"Grpc-Metadata-Proxy-Connection", "close", {}},
               {"grpc-metadata-transfer-encoding", "chunked", {}},
               {"Grpc-Metadata-Upgrade", "h2c", {}},
               {"Grpc-Metadata-TE", "gzip", {}},
               {"Grpc-Metadata-Http2-Settings", "AAMAAABk", {}},
               // Of the message's own framing (section 8.1.1), or of the hop before.
               {"Grpc-Metadata-Content-Length", "5", {}},
               {"Grpc-Metadata-Content-Type", "text/plain", {}},
               {"Grpc-Metadata-Host", "elsewhere", {}},
               {"Grpc-Metadata-Expect", "100-continue", {}},
               {"Grpc-Metadata-Trailer", "x", {}},
               {"Grpc-Metadata-X-Http-Code", "500", {}},
               {"Cookie", "session=1", {}},
               {"Host", "shop", {}}};
  for (const auto& row : kRows) EXPECT_EQ(Of(row.name, row.value), row.expected) << row.name << ": " << row.value;
}

TEST(MetadataTest, ReplyMetadataBecomesHeaders) {
  http::ResponseHeaders headers;
  AddMetadata({{"request-cost", "7"},
               {"blob-bin", std::string("\0\1\2", 3)},
               {"bad", "a\r\nSet-Cookie: x"},
               {"date", "Thu, 01 Jan 1970 00:00:00 GMT"},
               {"grpc-status-details", "x"},
               {"x-http-code", "201"}},
              "Grpc-Trailer-", {}, &headers);
  EXPECT_EQ(headers.wire(), "Grpc-Trailer-Request-Cost: 7\r\nGrpc-Trailer-Blob-Bin: AAEC\r\n");
}

TEST(MetadataTest, TheListsAreConfigurable) {
  MetadataNames names;
  names.request = {"x-tenant", "X-Shop-*", "trace-bin"};
  names.response = {"cache-control", "x-rate-*"};
  net::Worker worker(0);
  http::Request request(worker, net::kNoDeadline);
  request.headers.Add("X-Tenant", "blue");
  request.headers.Add("x-shop-floor", "2");
  request.headers.Add("X-Shop", "no");
  request.headers.Add("Trace-Bin", "AAEC");
  request.headers.Add("Authorization", "Bearer x");
  request.headers.Add("Grpc-Metadata-More", "yes");
  EXPECT_EQ(
      RequestMetadata(request, names),
      (rpc::Metadata{
          {"x-tenant", "blue"}, {"x-shop-floor", "2"}, {"trace-bin", std::string("\0\1\2", 3)}, {"more", "yes"}}));
  http::ResponseHeaders headers;
  AddMetadata({{"cache-control", "no-store"}, {"x-rate-left", "3"}, {"x-rate", "4"}, {"x-http-code", "201"}},
              "Grpc-Metadata-", names, &headers);
  EXPECT_EQ(headers.wire(), "Cache-Control: no-store\r\nX-Rate-Left: 3\r\nGrpc-Metadata-X-Rate: 4\r\n");
}

}  // namespace
}  // namespace portico::protocol
