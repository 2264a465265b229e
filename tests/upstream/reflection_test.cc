#include "gateway/upstream/reflection.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/upstream/grpc_transport.h"
#include "shop/catalog/v1/catalog.grpc.pb.h"
#include "tests/upstream/test_server.h"

namespace portico::upstream {
namespace {

using ::testing::Contains;
using ::testing::Not;

class ReflectionTest : public ::testing::Test {
 protected:
  static Async<void> Run(rpc::Handler& server, rpc::Context& context,
                         std::optional<absl::StatusOr<std::string>>& answer) {
    answer = co_await AskReflection(server, context);
  }

  absl::StatusOr<std::string> Ask(const std::string& address) {
    const auto transport = *factory_.Create(worker_, address, {});
    rpc::Context context(worker_, net::Clock::now() + std::chrono::seconds(5));
    std::optional<absl::StatusOr<std::string>> answer;
    worker_.Spawn(Run(*transport, context, answer));
    const auto end = net::Clock::now() + std::chrono::seconds(10);
    while (!answer.has_value() && net::Clock::now() < end) {
      worker_.context().restart();
      worker_.context().run_one_until(end);
    }
    // A cancelled stream comes to its end before its transport goes.
    worker_.context().restart();
    worker_.context().run_for(std::chrono::milliseconds(50));
    return answer.has_value() ? *answer : absl::DeadlineExceededError("no answer");
  }

  net::Worker worker_{0};
  GrpcTransportFactory factory_{1};
};

TEST_F(ReflectionTest, FilesOfAllServicesWithTheirImports) {
  ::grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  shop::catalog::v1::CatalogService::Service service;
  int port = 0;
  ::grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", ::grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  const std::string address = "127.0.0.1:" + std::to_string(port);

  const absl::StatusOr<std::string> learned = Ask(address);
  ASSERT_TRUE(learned.ok()) << learned.status();
  google::protobuf::FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromString(*learned));
  std::vector<std::string> names;
  for (const auto& file : set.file()) names.push_back(file.name());
  EXPECT_THAT(names, Contains("shop/catalog/v1/catalog.proto"));
  EXPECT_THAT(names, Contains("google/api/annotations.proto"));
  EXPECT_THAT(names, Contains("google/api/http.proto")) << "an import's import";
  EXPECT_THAT(names, Not(Contains(::testing::StartsWith("grpc/")))) << "reflection itself is nobody's API";
  EXPECT_EQ(*Ask(address), *learned) << "the same contracts, the same bytes";
}

TEST_F(ReflectionTest, AServerWithoutServicesTeachesNothing) {
  TestServer server;  // answers whatever it is asked with an empty message
  const absl::StatusOr<std::string> learned = Ask(server.address());
  ASSERT_TRUE(learned.ok()) << learned.status();
  EXPECT_EQ(*learned, "");
}

TEST_F(ReflectionTest, NobodyThere) {
  std::string address;
  {
    TestServer gone;
    address = gone.address();
  }
  EXPECT_EQ(Ask(address).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace portico::upstream
