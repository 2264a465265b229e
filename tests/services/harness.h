// What the tests of the shop's services share: folders that vanish, running services, and a look into errors.
#ifndef PORTICO_TESTS_SERVICES_HARNESS_H_
#define PORTICO_TESTS_SERVICES_HARNESS_H_

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/base/process.h"
#include "services/base/server.h"
#include "services/catalog/catalog_service.h"
#include "services/inventory/inventory_service.h"
#include "services/orders/order_service.h"
#include "services/pricing/pricing_service.h"
#include "services/recommendations/recommendation_service.h"
#include "services/reviews/review_service.h"
#include "services/sellers/seller_service.h"

namespace shop::test {

// A new folder of its own, removed with everything in it at the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "shop-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A service on a free port, and a stub for it. `Contract` is the generated class, `Implementation` ours.
template <class Contract, class Implementation>
class Running {
 public:
  explicit Running(const ServiceOptions& options) {
    auto service = Implementation::Create(options);
    EXPECT_TRUE(service.ok()) << service.status();
    service_ = *std::move(service);
    auto server = Server::Start("127.0.0.1:0", *service_, Implementation::kName);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    stub_ = Contract::NewStub(channel_);
  }

  // Calls a method: running.Call(&Stub::GetProduct, request, &response).
  template <class Request, class Response>
  grpc::Status Call(grpc::Status (Contract::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    return (stub_.get()->*method)(&context, request, response);
  }

  typename Contract::Stub& stub() { return *stub_; }
  Implementation& service() { return *service_; }
  Server& server() { return *server_; }
  const std::shared_ptr<grpc::Channel>& channel() { return channel_; }

 private:
  std::unique_ptr<Implementation> service_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<typename Contract::Stub> stub_;
};

using Catalog = Running<catalog::v1::CatalogService, catalog::CatalogService>;
using Pricing = Running<pricing::v1::PricingService, pricing::PricingService>;
using Reviews = Running<reviews::v1::ReviewService, reviews::ReviewService>;
using Orders = Running<orders::v1::OrderService, orders::OrderService>;
using Inventory = Running<inventory::v1::InventoryService, inventory::InventoryService>;
using Recommendations = Running<recommendations::v1::RecommendationService, recommendations::RecommendationService>;
using Sellers = Running<sellers::v1::SellerService, sellers::SellerService>;

// Waits until a condition holds; false if it does not within 30 s.
template <class Condition>
bool Eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// The detail of a type that an error carries.
template <class Detail>
std::optional<Detail> DetailOf(const grpc::Status& error) {
  google::rpc::Status status;
  if (!status.ParseFromString(error.error_details())) return std::nullopt;
  for (const auto& any : status.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) return detail;
  }
  return std::nullopt;
}

// The violations of a BadRequest as "field REASON".
inline std::vector<std::string> Violations(const grpc::Status& error) {
  std::vector<std::string> violations;
  if (const auto bad = DetailOf<google::rpc::BadRequest>(error)) {
    for (const auto& violation : bad->field_violations()) {
      violations.push_back(violation.field() + " " + violation.reason());
      EXPECT_FALSE(violation.description().empty());
    }
  }
  return violations;
}

// Checks that an error is INVALID_ARGUMENT with exactly these violations, and says who speaks.
inline void ExpectViolations(const grpc::Status& error, const std::vector<std::string>& violations) {
  EXPECT_EQ(error.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << error.error_message();
  EXPECT_THAT(Violations(error), testing::UnorderedElementsAreArray(violations));
  const auto info = DetailOf<google::rpc::ErrorInfo>(error);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->domain(), "shop.portico.example");
  EXPECT_EQ(info->reason(), "INVALID_REQUEST");
}

// Checks that an error is of this code and about this resource.
inline void ExpectResource(const grpc::Status& error, grpc::StatusCode code, const std::string& type,
                           const std::string& name) {
  EXPECT_EQ(error.error_code(), code) << error.error_message();
  const auto resource = DetailOf<google::rpc::ResourceInfo>(error);
  ASSERT_TRUE(resource.has_value());
  EXPECT_EQ(resource->resource_type(), type);
  EXPECT_EQ(resource->resource_name(), name);
  const auto info = DetailOf<google::rpc::ErrorInfo>(error);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->domain(), "shop.portico.example");
}

}  // namespace shop::test

#endif  // PORTICO_TESTS_SERVICES_HARNESS_H_
