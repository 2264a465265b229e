// The published numbers and names that our own copies of the standard contracts must have, and the shop's own habits.
#include "google/api/annotations.pb.h"
#include "google/api/client.pb.h"
#include "google/api/field_behavior.pb.h"
#include "google/api/httpbody.pb.h"
#include "google/api/resource.pb.h"
#include "google/rpc/code.pb.h"
#include "portico/annotations.pb.h"
#include "shop/web/v1/web.pb.h"
#include "tests/services/harness.h"

namespace shop::test {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

TEST(ContractsTest, ExtensionsHaveThePublishedNumbers) {
  struct Case {
    const char* name;
    int number;
  };
  // Linked in by use, for the pool knows only what the program uses.
  google::api::HttpBody::descriptor();
  google::api::ResourceDescriptor::descriptor();
  const Case cases[] = {{"google.api.http", 72295728},
                        {"google.api.method_signature", 1051},
                        {"google.api.default_host", 1049},
                        {"google.api.oauth_scopes", 1050},
                        {"google.api.field_behavior", 1052},
                        {"google.api.resource_reference", 1055},
                        {"google.api.resource", 1053},
                        {"google.api.resource_definition", 1053},
                        {"portico.fetch", 51001},
                        {"portico.policy", 51002},
                        {"portico.facade", 51003}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto* extension = DescriptorPool::generated_pool()->FindExtensionByName(c.name);
    ASSERT_NE(extension, nullptr);
    EXPECT_EQ(extension->number(), c.number);
  }
}

TEST(ContractsTest, FieldsHaveThePublishedNumbers) {
  struct Case {
    const Descriptor* message;
    const char* field;
    int number;
  };
  const Case cases[] = {
      {google::api::HttpRule::descriptor(), "get", 2},
      {google::api::HttpRule::descriptor(), "put", 3},
      {google::api::HttpRule::descriptor(), "post", 4},
      {google::api::HttpRule::descriptor(), "delete", 5},
      {google::api::HttpRule::descriptor(), "patch", 6},
      {google::api::HttpRule::descriptor(), "body", 7},
      {google::api::HttpRule::descriptor(), "custom", 8},
      {google::api::HttpRule::descriptor(), "additional_bindings", 11},
      {google::api::HttpRule::descriptor(), "response_body", 12},
      {google::api::HttpBody::descriptor(), "content_type", 1},
      {google::api::HttpBody::descriptor(), "data", 2},
      {google::rpc::Status::descriptor(), "details", 3},
      {google::rpc::ErrorInfo::descriptor(), "metadata", 3},
      {google::rpc::BadRequest::FieldViolation::descriptor(), "description", 2},
      {google::rpc::ResourceInfo::descriptor(), "resource_name", 2},
      {google::rpc::PreconditionFailure::Violation::descriptor(), "subject", 2},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.message->full_name() + "." + c.field);
    const auto* field = c.message->FindFieldByName(c.field);
    ASSERT_NE(field, nullptr);
    EXPECT_EQ(field->number(), c.number);
  }
  EXPECT_EQ(google::rpc::UNAUTHENTICATED, 16);
}

TEST(ContractsTest, EveryShopMethodHasARestFace) {
  const FileDescriptor* files[] = {
      catalog::v1::Product::descriptor()->file(), pricing::v1::Price::descriptor()->file(),
      pricing::v1::Money::descriptor()->file(),   reviews::v1::Review::descriptor()->file(),
      orders::v1::Order::descriptor()->file(),    inventory::v1::Stock::descriptor()->file(),
      sellers::v1::Seller::descriptor()->file(),  recommendations::v1::Recommendation::descriptor()->file(),
      web::v1::ProductPage::descriptor()->file()};
  for (const FileDescriptor* file : files) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto* method = file->service(s)->method(m);
        EXPECT_TRUE(method->options().HasExtension(google::api::http)) << method->full_name();
      }
    }
  }
  const auto& page = *web::v1::ProductPage::descriptor();
  EXPECT_TRUE(page.file()->service(0)->options().GetExtension(portico::facade));
  EXPECT_TRUE(page.FindFieldByName("product")->options().GetExtension(portico::fetch).required());
  EXPECT_FALSE(page.FindFieldByName("omitted")->options().HasExtension(portico::fetch));
}

}  // namespace
}  // namespace shop::test
