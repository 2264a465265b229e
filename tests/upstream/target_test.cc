#include "gateway/upstream/target.h"

#include <gtest/gtest.h>

#include <string>

namespace portico::upstream {
namespace {

TEST(TargetTest, Forms) {
  for (const char* good :
       {"h:1", "h:1,10.0.0.1:2", "h:1, [::1]:2", "unix:x", "unix:///run/x", "dns:///h:1", "dns://10.0.0.1/h:1",
        "file:///x", "etcd:///x", "etcd://h:1,i:2/x", "xds:///x", "xds:///x.y:80"}) {
    EXPECT_EQ(CheckTarget(good), absl::OkStatus()) << good;
  }
}

TEST(TargetTest, WhatWasExpectedIsSaid) {
  const std::string any =
      "expected HOST:PORT,HOST:PORT or one of dns:///HOST:PORT, unix:PATH, file:///PATH, etcd:///PREFIX, xds:///NAME, "
      "found ";
  const std::string dns = "expected dns:///HOST:PORT or dns://SERVER/HOST:PORT, found ";
  const std::string etcd = "expected etcd:///PREFIX or etcd://HOST:PORT/PREFIX, found ";
  const struct {
    const char* target;
    std::string message;
  } cases[] = {
      {"", any + "\"\""},
      {"h", any + "\"h\""},
      {"h:0", any + "\"h:0\""},
      {":1", any + "\":1\""},
      {"h:1,", any + "\"\""},
      {"h:1,i", any + "\"i\""},
      {"h:1,unix:x", any + "\"unix:x\""},
      {"http://h:1", any + "\"http://h:1\""},
      {"unix:", "expected unix:PATH, found \"unix:\""},
      {"dns:h:1", dns + "\"dns:h:1\""},
      {"dns:///h", dns + "\"dns:///h\""},
      {"file:x", "expected file:///PATH, found \"file:x\""},
      {"file:///", "expected file:///PATH, found \"file:///\""},
      {"etcd:///", etcd + "\"etcd:///\""},
      {"etcd://h:1,i/x", etcd + "\"etcd://h:1,i/x\""},
      {"xds:x", "expected xds:///NAME, found \"xds:x\""},
      {"xds:///", "expected xds:///NAME, found \"xds:///\""},
      {"xds://authority/x", "expected xds:///NAME, found \"xds://authority/x\""},
  };
  for (const auto& c : cases) EXPECT_EQ(CheckTarget(c.target).message(), c.message) << c.target;
}

}  // namespace
}  // namespace portico::upstream
