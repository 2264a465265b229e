#include "gateway/protocol/connect_get.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/rpc/status.h"

namespace portico::protocol {
namespace {

TEST(ConnectGetTest, Table) {
  struct Case {
    const char* name;
    const char* query;
    const char* expected;  // codec, message and compression; or the HTTP status
  };
  const Case cases[] = {
      {"JSON", "connect=v1&encoding=json&message=%7B%22a%22%3A1%7D", "json {\"a\":1} "},
      {"base64", "connect=v1&encoding=proto&base64=1&message=-_8", "proto \xfb\xff "},
      {"base64 with padding", "connect=v1&encoding=proto&base64=1&message=-_8%3D", "proto \xfb\xff "},
      {"standard base64", "connect=v1&encoding=proto&base64=1&message=%2B%2F8", "proto \xfb\xff "},
      {"not base64", "base64=0&encoding=json&message=e30", "json e30 "},
      {"empty", "connect=v1&encoding=proto&message=", "proto  "},
      {"compressed", "encoding=proto&base64=1&message=AA&compression=gzip", "proto \0 gzip"},
      {"other parameters", "encoding=json&message=1&x=2&connect=v1&x=3", "json 1 "},
      {"no message", "connect=v1&encoding=json", "400"},
      {"no encoding", "connect=v1&message=1", "400"},
      {"another encoding", "encoding=text&message=1", "415"},
      {"message twice", "encoding=json&message=1&message=2", "400"},
      {"bad base64", "encoding=json&base64=1&message=a%2A", "400"},
      {"bad escape", "encoding=json&message=%7", "400"},
      {"only 1 means base64", "encoding=json&message=e30&base64=yes", "json e30 "},
  };
  for (const Case& c : cases) {
    const absl::StatusOr<ConnectQuery> parsed = ParseConnectQuery(c.query);
    if (!parsed.ok()) {
      EXPECT_EQ(std::to_string(rpc::HttpStatusOf(parsed.status())), c.expected) << c.name;
      continue;
    }
    std::string text(NameOf(parsed->codec));
    text += " " + parsed->message + " " + parsed->compression;
    if (std::string(c.name) == "compressed") {
      EXPECT_EQ(text, std::string("proto \0 gzip", 12));
    } else {
      EXPECT_EQ(text, c.expected) << c.name;
    }
  }
}

}  // namespace
}  // namespace portico::protocol
