#include <functional>
#include <set>

#include "services/catalog/product_rules.h"
#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace catalog::v1;  // NOLINT: the contract under test
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Stub = catalog::v1::CatalogService::Stub;

class CatalogTest : public testing::Test {
 protected:
  grpc::Status Get(const std::string& id, Product* product) {
    GetProductRequest request;
    request.set_product_id(id);
    return catalog_.Call(&Stub::GetProduct, request, product);
  }

  grpc::Status Create(const Product& product, Product* created) {
    CreateProductRequest request;
    *request.mutable_product() = product;
    return catalog_.Call(&Stub::CreateProduct, request, created);
  }

  grpc::Status Update(const Product& product, const std::vector<std::string>& mask, Product* updated) {
    UpdateProductRequest request;
    *request.mutable_product() = product;
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return catalog_.Call(&Stub::UpdateProduct, request, updated);
  }

  SearchProductsResponse Search(const std::string& query, int page_size = 100, const std::string& token = "") {
    SearchProductsRequest request;
    request.set_query(query);
    request.set_page_size(page_size);
    request.set_page_token(token);
    SearchProductsResponse response;
    EXPECT_TRUE(catalog_.Call(&Stub::SearchProducts, request, &response).ok());
    return response;
  }

  Folder folder_;
  Catalog catalog_{{.data = folder_.path()}};
};

Product Full() {
  Product product;
  product.set_product_id("full");
  product.set_title("Full");
  product.add_authors("Ann");
  product.add_authors("Bob");
  product.set_publisher("Press");
  product.set_isbn("193239458X");
  product.set_description("Two\nlines");
  product.set_page_count(7);
  product.set_publish_date("2020-02-29");
  product.set_category(Product::FICTION);
  product.add_tags("b");
  product.add_tags("a");
  product.set_image_url("https://x.example/y");
  (*product.mutable_attributes())["binding"] = "";
  (*product.mutable_attributes())["colour"] = "gr\u00fcn";
  return product;
}

// What callers may set.
std::string Written(Product product) {
  product.clear_create_time();
  product.clear_update_time();
  return product.DebugString();
}

TEST_F(CatalogTest, GetKnowsTheBookEverybodyLooksFor) {
  Product product;
  ASSERT_TRUE(Get("pojos-in-action", &product).ok());
  EXPECT_EQ(product.title(), "POJOs in Action");
  EXPECT_THAT(product.authors(), ElementsAre("Chris Richardson"));
  EXPECT_EQ(product.publisher(), "Manning");
  EXPECT_EQ(product.isbn(), "1932394583");
  EXPECT_EQ(product.publish_date(), "2006-01-31");
  EXPECT_EQ(product.attributes().at("binding"), "paperback");
  EXPECT_GT(product.create_time().seconds(), 0);
}

TEST_F(CatalogTest, MissingProductsAreNotFoundWithTheirNames) {
  Product product;
  ExpectResource(Get("no-such-book", &product), grpc::StatusCode::NOT_FOUND, "shop.catalog.v1.Product", "no-such-book");
  Product update;
  update.set_product_id("no-such-book");
  update.set_title("T");
  ExpectResource(Update(update, {}, &product), grpc::StatusCode::NOT_FOUND, "shop.catalog.v1.Product", "no-such-book");
  DeleteProductRequest request;
  request.set_product_id("no-such-book");
  google::protobuf::Empty empty;
  ExpectResource(catalog_.Call(&Stub::DeleteProduct, request, &empty), grpc::StatusCode::NOT_FOUND,
                 "shop.catalog.v1.Product", "no-such-book");
}

TEST_F(CatalogTest, CreatedProductsAreKeptWholeAndCanBeDeletedOnce) {
  Product created;
  ASSERT_TRUE(Create(Full(), &created).ok());
  EXPECT_EQ(Written(created), Written(Full()));
  EXPECT_GT(created.create_time().seconds(), 1'700'000'000);
  Product read;
  ASSERT_TRUE(Get("full", &read).ok());
  EXPECT_EQ(read.DebugString(), created.DebugString());
  ExpectResource(Create(Full(), &created), grpc::StatusCode::ALREADY_EXISTS, "shop.catalog.v1.Product", "full");

  DeleteProductRequest request;
  request.set_product_id("full");
  google::protobuf::Empty empty;
  EXPECT_TRUE(catalog_.Call(&Stub::DeleteProduct, request, &empty).ok());
  EXPECT_EQ(Get("full", &read).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(catalog_.Call(&Stub::DeleteProduct, request, &empty).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(Create(Full(), &created).ok());
}

TEST_F(CatalogTest, AnIdIsMadeFromTheTitle) {
  Product product;
  product.set_title("  Ed's Book: 2nd (Ed.)");
  Product created;
  ASSERT_TRUE(Create(product, &created).ok());
  EXPECT_EQ(created.product_id(), "eds-book-2nd-ed");
}

TEST_F(CatalogTest, WrongFieldsAreAllNamed) {
  struct Case {
    const char* name;
    std::function<void(Product&)> spoil;
    std::vector<std::string> violations;
  };
  const Case cases[] = {
      {"no title", [](Product& p) { p.clear_title(); }, {"product.title REQUIRED"}},
      {"long title", [](Product& p) { p.set_title(std::string(501, 'x')); }, {"product.title INVALID_LENGTH"}},
      {"control character", [](Product& p) { p.add_tags("a\x1f"); }, {"product.tags[2] INVALID_CHARACTER"}},
      {"bad id", [](Product& p) { p.set_product_id("a/b"); }, {"product.product_id INVALID_ID"}},
      {"title without letters",
       [](Product& p) {
         p.clear_product_id();
         p.set_title("!!!");
       },
       {"product.product_id REQUIRED"}},
      {"isbn", [](Product& p) { p.set_isbn("X932394583"); }, {"product.isbn INVALID_ISBN"}},
      {"no such day", [](Product& p) { p.set_publish_date("2021-02-29"); }, {"product.publish_date INVALID_DATE"}},
      {"short date", [](Product& p) { p.set_publish_date("2021-2-9"); }, {"product.publish_date INVALID_DATE"}},
      {"category",
       [](Product& p) { p.set_category(static_cast<Product::Category>(99)); },
       {"product.category UNKNOWN_VALUE"}},
      {"empty author", [](Product& p) { p.add_authors(""); }, {"product.authors[2] REQUIRED"}},
      {"two at once",
       [](Product& p) {
         p.set_page_count(-1);
         p.clear_title();
       },
       {"product.title REQUIRED", "product.page_count OUT_OF_RANGE"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Product product = Full();
    c.spoil(product);
    Product created;
    ExpectViolations(Create(product, &created), c.violations);
  }
}

TEST_F(CatalogTest, UpdateChangesWhatTheMaskNames) {
  struct Case {
    const char* name;
    std::vector<std::string> mask;
    std::function<void(Product&)> change;  // from Full() to what is expected
  };
  const Case cases[] = {
      {"one field", {"title"}, [](Product& p) { p.set_title("New"); }},
      {"a field without a value is cleared", {"description"}, [](Product& p) { p.clear_description(); }},
      {"a list is replaced",
       {"authors"},
       [](Product& p) {
         p.clear_authors();
         p.add_authors("Cy");
       }},
      {"a map is replaced",
       {"attributes"},
       [](Product& p) {
         p.clear_attributes();
         (*p.mutable_attributes())["k"] = "v";
       }},
      {"without a mask all that has a value",
       {},
       [](Product& p) {
         p.set_title("New");
         p.clear_authors();
         p.add_authors("Cy");
         p.clear_attributes();
         (*p.mutable_attributes())["k"] = "v";
       }},
      {"everything",
       {"*"},
       [](Product& p) {
         const std::string id = p.product_id();
         p.Clear();
         p.set_product_id(id);
         p.set_title("New");
         p.add_authors("Cy");
         (*p.mutable_attributes())["k"] = "v";
       }},
      {"what only the service sets is left alone",
       {"product_id", "create_time", "update_time.seconds"},
       [](Product&) {}},
  };
  int number = 0;
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Product expected = Full();
    expected.set_product_id("full-" + std::to_string(++number));
    Product created;
    ASSERT_TRUE(Create(expected, &created).ok());
    Product source;
    source.set_product_id(expected.product_id());
    source.set_title("New");
    source.add_authors("Cy");
    (*source.mutable_attributes())["k"] = "v";
    source.mutable_create_time()->set_seconds(1);
    Product updated;
    ASSERT_TRUE(Update(source, c.mask, &updated).ok());
    c.change(expected);
    EXPECT_EQ(Written(updated), Written(expected));
    EXPECT_EQ(updated.create_time().DebugString(), created.create_time().DebugString());
    Product read;
    ASSERT_TRUE(Get(expected.product_id(), &read).ok());
    EXPECT_EQ(read.DebugString(), updated.DebugString());
  }
}

TEST_F(CatalogTest, RefusedUpdatesChangeNothing) {
  struct Case {
    const char* name;
    std::vector<std::string> mask;
    std::vector<std::string> violations;
  };
  const Case cases[] = {
      {"unknown field", {"titel"}, {"update_mask UNKNOWN_FIELD"}},
      {"unknown beside known",
       {"title", "nope", "title.x"},
       {"update_mask UNKNOWN_FIELD", "update_mask UNKNOWN_FIELD"}},
      {"star beside others", {"*", "title"}, {"update_mask UNKNOWN_FIELD"}},
      {"required field cleared", {"title"}, {"product.title REQUIRED"}},
  };
  Product before;
  ASSERT_TRUE(Get("pojos-in-action", &before).ok());
  Product source;
  source.set_product_id("pojos-in-action");
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    source.set_title(c.violations[0] == "product.title REQUIRED" ? "" : "New");
    Product updated;
    ExpectViolations(Update(source, c.mask, &updated), c.violations);
    Product after;
    ASSERT_TRUE(Get("pojos-in-action", &after).ok());
    EXPECT_EQ(after.DebugString(), before.DebugString());
  }
}

TEST_F(CatalogTest, PagesShowEveryProductOnceInOrder) {
  for (const int page_size : {0, 1, 7, 100, 1000}) {
    SCOPED_TRACE(page_size);
    std::vector<std::string> ids;
    ListProductsRequest request;
    request.set_page_size(page_size);
    do {
      ListProductsResponse response;
      ASSERT_TRUE(catalog_.Call(&Stub::ListProducts, request, &response).ok());
      const int most = page_size == 0 ? 20 : std::min(page_size, 100);
      EXPECT_LE(response.products_size(), most);
      if (!response.next_page_token().empty()) EXPECT_EQ(response.products_size(), most);
      for (const Product& product : response.products()) ids.push_back(product.product_id());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_THAT(ids, SizeIs(300));
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
  }
}

TEST_F(CatalogTest, PagesGoOnWhenTheirLastProductIsDeleted) {
  ListProductsRequest request;
  request.set_page_size(2);
  ListProductsResponse first;
  ASSERT_TRUE(catalog_.Call(&Stub::ListProducts, request, &first).ok());
  request.set_page_token(first.next_page_token());
  ListProductsResponse second;
  ASSERT_TRUE(catalog_.Call(&Stub::ListProducts, request, &second).ok());
  DeleteProductRequest remove;
  remove.set_product_id(first.products(1).product_id());
  google::protobuf::Empty empty;
  ASSERT_TRUE(catalog_.Call(&Stub::DeleteProduct, remove, &empty).ok());
  ListProductsResponse again;
  ASSERT_TRUE(catalog_.Call(&Stub::ListProducts, request, &again).ok());
  EXPECT_EQ(again.DebugString(), second.DebugString());
}

TEST_F(CatalogTest, WrongPagesAreRefused) {
  ListProductsRequest one;
  one.set_page_size(1);
  ListProductsResponse listed;
  ASSERT_TRUE(catalog_.Call(&Stub::ListProducts, one, &listed).ok());
  std::string mangled = listed.next_page_token();
  mangled[0] = mangled[0] == 'A' ? 'B' : 'A';
  const std::string other = Search("the", 1).next_page_token();
  ASSERT_FALSE(other.empty());

  struct Case {
    const char* name;
    int page_size;
    std::string token;
    std::vector<std::string> violations;
  };
  const Case cases[] = {
      {"negative size", -1, "", {"page_size OUT_OF_RANGE"}},
      {"not a token", 1, "%%%", {"page_token INVALID_PAGE_TOKEN"}},
      {"short token", 1, "AAAA", {"page_token INVALID_PAGE_TOKEN"}},
      {"mangled token", 1, mangled, {"page_token INVALID_PAGE_TOKEN"}},
      {"token of another list", 1, other, {"page_token INVALID_PAGE_TOKEN"}},
      {"both", -1, "x", {"page_size OUT_OF_RANGE", "page_token INVALID_PAGE_TOKEN"}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    ListProductsRequest request;
    request.set_page_size(c.page_size);
    request.set_page_token(c.token);
    ExpectViolations(catalog_.Call(&Stub::ListProducts, request, &listed), c.violations);
  }
}

TEST_F(CatalogTest, SearchFindsWordsWhereverTheyStand) {
  Product product = Full();
  product.set_title("Zyxel Handbook");
  product.set_description("Mentions quuxly once.");
  Product created;
  ASSERT_TRUE(Create(product, &created).ok());
  struct Case {
    const char* query;
    bool found;
  };
  const Case cases[] = {
      {"zyxel", true},         {"ZYX", true},      {"handbook zyxel", true},    {"zyxel quuxly", true},
      {"ann zyxel", true},     {"yxel", false},    {"zyxel NOT quuxly", false}, {"zyxel\" OR \"a", false},
      {"zyxel* -(bob)", true}, {"title:zy", false}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.query);
    const auto response = Search(c.query);
    EXPECT_THAT(response.products(), SizeIs(c.found ? 1 : 0));
    if (c.found && response.products_size() == 1) EXPECT_EQ(response.products(0).product_id(), "full");
  }
  // What a product no longer says is no longer found.
  product.set_title("Other");
  ASSERT_TRUE(Update(product, {"title"}, &created).ok());
  EXPECT_THAT(Search("zyxel").products(), IsEmpty());
  EXPECT_THAT(Search("quuxly").products(), SizeIs(1));
}

TEST_F(CatalogTest, SearchPutsTitlesFirstAndPagesThroughAll) {
  const auto all = Search("action");
  ASSERT_GT(all.products_size(), 3);
  EXPECT_TRUE(all.next_page_token().empty());
  bool in_title = true;
  for (const Product& product : all.products()) {
    const bool has = product.title().find("ction") != std::string::npos;
    EXPECT_TRUE(in_title || !has) << product.title();
    in_title = has;
  }
  SearchProductsResponse paged;
  std::string token;
  do {
    auto page = Search("action", 2, token);
    token = page.next_page_token();
    paged.mutable_products()->MergeFrom(page.products());
  } while (!token.empty());
  EXPECT_EQ(paged.DebugString(), all.DebugString());
}

TEST_F(CatalogTest, SearchNeedsAWord) {
  for (const char* query : {"", "*", " - "}) {
    SCOPED_TRACE(query);
    SearchProductsRequest request;
    request.set_query(query);
    SearchProductsResponse response;
    ExpectViolations(catalog_.Call(&Stub::SearchProducts, request, &response),
                     {*query == '\0' ? "query REQUIRED" : "query NO_WORDS"});
  }
}

TEST_F(CatalogTest, BatchGetAnswersWhatThereIsInTheOrderAsked) {
  ListProductsRequest some;
  some.set_page_size(2);
  ListProductsResponse listed;
  ASSERT_TRUE(catalog_.Call(&Stub::ListProducts, some, &listed).ok());
  const std::string first = listed.products(0).product_id();
  BatchGetProductsRequest request;
  for (const std::string& id : {std::string("pojos-in-action"), std::string("no-such-book"), first, first}) {
    request.add_product_ids(id);
  }
  BatchGetProductsResponse response;
  ASSERT_TRUE(catalog_.Call(&Stub::BatchGetProducts, request, &response).ok());
  ASSERT_THAT(response.products(), SizeIs(2));
  EXPECT_EQ(response.products(0).product_id(), "pojos-in-action");
  EXPECT_EQ(response.products(1).product_id(), first);

  request.add_product_ids("a b");
  ExpectViolations(catalog_.Call(&Stub::BatchGetProducts, request, &response), {"product_ids[4] INVALID_ID"});
  request.clear_product_ids();
  for (int i = 0; i < 101; ++i) request.add_product_ids("x");
  ExpectViolations(catalog_.Call(&Stub::BatchGetProducts, request, &response), {"product_ids TOO_MANY"});
}

TEST_F(CatalogTest, ProductsOutliveTheProcess) {
  Product created;
  Folder folder;
  {
    Catalog before({.data = folder.path()});
    CreateProductRequest request;
    *request.mutable_product() = Full();
    ASSERT_TRUE(before.Call(&Stub::CreateProduct, request, &created).ok());
    DeleteProductRequest remove;
    remove.set_product_id("pojos-in-action");
    google::protobuf::Empty empty;
    ASSERT_TRUE(before.Call(&Stub::DeleteProduct, remove, &empty).ok());
  }
  Catalog after({.data = folder.path()});
  GetProductRequest request;
  request.set_product_id("full");
  Product read;
  ASSERT_TRUE(after.Call(&Stub::GetProduct, request, &read).ok());
  EXPECT_EQ(read.DebugString(), created.DebugString());
  request.set_product_id("pojos-in-action");
  EXPECT_EQ(after.Call(&Stub::GetProduct, request, &read).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(CatalogUpgradeTest, CoversOfAnOlderFileMoveToTheShopsOwnSite) {
  Folder folder;
  ASSERT_TRUE(catalog::CatalogService::Create({.data = folder.path()}).ok());
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open((folder.path() / "catalog.db").c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle,
                         "PRAGMA user_version = 1;"
                         "UPDATE products SET image_url = 'https://images.shop.example/books/pojos-in-action.jpg'"
                         " WHERE product_id = 'pojos-in-action';"
                         "UPDATE products SET image_url = 'https://x.example/y' WHERE product_id LIKE 'practical%'",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(handle);
  Catalog catalog({.data = folder.path()});
  ListProductsRequest request;
  ListProductsResponse response;
  int theirs = 0;
  do {
    ASSERT_TRUE(catalog.Call(&Stub::ListProducts, request, &response).ok());
    for (const Product& product : response.products()) {
      if (product.image_url() == "https://x.example/y") {
        ++theirs;
      } else {
        EXPECT_EQ(product.image_url(), "/covers/" + product.product_id() + ".svg");
      }
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_GT(theirs, 0);
}

}  // namespace
}  // namespace shop::test
