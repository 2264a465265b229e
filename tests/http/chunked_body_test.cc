#include "gateway/http/chunked_body.h"

#include <gtest/gtest.h>

#include <string>

#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

TEST(ChunkedBodyTest, EverySplitDecodesTheSame) {
  const std::string body = "3;a=\"b;c\" ; d\r\nabc\r\n00A \t\r\n01234\r\n678\r\n0;x\r\nT: t\r\nU:\r\n\r\n";
  const std::string more = body + "next";
  const Limits limits;
  for (size_t first = 0; first <= body.size(); ++first) {
    for (size_t second = first; second <= body.size(); ++second) {
      ChunkedBody chunked(limits, limits.body_bytes);
      std::string decoded;
      ChunkedBody::Result result = ChunkedBody::Result::kNeedMore;
      size_t consumed = 0;
      for (const absl::string_view piece :
           {absl::string_view(body).substr(0, first), absl::string_view(body).substr(first, second - first),
            absl::string_view(more).substr(second)}) {
        if (result == ChunkedBody::Result::kDone) break;
        result = chunked.Read(piece, &consumed, &decoded);
      }
      ASSERT_EQ(result, ChunkedBody::Result::kDone) << first << " " << second << chunked.error();
      ASSERT_EQ(decoded, "abc01234\r\n678") << first << " " << second;
    }
  }
}

TEST(ChunkedBodyTest, StopsBehindTheBody) {
  const Limits limits;
  ChunkedBody chunked(limits, limits.body_bytes);
  size_t consumed = 0;
  std::string decoded;
  EXPECT_EQ(chunked.Read("1\r\nx\r\n0\r\n\r\nGET", &consumed, &decoded), ChunkedBody::Result::kDone);
  EXPECT_EQ(consumed, 11u);
}

TEST(ChunkedBodyTest, TheLimitIsOfDecodedBytes) {
  const Limits limits;
  size_t consumed = 0;
  std::string decoded;
  ChunkedBody exact(limits, 4);
  EXPECT_EQ(exact.Read("2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n", &consumed, &decoded), ChunkedBody::Result::kDone);
  ChunkedBody beyond(limits, 4);
  EXPECT_EQ(beyond.Read("2\r\nab\r\n3\r\n", &consumed, &decoded), ChunkedBody::Result::kError);
  EXPECT_EQ(beyond.error().code(), absl::StatusCode::kResourceExhausted);
}

TEST(ChunkedBodyTest, ExtensionsAndTrailersAreBoundedTogether) {
  Limits limits;
  limits.header_bytes = 100;
  const std::string ten = "1;" + std::string(9, 'x') + "\r\na\r\n";  // with the CR behind them: 10 bytes of extension
  const struct {
    const char* name;
    int chunks;
    std::string end;
    ChunkedBody::Result result;
  } cases[] = {
      {"just enough", 10, "0\r\n\r\n", ChunkedBody::Result::kDone},
      {"one byte more", 10, "0;\r\n\r\n", ChunkedBody::Result::kError},
      {"a chunk more", 11, "", ChunkedBody::Result::kError},
      {"a trailer more", 10, "0\r\nT:\r\n\r\n", ChunkedBody::Result::kError},
      {"chunks without end have none", 1000, "", ChunkedBody::Result::kError},
  };
  for (const auto& each : cases) {
    ChunkedBody chunked(limits, limits.body_bytes);
    std::string bytes;
    for (int i = 0; i < each.chunks; ++i) bytes += ten;
    size_t consumed = 0;
    std::string decoded;
    EXPECT_EQ(chunked.Read(bytes + each.end, &consumed, &decoded), each.result) << each.name;
    if (each.result == ChunkedBody::Result::kError) {
      EXPECT_EQ(rpc::HttpStatusOf(chunked.error()), 431) << each.name;
    }
  }
}

}  // namespace
}  // namespace portico::http
