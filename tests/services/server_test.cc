// What all services have from services/base: health, reflection, delay, and a graceful stop.
#include <grpcpp/generic/generic_stub.h>

#include <future>
#include <thread>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace std::chrono_literals;  // NOLINT
using catalog::v1::GetProductRequest;
using catalog::v1::Product;
using Clock = std::chrono::steady_clock;
using HealthResponse = grpc::health::v1::HealthCheckResponse;

GetProductRequest Pojos() {
  GetProductRequest request;
  request.set_product_id("pojos-in-action");
  return request;
}

// A call begun, whose end can be waited for.
struct Begun {
  grpc::ClientContext context;
  GetProductRequest request = Pojos();
  Product product;
  std::promise<grpc::Status> done;

  grpc::Status Wait() { return done.get_future().get(); }
};

std::unique_ptr<Begun> Begin(Catalog& catalog, std::chrono::milliseconds deadline = 60s) {
  auto begun = std::make_unique<Begun>();
  begun->context.set_deadline(std::chrono::system_clock::now() + deadline);
  catalog.stub().async()->GetProduct(&begun->context, &begun->request, &begun->product,
                                     [call = begun.get()](grpc::Status status) { call->done.set_value(status); });
  return begun;
}

grpc::Status Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& service,
                    HealthResponse* response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 30s);
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(service);
  return grpc::health::v1::Health::NewStub(channel)->Check(&context, request, response);
}

// Returns when the server has every call begun before: frames of one connection arrive in order.
void WaitUntilArrived(Catalog& catalog) {
  HealthResponse response;
  ASSERT_TRUE(Health(catalog.channel(), "", &response).ok());
}

TEST(ServerTest, HealthKnowsTheServerAndTheService) {
  Folder folder;
  Catalog catalog({.data = folder.path(), .seed = false});
  for (const char* service : {"", "shop.catalog.v1.CatalogService"}) {
    SCOPED_TRACE(service);
    HealthResponse response;
    ASSERT_TRUE(Health(catalog.channel(), service, &response).ok());
    EXPECT_EQ(response.status(), HealthResponse::SERVING);
  }
  HealthResponse response;
  EXPECT_EQ(Health(catalog.channel(), "no.Such", &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(ServerTest, ReflectionListsTheService) {
  Folder folder;
  Pricing pricing({.data = folder.path(), .seed = false});
  // Raw bytes: our own reflection stubs must not meet libgrpc++_reflection in one program.
  grpc::GenericStub stub(pricing.channel());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 30s);
  grpc::CompletionQueue queue;
  const auto wait = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  auto call = stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(wait());
  const grpc::Slice list_services(std::string("\x3a\x01*"));
  call->Write(grpc::ByteBuffer(&list_services, 1), nullptr);
  ASSERT_TRUE(wait());
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  ASSERT_TRUE(wait());
  grpc::Slice bytes;
  ASSERT_TRUE(answer.DumpToSingleSlice(&bytes).ok());
  const std::string text(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
  EXPECT_THAT(text, testing::HasSubstr("shop.pricing.v1.PricingService"));
  EXPECT_THAT(text, testing::HasSubstr("grpc.health.v1.Health"));
  call->WritesDone(nullptr);
  wait();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  queue.Shutdown();
}

TEST(ServerTest, ATakenPortIsAnError) {
  Folder folder;
  Catalog catalog({.data = folder.path(), .seed = false});
  auto service = pricing::PricingService::Create({.data = folder.path(), .seed = false});
  ASSERT_TRUE(service.ok());
  EXPECT_FALSE(Server::Start(catalog.server().address(), **service, "x").ok());
}

TEST(ServerTest, ADelayHoldsNoThread) {
  Folder folder;
  Catalog catalog({.data = folder.path(), .delay = 200ms});
  const auto start = Clock::now();
  std::vector<std::unique_ptr<Begun>> calls;
  for (int i = 0; i < 100; ++i) calls.push_back(Begin(catalog));
  for (auto& call : calls) {
    EXPECT_TRUE(call->Wait().ok());
    EXPECT_EQ(call->product.title(), "POJOs in Action");
  }
  EXPECT_GE(Clock::now() - start, 200ms);
  // One after the other they would take 20 s.
  EXPECT_LT(Clock::now() - start, 10s);
}

TEST(ServerTest, HealthIsNotDelayed) {
  Folder folder;
  Catalog catalog({.data = folder.path(), .delay = 60s, .seed = false});
  HealthResponse response;
  EXPECT_TRUE(Health(catalog.channel(), "", &response).ok());
}

TEST(ServerTest, ADelayEndsWithTheCall) {
  Folder folder;
  Catalog catalog({.data = folder.path(), .delay = 10min, .seed = false});
  auto late = Begin(catalog, 50ms);
  EXPECT_EQ(late->Wait().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  auto left = Begin(catalog, 5min);
  left->context.TryCancel();
  EXPECT_EQ(left->Wait().error_code(), grpc::StatusCode::CANCELLED);
  // Nothing is left to wait for.
  const auto start = Clock::now();
  catalog.server().Stop(5min);
  EXPECT_LT(Clock::now() - start, 1min);
}

TEST(ServerTest, AStopAnswersTheCallsBegun) {
  Folder folder;
  Catalog catalog({.data = folder.path(), .delay = 200ms});
  auto call = Begin(catalog);
  WaitUntilArrived(catalog);
  catalog.server().Stop(1min);
  EXPECT_TRUE(call->Wait().ok());
  EXPECT_EQ(call->product.title(), "POJOs in Action");
  EXPECT_EQ(Begin(catalog)->Wait().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(ServerTest, AStopWaitsNoLongerThanItsGrace) {
  Folder folder;
  Catalog catalog({.data = folder.path(), .delay = 10min, .seed = false});
  auto call = Begin(catalog, 5min);
  WaitUntilArrived(catalog);
  const auto start = Clock::now();
  catalog.server().Stop(50ms);
  EXPECT_FALSE(call->Wait().ok());
  EXPECT_LT(Clock::now() - start, 1min);
}

TEST(ServerTest, ManyThreadsWriteAndRead) {
  Folder folder;
  Reviews reviews({.data = folder.path(), .seed = false});
  constexpr int kThreads = 8;
  constexpr int kEach = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        reviews::v1::CreateReviewRequest create;
        create.set_product_id("busy");
        create.mutable_review()->set_rating(1 + i % 5);
        reviews::v1::Review review;
        EXPECT_TRUE(reviews.Call(&reviews::v1::ReviewService::Stub::CreateReview, create, &review).ok());
        reviews::v1::ListReviewsRequest list;
        list.set_product_id("busy");
        reviews::v1::ListReviewsResponse listed;
        EXPECT_TRUE(reviews.Call(&reviews::v1::ReviewService::Stub::ListReviews, list, &listed).ok());
        EXPECT_GE(listed.total_size(), i + 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  reviews::v1::GetReviewSummaryRequest request;
  request.set_product_id("busy");
  reviews::v1::ReviewSummary summary;
  ASSERT_TRUE(reviews.Call(&reviews::v1::ReviewService::Stub::GetReviewSummary, request, &summary).ok());
  EXPECT_EQ(summary.review_count(), kThreads * kEach);
  EXPECT_DOUBLE_EQ(summary.average_rating(), 3);
}

}  // namespace
}  // namespace shop::test
