// The seed: how much there is, that it is the same every time, and that the services agree about it.
#include "services/seed/world.h"

#include <fstream>
#include <map>
#include <set>

#include "services/base/sqlite.h"
#include "services/base/validator.h"
#include "services/catalog/product_store.h"
#include "tests/services/harness.h"

namespace shop::test {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// Everything a database holds, table by table.
std::string Dump(const std::filesystem::path& file) {
  // Opened without migrations it would look newer than the program, so this reads past the wrapper.
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  const auto append = [](void* dump, int columns, char** values, char**) {
    for (int i = 0; i < columns; ++i) {
      static_cast<std::string*>(dump)->append(values[i] == nullptr ? "NULL" : values[i]).append("|");
    }
    static_cast<std::string*>(dump)->append("\n");
    return 0;
  };
  std::string tables;
  sqlite3_exec(handle, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", append, &tables, nullptr);
  std::string dump = tables;
  for (size_t at = 0, end = 0; (end = tables.find("|\n", at)) != std::string::npos; at = end + 2) {
    sqlite3_exec(handle, ("SELECT * FROM \"" + tables.substr(at, end - at) + "\"").c_str(), append, &dump, nullptr);
  }
  sqlite3_close(handle);
  return dump;
}

TEST(WorldTest, HasAsMuchOfEverythingAsPromised) {
  const seed::World world = seed::MakeWorld();
  EXPECT_THAT(world.books, SizeIs(300));
  EXPECT_THAT(world.customers, SizeIs(50));
  EXPECT_THAT(world.orders, SizeIs(3000));
  EXPECT_THAT(world.reviews, SizeIs(1500));
  EXPECT_GE(world.offers.size(), world.books.size());
  EXPECT_THAT(world.stock, SizeIs(300));
  EXPECT_EQ(world.customers.front().id, "1");
  EXPECT_EQ(world.customers.back().id, "50");
}

TEST(WorldTest, BooksAreDistinctAndWellFormed) {
  std::set<std::string> ids;
  std::set<std::string> isbns;
  for (const seed::Book& book : seed::MakeWorld().books) {
    SCOPED_TRACE(book.title);
    EXPECT_TRUE(IsId(book.id));
    EXPECT_TRUE(ids.insert(book.id).second);
    EXPECT_TRUE(isbns.insert(book.isbn).second);
    EXPECT_EQ(book.title.find_first_of("{}"), std::string::npos);
    EXPECT_EQ(book.description.find_first_of("{}"), std::string::npos);
    EXPECT_FALSE(book.authors.empty());
    EXPECT_GT(book.price, 0);
    EXPECT_LE(book.price, book.list_price);
    catalog::v1::Product::Category category;
    EXPECT_TRUE(catalog::v1::Product::Category_Parse(book.category, &category));
  }
}

TEST(WorldTest, TheBookEverybodyLooksFor) {
  const seed::World world = seed::MakeWorld();
  const seed::Book& pojos = world.books.front();
  EXPECT_EQ(pojos.id, "pojos-in-action");
  EXPECT_THAT(pojos.authors, ElementsAre("Chris Richardson"));
  const auto about = [](const auto& each) { return each.book == 0; };
  EXPECT_GE(std::count_if(world.reviews.begin(), world.reviews.end(), about), 6);
  EXPECT_GE(std::count_if(world.offers.begin(), world.offers.end(), about), 3);
  EXPECT_TRUE(std::any_of(world.orders.begin(), world.orders.end(), [&](const seed::Order& order) {
    return order.customer == 0 && std::any_of(order.lines.begin(), order.lines.end(), about);
  }));
}

TEST(WorldTest, TimePassesInOrder) {
  const seed::World world = seed::MakeWorld();
  const auto earlier = [](const auto& a, const auto& b) { return a.time < b.time; };
  EXPECT_TRUE(std::is_sorted(world.orders.begin(), world.orders.end(), earlier));
  EXPECT_TRUE(std::is_sorted(world.reviews.begin(), world.reviews.end(), earlier));
}

TEST(WorldTest, IsTheSameOnEveryMachine) {
  // Two figures over everything random: they change when the world does, and only then.
  uint64_t hash = 14695981039346656037u;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  };
  const seed::World world = seed::MakeWorld();
  for (const auto& book : world.books) add(book.id + book.isbn + book.publish_date + std::to_string(book.price));
  for (const auto& customer : world.customers) add(customer.name);
  for (const auto& offer : world.offers) add(std::to_string(offer.price + offer.shipping) + offer.condition);
  for (const auto& order : world.orders) {
    add(std::to_string(order.customer) + std::to_string(order.time) + order.status);
    for (const auto& line : order.lines) add(std::to_string(line.book) + "x" + std::to_string(line.quantity));
  }
  for (const auto& review : world.reviews) add(std::to_string(review.book) + std::to_string(review.time) + review.body);
  EXPECT_EQ(hash, 6279351467629486490u);
  for (const auto& seller : world.sellers) {
    add(seller.country + std::to_string(seller.joined + seller.rating_hundredths * seller.rating_count));
  }
  for (const auto& stock : world.stock) add(std::to_string(stock.available) + stock.restock_date);
  EXPECT_EQ(hash, 14695276761834643035u);
}

template <class Service>
class SeedTest : public testing::Test {};

using Services =
    testing::Types<catalog::CatalogService, pricing::PricingService, reviews::ReviewService, orders::OrderService,
                   inventory::InventoryService, recommendations::RecommendationService, sellers::SellerService>;
TYPED_TEST_SUITE(SeedTest, Services);

TYPED_TEST(SeedTest, TwoSeedsAreEqualAndASecondStartAddsNothing) {
  Folder one;
  Folder two;
  for (const Folder* folder : {&one, &two, &two}) {
    ASSERT_TRUE(TypeParam::Create({.data = folder->path()}).ok());
  }
  const auto dump = [](const Folder& folder) {
    std::string all;
    for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
      if (file.path().extension() == ".db") all += Dump(file.path());
    }
    return all;
  };
  const std::string first = dump(one);
  EXPECT_GT(first.size(), 10'000u);
  EXPECT_TRUE(first == dump(two));
}

TYPED_TEST(SeedTest, WithoutASeedThereIsNothing) {
  Folder folder;
  ASSERT_TRUE(TypeParam::Create({.data = folder.path(), .seed = false}).ok());
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_EQ(Dump(file.path()).find("pojos"), std::string::npos);
  }
}

}  // namespace
}  // namespace shop::test
