// The shop's invented world: books, customers, orders, reviews, prices and offers. Each service stores its part of it.
#ifndef PORTICO_SERVICES_SEED_WORLD_H_
#define PORTICO_SERVICES_SEED_WORLD_H_

#include <cstdint>
#include <string>
#include <vector>

namespace shop::seed {

// Amounts are cents of a US dollar, times are microseconds since 1970. References are indexes into the World's lists.
// Names of categories, conditions and statuses are those of the contracts' enums.

struct Book {
  std::string id;
  std::string title;
  std::vector<std::string> authors;
  std::string publisher;
  std::string isbn;
  std::string description;
  int page_count;
  std::string publish_date;
  std::string category;
  std::vector<std::string> tags;
  std::string binding;
  std::string language;
  int64_t list_price;
  int discount_percent;
  int64_t price;
};

struct Customer {
  std::string id;
  std::string name;
};

struct Seller {
  std::string id;
  std::string name;
  int64_t joined = 0;
  std::string country = {};
  int rating_hundredths = 0;  // 100 to 500
  int rating_count = 0;
};

struct Offer {
  size_t book;
  size_t seller;
  std::string condition;
  int64_t price;
  int64_t shipping;
  int delivery_days;
};

struct OrderLine {
  size_t book;
  int quantity;
};

struct Order {
  size_t customer;
  int64_t time;
  std::string status;
  std::vector<OrderLine> lines;
};

struct Review {
  size_t book;
  size_t customer;
  int rating;
  std::string title;
  std::string body;
  int64_t time;
  bool verified;
};

struct Stock {
  size_t book;
  int available;
  std::string restock_date;
  int64_t time;
};

// Everything there is.
struct World {
  int64_t opened;  // when the shop took in its books
  std::vector<Book> books;
  std::vector<Customer> customers;
  std::vector<Seller> sellers;
  std::vector<Offer> offers;
  std::vector<Order> orders;    // oldest first
  std::vector<Review> reviews;  // oldest first
  std::vector<Stock> stock;     // of each book, in their order
};

inline constexpr size_t kBooks = 300;
inline constexpr size_t kCustomers = 50;
inline constexpr size_t kOrders = 3000;
inline constexpr size_t kReviews = 1500;

// Makes the world: kBooks books of which the first is "POJOs in Action", kCustomers customers with the ids "1", "2" and
// so on, of whom the first has bought it, kOrders orders and kReviews reviews. Always the same, on every machine.
World MakeWorld();

}  // namespace shop::seed

#endif  // PORTICO_SERVICES_SEED_WORLD_H_
