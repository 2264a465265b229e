#include <map>
#include <set>

#include "services/seed/world.h"
#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace recommendations::v1;  // NOLINT: the contract under test
using testing::IsEmpty;
using testing::SizeIs;
using Stub = recommendations::v1::RecommendationService::Stub;

constexpr char kPojos[] = "pojos-in-action";

class RecommendationsTest : public testing::Test {
 protected:
  ListAlsoBoughtResponse AlsoBought(const std::string& product_id, int page_size, const std::string& token = "") {
    ListAlsoBoughtRequest request;
    request.set_product_id(product_id);
    request.set_page_size(page_size);
    request.set_page_token(token);
    ListAlsoBoughtResponse response;
    EXPECT_TRUE(recommendations_.Call(&Stub::ListAlsoBought, request, &response).ok());
    return response;
  }

  ListBoughtTogetherResponse BoughtTogether(const std::string& product_id, int page_size,
                                            const std::string& token = "") {
    ListBoughtTogetherRequest request;
    request.set_product_id(product_id);
    request.set_page_size(page_size);
    request.set_page_token(token);
    ListBoughtTogetherResponse response;
    EXPECT_TRUE(recommendations_.Call(&Stub::ListBoughtTogether, request, &response).ok());
    return response;
  }

  Folder folder_;
  Recommendations recommendations_{{.data = folder_.path()}};
};

// Which books were bought by whom, or in which order; counted here the slow way.
using Baskets = std::map<size_t, std::set<size_t>>;

std::map<std::string, int> With(const seed::World& world, const Baskets& baskets, size_t book) {
  std::map<std::string, int> times;
  for (const auto& [key, books] : baskets) {
    if (!books.contains(book)) continue;
    for (const size_t other : books) {
      if (other != book) ++times[world.books[other].id];
    }
  }
  return times;
}

template <class List>
void ExpectListed(const seed::World& world, const Baskets& baskets, size_t book, List list) {
  const std::map<std::string, int> expected = With(world, baskets, book);
  double all = 0;
  for (const auto& [key, books] : baskets) all += books.contains(book) ? 1 : 0;
  std::map<std::string, int> listed;
  int before = std::numeric_limits<int>::max();
  std::string token;
  do {
    const auto page = list(token);
    EXPECT_LE(page.items_size(), 100);
    for (const Recommendation& item : page.items()) {
      EXPECT_TRUE(listed.emplace(item.product_id(), item.times()).second) << item.product_id();
      EXPECT_LE(item.times(), before);
      EXPECT_DOUBLE_EQ(item.score(), item.times() / all);
      before = item.times();
    }
    token = page.next_page_token();
  } while (!token.empty());
  EXPECT_FALSE(listed.empty());
  EXPECT_EQ(listed, expected);
}

TEST_F(RecommendationsTest, AlsoBoughtIsWhatOneCustomerHasBought) {
  const seed::World world = seed::MakeWorld();
  Baskets customers;
  for (const seed::Order& order : world.orders) {
    if (order.status == "CANCELLED") continue;
    for (const seed::OrderLine& line : order.lines) customers[order.customer].insert(line.book);
  }
  for (const size_t book : {0, 7, 150}) {
    SCOPED_TRACE(world.books[book].id);
    ExpectListed(world, customers, book,
                 [&](const std::string& token) { return AlsoBought(world.books[book].id, 100, token); });
  }
}

TEST_F(RecommendationsTest, BoughtTogetherIsWhatOneOrderHas) {
  const seed::World world = seed::MakeWorld();
  Baskets orders;
  for (size_t i = 0; i < world.orders.size(); ++i) {
    if (world.orders[i].status == "CANCELLED") continue;
    for (const seed::OrderLine& line : world.orders[i].lines) orders[i].insert(line.book);
  }
  for (const size_t book : {0, 7, 100}) {
    SCOPED_TRACE(world.books[book].id);
    ExpectListed(world, orders, book,
                 [&](const std::string& token) { return BoughtTogether(world.books[book].id, 10, token); });
  }
}

TEST_F(RecommendationsTest, PagesAreBound) {
  EXPECT_THAT(AlsoBought(kPojos, 0).items(), SizeIs(20));
  EXPECT_THAT(AlsoBought(kPojos, 1000).items(), SizeIs(100));
  EXPECT_THAT(AlsoBought("no-such-book", 5).items(), IsEmpty());
  EXPECT_THAT(BoughtTogether("no-such-book", 5).items(), IsEmpty());
}

TEST_F(RecommendationsTest, RefusesNonsense) {
  ListBoughtTogetherRequest request;
  request.set_page_size(-1);
  // A token belongs to its list.
  request.set_page_token(AlsoBought(kPojos, 1).next_page_token());
  ListBoughtTogetherResponse response;
  ExpectViolations(recommendations_.Call(&Stub::ListBoughtTogether, request, &response),
                   {"product_id REQUIRED", "page_size OUT_OF_RANGE", "page_token INVALID_PAGE_TOKEN"});
}

}  // namespace
}  // namespace shop::test
