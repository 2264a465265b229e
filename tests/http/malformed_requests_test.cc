#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/http/chunked_body.h"
#include "gateway/http/request_parser.h"
#include "tests/http/serving.h"

namespace portico::http {
namespace {

struct Case {
  const char* name;
  int status;
  std::string bytes;
};

std::string Many(int count) {
  std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < count; ++i) absl::StrAppend(&head, "X-", i, ": v\r\n");
  return head + "\r\n";
}

std::string Chunked(absl::string_view body) {
  return absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", body);
}

std::string WithHeaders(absl::string_view fields) {
  return absl::StrCat("POST / HTTP/1.1\r\nHost: h\r\n", fields, "\r\n");
}

std::vector<Case> Cases() {
  return {
      {"garbage", 400, absl::StrCat("\x16\x03\x01\x02", absl::string_view("\0", 1), "\x01\xfc\x03\x03\r\n\r\n")},
      {"no version", 400, "GET /\r\n\r\n"},
      {"odd version", 400, "GET / HTTP/1.1x\r\nHost: h\r\n\r\n"},
      {"not HTTP", 400, "GET / ICAP/1.0\r\nHost: h\r\n\r\n"},
      {"version 2.0", 505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"},
      {"version 1.2", 505, "GET / HTTP/1.2\r\nHost: h\r\n\r\n"},
      {"version 0.9", 505, "GET / HTTP/0.9\r\nHost: h\r\n\r\n"},
      {"HTTP/2 preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"bare LF", 400, "GET / HTTP/1.1\nHost: h\n\n"},
      {"bare LF in a field", 400, "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"},
      {"bare CR in a field", 400, "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"},
      {"NUL in a value", 400,
       absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\nX: a", absl::string_view("\0", 1), "b\r\n\r\n")},
      {"blank before the colon", 400, "GET / HTTP/1.1\r\nHost : h\r\n\r\n"},
      {"blank before the first field", 400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
      {"no name", 400, "GET / HTTP/1.1\r\nHost: h\r\n: v\r\n\r\n"},
      {"no colon", 400, "GET / HTTP/1.1\r\nHost: h\r\nfoo\r\n\r\n"},
      {"folded", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n"},
      {"folded with a tab", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n"},
      {"folded empty", 400, "GET / HTTP/1.1\r\nHost: h\r\nX:\r\n b\r\n\r\n"},
      {"folded transfer coding", 400, WithHeaders("Transfer-Encoding:\r\n chunked\r\n")},
      {"no Host", 400, "GET / HTTP/1.1\r\n\r\n"},
      {"empty Host", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"two Hosts", 400, "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"},
      {"two Hosts on 1.0", 400, "GET / HTTP/1.0\r\nHost: h\r\nHost: g\r\n\r\n"},
      {"Host with a path", 400, "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n"},
      {"Host with a user", 400, "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"},
      {"two lengths", 400, WithHeaders("Content-Length: 3\r\nContent-Length: 4\r\n") + "abc"},
      {"two equal lengths", 400, WithHeaders("Content-Length: 3\r\nContent-Length: 3\r\n") + "abc"},
      {"a list of lengths", 400, WithHeaders("Content-Length: 3, 3\r\n") + "abc"},
      {"signed length", 400, WithHeaders("Content-Length: +3\r\n") + "abc"},
      {"negative length", 400, WithHeaders("Content-Length: -3\r\n")},
      {"hexadecimal length", 400, WithHeaders("Content-Length: 0x3\r\n")},
      {"empty length", 400, WithHeaders("Content-Length:\r\n")},
      {"overflowing length", 400, WithHeaders("Content-Length: 18446744073709551617\r\n")},
      {"large length", 413, WithHeaders("Content-Length: 999999999999999999\r\n")},
      {"length and chunked", 400, WithHeaders("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n"},
      {"chunked and length", 400, WithHeaders("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n") + "0\r\n\r\n"},
      {"chunked twice", 400, WithHeaders("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n"},
      {"identity, then chunked", 400, WithHeaders("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n")},
      {"xchunked", 400, WithHeaders("Transfer-Encoding: xchunked\r\n")},
      {"chunked, identity", 400, WithHeaders("Transfer-Encoding: chunked, identity\r\n")},
      {"gzip, chunked", 400, WithHeaders("Transfer-Encoding: gzip, chunked\r\n")},
      {"identity", 400, WithHeaders("Transfer-Encoding: identity\r\n")},
      {"quoted chunked", 400, WithHeaders("Transfer-Encoding: \"chunked\"\r\n")},
      {"vertical tab before chunked", 400,
       WithHeaders("Transfer-Encoding: \x0b"
                   "chunked\r\n")},
      {"empty transfer coding", 400, WithHeaders("Transfer-Encoding:\r\n")},
      {"chunked on 1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"asterisk", 400, "GET * HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"authority", 400, "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"relative", 400, "GET a HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"fragment", 400, "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"another scheme", 400, "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"absolute without host", 400, "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"blank in the target", 400, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"control character in the target", 400, "GET /a\x01 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"DEL in the target", 400, "GET /a\x7f HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"beyond ASCII in the target", 400, "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"expectation", 417, WithHeaders("Expect: the-unexpected\r\n")},
      {"too many fields", 431, Many(100)},
      {"long field", 431, absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\nX: ", std::string(40000, 'x'), "\r\n\r\n")},
      {"long target", 431, absl::StrCat("GET /", std::string(40000, 'x'), " HTTP/1.1\r\nHost: h\r\n\r\n")},
      {"endless field", 431, absl::StrCat("GET / HTTP/1.1\r\nHost: h\r\nX: ", std::string(40000, 'x'))},
      {"line and fields together", 431,
       absl::StrCat("GET /", std::string(20000, 'x'), " HTTP/1.1\r\nHost: h\r\nX: ", std::string(20000, 'x'),
                    "\r\n\r\n")},
      {"chunk size that is none", 400, Chunked("x\r\n")},
      {"negative chunk size", 400, Chunked("-1\r\n")},
      {"chunk size with 0x", 400, Chunked("0x3\r\nabc\r\n0\r\n\r\n")},
      {"overflowing chunk size", 400, Chunked("ffffffffffffffff1\r\n")},
      {"large chunk size", 413, Chunked("ffffffffffffffff\r\n")},
      {"chunk longer than it says", 400, Chunked("3\r\nabcd\r\n0\r\n\r\n")},
      {"chunk ended by LF", 400, Chunked("3\nabc\n0\n\n\r\n\r\n")},
      {"endless chunk extension", 431, Chunked(absl::StrCat("3;", std::string(300000, 'x')))},
      {"endless trailer", 431, Chunked(absl::StrCat("0\r\nX: ", std::string(300000, 'x')))},
      {"folded trailer", 400, Chunked("0\r\nX: a\r\n b\r\n\r\n")},
      {"trailer ended by LF", 400, Chunked("0\r\nX: a\n\r\n")},
      {"blank instead of an extension", 400, Chunked("3 4\r\nabc\r\n0\r\n\r\n")},
      {"endless zeros of a size", 400, Chunked("00000000000000003\r\nabc\r\n0\r\n\r\n")},
  };
}

class MalformedRequestsTest : public ServingTest {};

// Each gets its status, the rest of what was sent is dropped, and the handler never hears of it: sent behind it is a
// request that nothing may take for one.
TEST_F(MalformedRequestsTest, AreRefusedBeforeDispatch) {
  Serve();
  size_t refused = 0;
  for (const Case& c : Cases()) {
    RawClient client(address());
    client.Send(c.bytes);
    client.Send("GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
    const RawClient::Answer answer = client.Read();
    EXPECT_EQ(answer.status, c.status) << c.name << "\n" << answer.head << answer.body;
    EXPECT_EQ(answer.Header("Connection"), "close") << c.name;
    EXPECT_EQ(answer.Header("Content-Type"), "application/json") << c.name;
    EXPECT_THAT(answer.body, testing::MatchesRegex(R"(\{"code":(3|8),"message":".+"\})")) << c.name;
    EXPECT_EQ(client.ReadAll(), "") << c.name;
    EXPECT_FALSE(client.reset()) << c.name;
    ++refused;
  }
  EXPECT_EQ(handler_.handled, 0);
  EXPECT_TRUE(Eventually([&] { return RefusedSoFar().size() == refused; }));
}

// The same byte by byte: no split changes the verdict.
TEST_F(MalformedRequestsTest, AreRefusedByteByByte) {
  Limits limits;
  Serve(limits);
  for (const Case& c : Cases()) {
    if (c.bytes.size() > 1000) continue;
    RequestParser parser(limits);
    std::string buffer;
    RequestParser::Result result = RequestParser::Result::kNeedMore;
    size_t at = 0;
    while (result == RequestParser::Result::kNeedMore && at < c.bytes.size()) {
      buffer += c.bytes[at++];
      buffer.shrink_to_fit();  // views must not depend on the place
      result = parser.ParseHead(buffer);
    }
    if (result == RequestParser::Result::kDone && parser.is_chunked()) {
      ChunkedBody body(limits, limits.body_bytes);
      std::string decoded_bytes;
      ChunkedBody::Result decoded = ChunkedBody::Result::kNeedMore;
      while (decoded == ChunkedBody::Result::kNeedMore && at < c.bytes.size()) {
        size_t consumed = 0;
        decoded = body.Read(absl::string_view(c.bytes).substr(at++, 1), &consumed, &decoded_bytes);
      }
      EXPECT_EQ(decoded, ChunkedBody::Result::kError) << c.name;
      continue;
    }
    if (c.status == 413) continue;  // the connection's judgement
    EXPECT_EQ(result, RequestParser::Result::kError) << c.name;
  }
}

}  // namespace
}  // namespace portico::http
