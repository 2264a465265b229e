#include "services/seed/world.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "services/base/slug.h"
#include "services/seed/words.h"

namespace shop::seed {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kOpened = 1'640'995'200 * kSecond;  // 2022-01-01
constexpr size_t kPojos = 0;
constexpr size_t kPojosReviews = 8;

// Numbers that are the same everywhere. The engine's are; those of the standard distributions are not.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}

  // 0 to count - 1. REQUIRES: count > 0.
  size_t Below(size_t count) { return static_cast<size_t>(engine_() % count); }

  // least to most, both included.
  int Between(int least, int most) { return least + static_cast<int>(Below(static_cast<size_t>(most - least + 1))); }

  template <class List>
  const auto& Pick(const List& list) {
    return list[Below(std::size(list))];
  }

  // Small numbers more often than large ones: some books are read by many.
  size_t Skewed(size_t count) { return std::min(Below(count), Below(count)); }

 private:
  std::mt19937_64 engine_;
};

std::string Fill(std::string_view text, std::string_view topic, const Genre& genre, Dice& dice) {
  std::string filled;
  std::string_view before;  // so that "{n} and {n}" are two
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{') {
      filled += text[i];
      continue;
    }
    std::string_view word = topic;
    if (text[i + 1] == 'n') {
      do word = dice.Pick(genre.nouns);
      while (word == before);
      before = word;
    } else if (text[i + 1] == 'a') {
      word = dice.Pick(genre.adjectives);
    }
    filled += word;
    i += 2;
  }
  if (!filled.empty() && filled[0] >= 'a' && filled[0] <= 'z') filled[0] = static_cast<char>(filled[0] - 'a' + 'A');
  return filled;
}

// "Under a Amber Ferry" becomes "Under an Amber Ferry".
std::string FixArticle(std::string title) {
  constexpr std::string_view kVowels = "AEIOU";
  for (const std::string_view article : {std::string_view("A "), std::string_view(" a ")}) {
    for (size_t at = title.find(article); at != std::string::npos; at = title.find(article, at + 1)) {
      const size_t next = at + article.size();
      const bool starts_word = at == 0 || article[0] == ' ' || title[at - 1] == ' ';
      if (starts_word && next < title.size() && kVowels.find(title[next]) != std::string_view::npos) {
        title.insert(next - 1, "n");
      }
    }
  }
  return title;
}

std::string Isbn13(Dice& dice) {
  std::string digits = "979";
  while (digits.size() < 12) digits += static_cast<char>('0' + dice.Below(10));
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) sum += (digits[i] - '0') * (i % 2 == 0 ? 1 : 3);
  return digits + static_cast<char>('0' + (10 - sum % 10) % 10);
}

std::string Name(Dice& dice) {
  std::string name(dice.Pick(FirstNames()));
  return name.append(" ").append(dice.Pick(LastNames()));
}

void SetPrice(Book& book, int64_t list_price, int discount_percent) {
  book.list_price = list_price;
  book.discount_percent = discount_percent;
  book.price = (list_price * (100 - discount_percent) + 50) / 100;
}

Book PojosInAction() {
  Book book;
  book.id = "pojos-in-action";
  book.title = "POJOs in Action";
  book.authors = {"Chris Richardson"};
  book.publisher = "Manning";
  book.isbn = "1932394583";
  book.description =
      "Building enterprise applications from plain objects and lightweight frameworks: how to structure the business "
      "logic, how to reach the database, and how to keep both testable.";
  book.page_count = 592;
  book.publish_date = "2006-01-31";
  book.category = "ARCHITECTURE";
  book.tags = {"architecture", "java", "software"};
  book.binding = "paperback";
  book.language = "en";
  SetPrice(book, 4495, 20);
  return book;
}

Book MakeBook(const Genre& genre, Dice& dice) {
  Book book;
  const std::string_view topic = dice.Pick(genre.topics);
  book.title = FixArticle(Fill(dice.Pick(genre.titles), topic, genre, dice));
  book.id = Slug(book.title);
  for (int i = dice.Between(0, 9) < 7 ? 1 : 2; i > 0; --i) book.authors.push_back(Name(dice));
  book.publisher = dice.Pick(Publishers());
  book.isbn = Isbn13(dice);
  book.description = Fill(dice.Pick(genre.descriptions), topic, genre, dice);
  book.page_count = dice.Between(12, 72) * 8;
  const int year = dice.Between(1998, 2021);
  const int month = dice.Between(1, 12);
  book.publish_date = absl::StrFormat("%04d-%02d-%02d", year, month, dice.Between(1, 28));
  book.category = genre.category;
  const size_t first_tag = dice.Below(genre.tags.size());
  for (size_t i = 0; i < 3; ++i) book.tags.emplace_back(genre.tags[(first_tag + i) % genre.tags.size()]);
  book.binding = dice.Below(3) == 0 ? "hardcover" : "paperback";
  book.language = "en";
  const int64_t list_price = dice.Between(9, 69) * 100 + 95;
  SetPrice(book, list_price, dice.Between(0, 8) * 5);
  return book;
}

void MakeBooks(World& world, Dice& dice) {
  world.books.push_back(PojosInAction());
  std::set<std::string> taken = {world.books[kPojos].id};
  while (world.books.size() < kBooks) {
    Book book = MakeBook(Genres()[world.books.size() % Genres().size()], dice);
    if (taken.insert(book.id).second) world.books.push_back(std::move(book));
  }
}

void MakeCustomers(World& world, Dice& dice) {
  std::set<std::string> taken;
  while (world.customers.size() < kCustomers) {
    std::string name = Name(dice);
    if (taken.insert(name).second) {
      world.customers.push_back({std::to_string(world.customers.size() + 1), std::move(name)});
    }
  }
}

void MakeOffers(World& world, Dice& dice) {
  for (const std::string_view name : Sellers()) world.sellers.push_back({.id = Slug(name), .name = std::string(name)});
  constexpr std::pair<std::string_view, int> kConditions[] = {
      {"NEW", 96}, {"LIKE_NEW", 80}, {"USED", 55}, {"USED", 40}, {"COLLECTIBLE", 160}};
  for (size_t book = 0; book < world.books.size(); ++book) {
    const int64_t price = world.books[book].price;
    world.offers.push_back({book, 0, "NEW", price, 0, 2});
    const int others = book == kPojos ? 4 : dice.Between(0, 4);
    const size_t first_seller = dice.Below(world.sellers.size() - 1);
    for (int i = 0; i < others; ++i) {
      const auto& [condition, percent] = dice.Pick(kConditions);
      const size_t seller = 1 + (first_seller + static_cast<size_t>(i)) % (world.sellers.size() - 1);
      const int64_t asked = std::max<int64_t>(99, price * (percent + dice.Between(-8, 8)) / 100);
      world.offers.push_back(
          {book, seller, std::string(condition), asked, dice.Between(0, 5) * 100 + 99, dice.Between(1, 14)});
    }
  }
}

void MakeOrders(World& world, Dice& dice) {
  int64_t time = kOpened;
  for (size_t i = 0; i < kOrders; ++i) {
    // 3,000 orders at 3 to 11 hours from one to the next: until the spring of 2024.
    time += dice.Between(3 * 3600, 11 * 3600) * kSecond;
    Order order;
    order.customer = dice.Below(kCustomers);
    order.time = time;
    order.status = dice.Below(25) == 0 ? "CANCELLED"
                   : i + 20 > kOrders  ? "PLACED"
                   : i + 60 > kOrders  ? "SHIPPED"
                                       : "DELIVERED";
    std::set<size_t> bought;
    for (int lines = dice.Between(1, 4); lines > 0; --lines) bought.insert(dice.Skewed(kBooks));
    // Every hundredth order is the first customer's, and the first of those has the one book everybody looks for.
    if (i % 100 == 17) order.customer = 0;
    if (i % 1000 == 17) {
      bought.insert(kPojos);
      order.status = "DELIVERED";
    }
    for (const size_t book : bought) order.lines.push_back({book, dice.Below(8) == 0 ? 2 : 1});
    world.orders.push_back(std::move(order));
  }
}

void MakeReviews(World& world, Dice& dice) {
  // When each customer first bought each book: reviews are written after that, or unverified.
  std::map<std::pair<size_t, size_t>, int64_t> bought;
  for (const Order& order : world.orders) {
    for (const OrderLine& line : order.lines) bought.try_emplace({order.customer, line.book}, order.time);
  }
  std::set<std::pair<size_t, size_t>> written;
  const int64_t last = world.orders.back().time;
  while (world.reviews.size() < kReviews) {
    const size_t book = world.reviews.size() < kPojosReviews ? kPojos : dice.Skewed(kBooks);
    const size_t customer = dice.Below(kCustomers);
    if (!written.emplace(customer, book).second) continue;
    constexpr int kRatings[] = {1, 2, 3, 3, 4, 4, 4, 5, 5, 5};
    Review review;
    review.book = book;
    review.customer = customer;
    review.rating = book == kPojos ? dice.Between(4, 5) : dice.Pick(kRatings);
    review.title = dice.Pick(ReviewTitles(review.rating));
    review.body = dice.Pick(ReviewBodies(review.rating));
    const auto purchase = bought.find({customer, book});
    review.verified = purchase != bought.end();
    review.time = review.verified ? purchase->second + dice.Between(2, 40) * kDay
                                  : kOpened + static_cast<int64_t>(dice.Below(static_cast<size_t>(last - kOpened)));
    review.time += dice.Between(0, 86399) * kSecond;
    world.reviews.push_back(std::move(review));
  }
  std::stable_sort(world.reviews.begin(), world.reviews.end(),
                   [](const Review& a, const Review& b) { return a.time < b.time; });
}

void RateSellers(World& world, Dice& dice) {
  constexpr std::string_view kCountries[] = {"US", "US", "US", "CA", "GB", "DE"};
  for (Seller& seller : world.sellers) {
    seller.joined = kOpened - dice.Between(0, 1500) * kDay;
    seller.country = dice.Pick(kCountries);
    seller.rating_hundredths = dice.Between(310, 495);
    seller.rating_count = dice.Between(3, 60) * dice.Between(3, 60);
  }
}

void MakeStock(World& world, Dice& dice) {
  const int64_t counted = world.orders.back().time;
  for (size_t book = 0; book < world.books.size(); ++book) {
    // Of ten books one is out of stock and two are nearly so.
    const size_t luck = book == kPojos ? 9 : dice.Below(10);
    Stock stock = {book, luck == 0 ? 0 : luck <= 2 ? dice.Between(1, 5) : dice.Between(6, 120), "", counted};
    if (luck == 0) {
      const int month = dice.Between(5, 9);
      stock.restock_date = absl::StrFormat("2024-%02d-%02d", month, dice.Between(1, 28));
    }
    world.stock.push_back(std::move(stock));
  }
}

}  // namespace

World MakeWorld() {
  Dice dice(20060131);
  World world;
  world.opened = kOpened;
  MakeBooks(world, dice);
  MakeCustomers(world, dice);
  MakeOffers(world, dice);
  MakeOrders(world, dice);
  MakeReviews(world, dice);
  // What came later throws dice of its own, so that everything before stays as it was.
  Dice later(20120801);
  RateSellers(world, later);
  MakeStock(world, later);
  return world;
}

}  // namespace shop::seed
