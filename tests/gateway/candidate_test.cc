#include "gateway/candidate.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "tests/schema/temp_folder.h"

namespace portico {
namespace {

using ::testing::HasSubstr;

// What a server with one service says of itself; with a mistake when the type of its method's reply is not there.
std::shared_ptr<const std::string> Contracts(const std::string& package, const std::string& method,
                                             const std::string& reply = "M") {
  google::protobuf::FileDescriptorSet set;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "file { name: '" + package + ".proto' package: '" + package +
          "' syntax: 'proto3' message_type { name: 'M' } service { name: 'S' method { name: '" + method +
          "' input_type: '." + package + ".M' output_type: '." + package + "." + reply + "' } } }",
      &set));
  return std::make_shared<const std::string>(set.SerializeAsString());
}

class CandidateTest : public ::testing::Test {
 protected:
  CandidateTest() { Write("syntax = 'proto3'; package f; message M {} service S { rpc Do(M) returns (M); }"); }

  void Write(const std::string& proto) { folder_.Write("proto/f.proto", proto); }

  Candidate Build(const config::ReflectedContracts& learned, const config::ReflectedContracts& accepted) {
    return BuildCandidate(path_, {}, learned, accepted);
  }

  static std::vector<std::string> Methods(const Candidate& candidate) {
    std::vector<std::string> names;
    if (candidate.snapshot == nullptr) return names;
    for (const Route& route : candidate.snapshot->frontends().front()->routes()) {
      names.push_back(route.endpoint.method().full_name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const testing::TempFolder folder_;
  const std::string path_ = folder_.Write("portico.yaml", R"(contracts:
  - protos: proto
  - reflection: a
  - reflection: b
clusters:
  f: { target: 'h:1', services: [f.S] }
  a: { target: 'h:1', services: [a.S] }
  b: { target: 'h:1', services: [b.S] }
frontends: [ { name: web, listen: '127.0.0.1:0', expose: ["f.*", "a.*", "b.*"] } ]
)");
  const std::shared_ptr<const std::string> a_ = Contracts("a", "Old");
  const std::shared_ptr<const std::string> new_a_ = Contracts("a", "New");
  const std::shared_ptr<const std::string> bad_a_ = Contracts("a", "New", "None");
  const std::shared_ptr<const std::string> b_ = Contracts("b", "Old");
  const std::shared_ptr<const std::string> bad_b_ = Contracts("b", "New", "None");
};

TEST_F(CandidateTest, WhatIsBuiltOfWhatServersSay) {
  using Reflected = config::ReflectedContracts;
  const struct {
    const char* what;
    Reflected learned;
    Reflected accepted;
    std::vector<std::string> methods;
    Reflected reflected;
    const char* refused;  // a part of it
  } rows[] = {
      {"nobody has said anything", {}, {}, {"f.S/Do"}, {}, ""},
      {"all is right", {{"a", a_}, {"b", b_}}, {}, {"a.S/Old", "b.S/Old", "f.S/Do"}, {{"a", a_}, {"b", b_}}, ""},
      {"a newer version", {{"a", new_a_}}, {{"a", a_}}, {"a.S/New", "f.S/Do"}, {{"a", new_a_}}, ""},
      {"a server that is wrong from the start", {{"a", bad_a_}}, {}, {"f.S/Do"}, {}, "a.None"},
      {"a version that is wrong", {{"a", bad_a_}}, {{"a", a_}}, {"a.S/Old", "f.S/Do"}, {{"a", a_}}, "a.None"},
      {"one of two is wrong",
       {{"a", bad_a_}, {"b", b_}},
       {{"a", a_}},
       {"a.S/Old", "b.S/Old", "f.S/Do"},
       {{"a", a_}, {"b", b_}},
       "a.None"},
      {"both are", {{"a", bad_a_}, {"b", bad_b_}}, {{"b", b_}}, {"b.S/Old", "f.S/Do"}, {{"b", b_}}, "b.None"},
      {"who is asked no more", {{"b", bad_b_}}, {{"a", a_}}, {"f.S/Do"}, {}, "b.None"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    const Candidate built = Build(row.learned, row.accepted);
    EXPECT_TRUE(built.mistakes.empty()) << built.mistakes.ToString();
    EXPECT_EQ(Methods(built), row.methods);
    EXPECT_EQ(built.reflected, row.reflected);
    EXPECT_EQ(built.refused.empty(), *row.refused == '\0') << built.refused.ToString();
    EXPECT_THAT(built.refused.ToString(), HasSubstr(row.refused));
  }
}

TEST_F(CandidateTest, MistakesOfFilesAreNotBlamedOnServers) {
  Write("syntax = 'proto3'; package f; message M {} service S { rpc Do(M) returns (Nope); }");
  for (const auto& learned : {a_, bad_a_}) {
    const Candidate built = Build({{"a", learned}}, {{"a", a_}});
    EXPECT_EQ(built.snapshot, nullptr);
    EXPECT_THAT(built.mistakes.ToString(), HasSubstr("Nope"));
    EXPECT_TRUE(built.refused.empty());
  }
}

// A mistake in a file that has only just been named must be noticed when it is mended.
TEST_F(CandidateTest, WhatWasReadIsToldAlsoWhenItIsWrong) {
  folder_.Write("more/m.proto", "mesage M {}");
  folder_.Write("portico.yaml",
                "contracts: [ { protos: more }, { rules: http.yaml } ]\n"
                "frontends: [ { name: web, listen: '127.0.0.1:0', expose: [] } ]\n");
  const Candidate built = Build({}, {});
  EXPECT_EQ(built.snapshot, nullptr);
  EXPECT_EQ(built.read,
            (std::vector<net::Watched>{
                folder_.Path("http.yaml"), {folder_.Path("more"), ".proto"}, folder_.Path("portico.yaml")}));
}

}  // namespace
}  // namespace portico
