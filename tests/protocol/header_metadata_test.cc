#include "gateway/protocol/header_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace portico::protocol {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(HeaderMetadataTest, AClientsHeadersAreMetadata) {
  http::RequestHeaders headers;
  for (const char* name :
       {"Host", "Content-Type", "Content-Length", "Connection", "Accept", "Accept-Encoding", "Origin", "Referer",
        "Cookie", "Sec-Fetch-Mode", "User-Agent", "TE", "Grpc-Timeout", "Grpc-Metadata-Tenant", "X-Grpc-Web",
        "Connect-Protocol-Version", "Connect-Timeout-Ms", "Access-Control-Request-Method", "If-None-Match"}) {
    headers.Add(name, "1");
  }
  headers.Add("Authorization", "Bearer x");
  headers.Add("X-User-Agent", "grpc-web-javascript/0.1");
  headers.Add("Accept-Language", "de");
  headers.Add("Tenant", "blue");
  headers.Add("Tenant", "red");
  headers.Add("Trace-Bin", "AAH/");
  headers.Add("Short-Bin", "AAE");
  headers.Add("Broken-Bin", "*");
  headers.Add("Umlaut", "\xc3\xbc");
  EXPECT_THAT(HeaderMetadata(headers),
              ElementsAre(Pair("authorization", "Bearer x"), Pair("x-user-agent", "grpc-web-javascript/0.1"),
                          Pair("accept-language", "de"), Pair("tenant", "blue"), Pair("tenant", "red"),
                          Pair("trace-bin", std::string("\0\1\xff", 3)), Pair("short-bin", std::string("\0\1", 2))));
}

TEST(HeaderMetadataTest, AServicesMetadataAreHeaders) {
  const rpc::Metadata metadata = {{"cost", "3"},
                                  {"trace-bin", std::string("\0\1", 2)},
                                  {"access-control-allow-origin", "*"},
                                  {"set-cookie", "a=b"},
                                  {"content-type", "text/html"},
                                  {"content-length", "0"},
                                  {"transfer-encoding", "chunked"},
                                  {"grpc-status", "0"},
                                  {"trailer-x", "1"},
                                  {"split", "a\r\nx: b"}};
  http::ResponseHeaders headers;
  AddHeaderMetadata(metadata, "", &headers);
  AddHeaderMetadata(metadata, "Trailer-", &headers);
  EXPECT_EQ(headers.wire(), "cost: 3\r\ntrace-bin: AAE\r\nTrailer-cost: 3\r\nTrailer-trace-bin: AAE\r\n");
}

}  // namespace
}  // namespace portico::protocol
