// The import of products, and what it shares with other ways to write them.
#include <algorithm>

#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace std::chrono_literals;  // NOLINT
using namespace catalog::v1;           // NOLINT: the contract under test
using testing::SizeIs;
using Stub = catalog::v1::CatalogService::Stub;

class ImportTest : public testing::Test {
 protected:
  grpc::Status Import(const std::vector<Product>& products, ImportProductsResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    const auto writer = catalog_.stub().ImportProducts(&context, response);
    for (const Product& product : products) {
      ImportProductsRequest request;
      *request.mutable_product() = product;
      EXPECT_TRUE(writer->Write(request));
    }
    writer->WritesDone();
    return writer->Finish();
  }

  Product Get(const std::string& product_id) {
    GetProductRequest request;
    request.set_product_id(product_id);
    Product product;
    EXPECT_TRUE(catalog_.Call(&Stub::GetProduct, request, &product).ok()) << product_id;
    return product;
  }

  Folder folder_;
  Catalog catalog_{{.data = folder_.path()}};
};

Product Titled(const std::string& title, const std::string& product_id = "") {
  Product product;
  product.set_product_id(product_id);
  product.set_title(title);
  return product;
}

TEST_F(ImportTest, AddsReplacesAndRefuses) {
  const Product before = Get("pojos-in-action");
  Product wrong = Titled("Wrong", "wrong");
  wrong.set_isbn("12");
  ImportProductsResponse response;
  ASSERT_TRUE(Import({Titled("One New Book"), wrong, Titled("Second Edition", "pojos-in-action"), Product(),
                      Titled("One New Book")},
                     &response)
                  .ok());
  EXPECT_EQ(response.created(), 1);
  EXPECT_EQ(response.updated(), 2);
  EXPECT_EQ(response.refused(), 2);
  ASSERT_THAT(response.failed(), SizeIs(2));
  EXPECT_EQ(response.failed(0).index(), 1);
  EXPECT_EQ(response.failed(0).product_id(), "wrong");
  EXPECT_EQ(response.failed(0).error().code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(response.failed(0).error().details(), SizeIs(2));
  EXPECT_EQ(response.failed(1).index(), 3);
  EXPECT_EQ(response.failed(1).product_id(), "");

  EXPECT_EQ(Get("one-new-book").title(), "One New Book");
  const Product after = Get("pojos-in-action");
  EXPECT_EQ(after.title(), "Second Edition");
  EXPECT_EQ(after.authors_size(), 0);
  EXPECT_EQ(after.create_time().seconds(), before.create_time().seconds());
  EXPECT_GT(after.update_time().seconds(), before.update_time().seconds());
}

TEST_F(ImportTest, WhatIsImportedIsFound) {
  ImportProductsResponse response;
  ASSERT_TRUE(Import({Titled("Zyzzyva Zythum"), Titled("Zyzzyva Zythum Two", "zyzzyva-zythum")}, &response).ok());
  SearchProductsRequest request;
  request.set_query("zyzz two");
  SearchProductsResponse found;
  ASSERT_TRUE(catalog_.Call(&Stub::SearchProducts, request, &found).ok());
  ASSERT_THAT(found.products(), SizeIs(1));
  EXPECT_EQ(found.products(0).product_id(), "zyzzyva-zythum");
}

TEST_F(ImportTest, AnEmptyImportDoesNothing) {
  ImportProductsResponse response;
  ASSERT_TRUE(Import({}, &response).ok());
  EXPECT_EQ(response.ByteSizeLong(), 0u);
}

TEST_F(ImportTest, ManyProductsButFewFailures) {
  std::vector<Product> products;
  for (int i = 0; i < 1000; ++i) products.push_back(Titled(i % 4 == 0 ? "" : "Book " + std::to_string(i)));
  ImportProductsResponse response;
  ASSERT_TRUE(Import(products, &response).ok());
  EXPECT_EQ(response.created(), 750);
  EXPECT_EQ(response.refused(), 250);
  EXPECT_THAT(response.failed(), SizeIs(100));
}

TEST_F(ImportTest, WhatHasArrivedStaysWhenTheCallerLeaves) {
  grpc::ClientContext context;
  ImportProductsResponse response;
  const auto writer = catalog_.stub().ImportProducts(&context, &response);
  ImportProductsRequest request;
  *request.mutable_product() = Titled("Left Behind");
  ASSERT_TRUE(writer->Write(request));
  GetProductRequest get;
  get.set_product_id("left-behind");
  EXPECT_TRUE(Eventually([&] {
    Product product;
    return catalog_.Call(&Stub::GetProduct, get, &product).ok();
  }));
  context.TryCancel();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  catalog_.server().Stop(5min);  // waits for nothing
}

TEST_F(ImportTest, MapsAreWrittenInTheOrderOfTheirKeys) {
  Product product = Titled("Many Attributes");
  for (int i = 0; i < 40; ++i) (*product.mutable_attributes())["a" + std::to_string(i)] = "v";
  ImportProductsResponse response;
  ASSERT_TRUE(Import({product}, &response).ok());
  // Two messages with the same entries, made in different orders, on the wire.
  const std::string bytes = Get("many-attributes").SerializeAsString();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Get("many-attributes").SerializeAsString(), bytes);
  size_t at = 0;
  std::vector<std::string> names;
  for (const auto& [name, value] : product.attributes()) names.push_back(name);
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    const size_t found = bytes.find("\n" + std::string(1, static_cast<char>(name.size())) + name + "\x12", at);
    ASSERT_NE(found, std::string::npos) << name;
    at = found;
  }
}

}  // namespace
}  // namespace shop::test
