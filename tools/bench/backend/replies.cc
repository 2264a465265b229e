#include "tools/bench/backend/replies.h"

#include <cstdint>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/text_format.h"
#include "shop/catalog/v1/catalog.pb.h"
#include "shop/inventory/v1/inventory.pb.h"
#include "shop/pricing/v1/pricing.pb.h"
#include "shop/recommendations/v1/recommendations.pb.h"
#include "shop/reviews/v1/reviews.pb.h"
#include "shop/sellers/v1/sellers.pb.h"

namespace bench {
namespace {

// The bytes in front of a gRPC message: whether it is compressed, and its length in big-endian.
constexpr size_t kFrame = 5;

// A product of a usual size: its JSON is 0.8 kB.
constexpr char kProduct[] = R"pb(
  product_id: "pojos-in-action"
  title: "POJOs in Action: Developing Enterprise Applications with Lightweight Frameworks"
  authors: "Chris Richardson"
  publisher: "Manning Publications"
  isbn: "9781932394580"
  description: "How to build enterprise applications from plain objects: domain models, transaction scripts, "
               "persistence with and without an object-relational mapper, transactions, locking, and when a "
               "facade earns its keep. With examples that run — and a “why” for every decision."
  page_count: 592
  publish_date: "2006-01-31"
  category: PROGRAMMING
  tags: "java"
  tags: "persistence"
  tags: "architecture"
  image_url: "/covers/pojos-in-action.svg"
  create_time { seconds: 1700000000 nanos: 120000000 }
  update_time { seconds: 1705000000 nanos: 500000000 }
  attributes { key: "binding" value: "paperback" }
  attributes { key: "language" value: "en" }
)pb";

constexpr char kReview[] = R"pb(
  product_id: "pojos-in-action"
  customer_id: "17"
  author_name: "Ada"
  rating: 4
  title: "Clear, and to the point"
  body: "Explains the trade-offs instead of the fashion. The chapter on \"optimistic locking\" alone is worth it."
  create_time { seconds: 1701234567 nanos: 250000000 }
  verified_purchase: true
)pb";

constexpr char kPrice[] = R"pb(
  product_id: "pojos-in-action"
  list_price { currency_code: "USD" units: 44 nanos: 950000000 }
  price { currency_code: "USD" units: 35 nanos: 960000000 }
  discount_percent: 20
  update_time { seconds: 1704000000 }
)pb";

constexpr char kStock[] = R"pb(
  product_id: "pojos-in-action"
  available: 42
  reserved: 3
  version: 7
  update_time { seconds: 1704500000 nanos: 1000000 }
  availability: IN_STOCK
)pb";

constexpr char kSeller[] = R"pb(
  seller {
    seller_id: "paper-harbour"
    name: "Paper Harbour"
    rating: 4.5
    rating_count: 1280
    country_code: "US"
    create_time { seconds: 1500000000 }
  }
  score: 0.875
  price { currency_code: "USD" units: 33 nanos: 500000000 }
  shipping { currency_code: "USD" units: 3 nanos: 990000000 }
  delivery_days: 4
)pb";

template <class M>
M Parse(const char* text) {
  M message;
  // A constant of this file: a mistake in it is one in the program.
  if (!google::protobuf::TextFormat::ParseFromString(text, &message)) std::abort();
  return message;
}

// The message behind its frame.
std::string Framed(const google::protobuf::Message& message) {
  const std::string bytes = message.SerializeAsString();
  const auto size = static_cast<uint32_t>(bytes.size());
  std::string framed = {0, static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                        static_cast<char>(size)};
  return framed + bytes;
}

shop::reviews::v1::ListReviewsResponse Reviews(int count, size_t body_size) {
  shop::reviews::v1::ListReviewsResponse list;
  for (int i = 0; i < count; ++i) {
    auto* review = list.add_reviews();
    *review = Parse<shop::reviews::v1::Review>(kReview);
    review->set_review_id(absl::StrFormat("rev-%06d", 1000 - i));
    const std::string sentence = review->body();
    while (review->body().size() < body_size) absl::StrAppend(review->mutable_body(), " ", sentence);
    if (body_size > 0) review->mutable_body()->resize(body_size);
  }
  list.set_next_page_token("cmV2LTAwMDk5MA");
  list.set_total_size(1234);
  return list;
}

// The products of a list of twenty, in its order.
constexpr int kListed = 20;

std::string ListedId(int i) {
  return absl::StrFormat("listed-book-%02d", i + 1);
}

// A batch's reply: `message` for every product of the list, added by `add`.
template <class Reply, class M>
std::string FramedForAll(M message, M* (Reply::*add)()) {
  Reply reply;
  for (int i = 0; i < kListed; ++i) {
    message.set_product_id(ListedId(i));
    *(reply.*add)() = message;
  }
  return Framed(reply);
}

}  // namespace

absl::string_view Method::ReplyTo(absl::string_view framed_request) const {
  if (by_key.empty() || framed_request.size() <= kFrame) return reply;
  const absl::string_view message = framed_request.substr(kFrame);
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()),
                                            static_cast<int>(message.size()));
  // Fields come in any order.
  constexpr uint32_t kKey = 1 << 3 | 2;
  for (uint32_t tag = in.ReadTag(); tag != 0; tag = in.ReadTag()) {
    uint32_t size = 0;
    uint64_t skipped = 0;
    if ((tag & 7) == 2) {
      if (!in.ReadVarint32(&size)) break;
      if (tag == kKey) {
        const auto found = by_key.find(message.substr(static_cast<size_t>(in.CurrentPosition()), size));
        return found == by_key.end() ? reply : found->second;
      }
      if (!in.Skip(static_cast<int>(size))) break;
    } else if ((tag & 7) != 0 || !in.ReadVarint64(&skipped)) {
      break;
    }
  }
  return reply;
}

absl::flat_hash_map<std::string, Method> MakeMethods() {
  using shop::catalog::v1::Product;
  absl::flat_hash_map<std::string, Method> methods;

  // One long text: its JSON is 1,000 bytes.
  Product text;
  text.set_product_id("text-1k");
  text.set_description(std::string(1000 - sizeof(R"({"productId":"text-1k","description":""})") + 1, 'x'));
  methods["/shop.catalog.v1.CatalogService/GetProduct"] = {Framed(Parse<Product>(kProduct)),
                                                           {{"text-1k", Framed(text)}}};

  // 100 reviews whose JSON is about 1,000 bytes each.
  methods["/shop.reviews.v1.ReviewService/ListReviews"] = {
      Framed(Reviews(10, 0)), {{"list-100k", Framed(Reviews(100, 750))}, {"three-reviews", Framed(Reviews(3, 0))}}};

  shop::reviews::v1::ReviewSummary summary;
  summary.set_product_id("pojos-in-action");
  summary.set_average_rating(4.25);
  summary.set_review_count(1234);
  methods["/shop.reviews.v1.ReviewService/GetReviewSummary"] = {Framed(summary), {}};

  auto review = Parse<shop::reviews::v1::Review>(kReview);
  review.set_review_id("rev-001001");
  methods["/shop.reviews.v1.ReviewService/CreateReview"] = {Framed(review), {}};

  methods["/shop.pricing.v1.PricingService/GetPrice"] = {Framed(Parse<shop::pricing::v1::Price>(kPrice)), {}};
  methods["/shop.inventory.v1.InventoryService/GetStock"] = {Framed(Parse<shop::inventory::v1::Stock>(kStock)), {}};

  shop::sellers::v1::RankSellersResponse sellers;
  for (int rank = 1; rank <= 3; ++rank) {
    auto* seller = sellers.add_sellers();
    *seller = Parse<shop::sellers::v1::RankedSeller>(kSeller);
    seller->set_rank(rank);
  }
  methods["/shop.sellers.v1.SellerService/RankSellers"] = {Framed(sellers), {}};

  shop::recommendations::v1::ListAlsoBoughtResponse listed;
  for (int i = 0; i < kListed; ++i) {
    auto* item = listed.add_items();
    item->set_product_id(ListedId(i));
    item->set_times(100 - i);
    item->set_score(0.5);
  }
  methods["/shop.recommendations.v1.RecommendationService/ListAlsoBought"] = {Framed(listed), {}};
  using shop::catalog::v1::BatchGetProductsResponse;
  using shop::inventory::v1::BatchGetStockResponse;
  using shop::pricing::v1::BatchGetPricesResponse;
  methods["/shop.catalog.v1.CatalogService/BatchGetProducts"] = {
      FramedForAll(Parse<Product>(kProduct), &BatchGetProductsResponse::add_products), {}};
  methods["/shop.pricing.v1.PricingService/BatchGetPrices"] = {
      FramedForAll(Parse<shop::pricing::v1::Price>(kPrice), &BatchGetPricesResponse::add_prices), {}};
  methods["/shop.inventory.v1.InventoryService/BatchGetStock"] = {
      FramedForAll(Parse<shop::inventory::v1::Stock>(kStock), &BatchGetStockResponse::add_stock), {}};
  return methods;
}

}  // namespace bench
