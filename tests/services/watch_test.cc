// Server streams: what they begin with, that they miss nothing, and how they end.
#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace std::chrono_literals;  // NOLINT
using inventory::v1::Stock;
using pricing::v1::Price;
using reviews::v1::Review;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr char kPojos[] = "pojos-in-action";

// A watch, opened and known to the service.
template <class Event, class Request>
class Watching {
 public:
  // `open` is a stub's method: [&](context, request) { return stub.WatchStock(context, request); }.
  template <class Open>
  Watching(const std::string& product_id, Open open) {
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    request_.set_product_id(product_id);
    reader_ = open(&context, request_);
    reader_->WaitForInitialMetadata();
  }

  bool Read(Event* event) { return reader_->Read(event); }
  grpc::Status Finish() { return reader_->Finish(); }

  grpc::ClientContext context;

 private:
  Request request_;
  std::unique_ptr<grpc::ClientReader<Event>> reader_;
};

using WatchingStock = Watching<Stock, inventory::v1::WatchStockRequest>;
using WatchingPrice = Watching<Price, pricing::v1::WatchPriceRequest>;
using WatchingReviews = Watching<Review, reviews::v1::WatchReviewsRequest>;

WatchingStock WatchStock(Inventory& inventory, const std::string& product_id) {
  return {product_id,
          [&](auto* context, const auto& request) { return inventory.stub().WatchStock(context, request); }};
}

WatchingReviews WatchReviews(Reviews& reviews, const std::string& product_id) {
  return {product_id,
          [&](auto* context, const auto& request) { return reviews.stub().WatchReviews(context, request); }};
}

Stock SetStock(Inventory& inventory, const std::string& product_id, int available) {
  inventory::v1::SetStockRequest request;
  request.set_product_id(product_id);
  request.mutable_stock()->set_available(available);
  Stock stock;
  EXPECT_TRUE(inventory.Call(&inventory::v1::InventoryService::Stub::SetStock, request, &stock).ok());
  return stock;
}

Review Write(Reviews& reviews, const std::string& product_id, const std::string& title, const std::string& body = "") {
  reviews::v1::CreateReviewRequest request;
  request.set_product_id(product_id);
  request.mutable_review()->set_rating(4);
  request.mutable_review()->set_title(title);
  request.mutable_review()->set_body(body);
  Review review;
  EXPECT_TRUE(reviews.Call(&reviews::v1::ReviewService::Stub::CreateReview, request, &review).ok());
  return review;
}

TEST(WatchTest, StockIsTheStateAndThenEachChange) {
  Folder folder;
  Inventory inventory({.data = folder.path()});
  auto watch = WatchStock(inventory, kPojos);
  Stock stock;
  ASSERT_TRUE(watch.Read(&stock));
  EXPECT_EQ(stock.version(), 1);
  SetStock(inventory, "another-book", 3);
  SetStock(inventory, kPojos, 3);
  ASSERT_TRUE(watch.Read(&stock));
  EXPECT_EQ(stock.product_id(), kPojos);
  EXPECT_EQ(stock.version(), 2);
  EXPECT_EQ(stock.availability(), Stock::LOW_STOCK);

  inventory::v1::ReserveStockRequest reserve;
  reserve.set_product_id(kPojos);
  reserve.set_quantity(3);
  inventory::v1::Reservation reservation;
  using Stub = inventory::v1::InventoryService::Stub;
  ASSERT_TRUE(inventory.Call(&Stub::ReserveStock, reserve, &reservation).ok());
  ASSERT_TRUE(watch.Read(&stock));
  EXPECT_EQ(stock.availability(), Stock::OUT_OF_STOCK);
  EXPECT_EQ(stock.reserved(), 3);
  // What is refused changes nothing, and nobody hears of it.
  EXPECT_FALSE(inventory.Call(&Stub::ReserveStock, reserve, &reservation).ok());
  inventory::v1::ReleaseReservationRequest release;
  release.set_reservation_id(reservation.reservation_id());
  ASSERT_TRUE(inventory.Call(&Stub::ReleaseReservation, release, &reservation).ok());
  ASSERT_TRUE(inventory.Call(&Stub::ReleaseReservation, release, &reservation).ok());
  ASSERT_TRUE(watch.Read(&stock));
  EXPECT_EQ(stock.version(), 4);
  SetStock(inventory, kPojos, 8);
  ASSERT_TRUE(watch.Read(&stock));
  EXPECT_EQ(stock.version(), 5);
}

TEST(WatchTest, AWatchOfNothingIsRefused) {
  Folder folder;
  Inventory inventory({.data = folder.path(), .seed = false});
  Stock stock;
  auto missing = WatchStock(inventory, "no-such-book");
  EXPECT_FALSE(missing.Read(&stock));
  ExpectResource(missing.Finish(), grpc::StatusCode::NOT_FOUND, "shop.inventory.v1.Stock", "no-such-book");
  auto nonsense = WatchStock(inventory, "");
  EXPECT_FALSE(nonsense.Read(&stock));
  ExpectViolations(nonsense.Finish(), {"product_id REQUIRED"});
  EXPECT_TRUE(Eventually([&] { return inventory.service().watcher_count() == 0; }));
}

TEST(WatchTest, PriceFollowsWhatIsSet) {
  Folder folder;
  Pricing pricing({.data = folder.path()});
  WatchingPrice watch(kPojos,
                      [&](auto* context, const auto& request) { return pricing.stub().WatchPrice(context, request); });
  Price price;
  ASSERT_TRUE(watch.Read(&price));
  EXPECT_EQ(price.price().units(), 35);
  pricing::v1::SetPriceRequest request;
  request.set_product_id(kPojos);
  request.mutable_price()->mutable_price()->set_currency_code("USD");
  request.mutable_price()->mutable_price()->set_units(30);
  Price set;
  ASSERT_TRUE(pricing.Call(&pricing::v1::PricingService::Stub::SetPrice, request, &set).ok());
  ASSERT_TRUE(watch.Read(&price));
  EXPECT_EQ(price.DebugString(), set.DebugString());
  watch.context.TryCancel();
  EXPECT_FALSE(watch.Read(&price));
  EXPECT_TRUE(Eventually([&] { return pricing.service().watcher_count() == 0; }));
}

TEST(WatchTest, ReviewsAreOnlyNewOnesOfTheProduct) {
  Folder folder;
  Reviews reviews({.data = folder.path()});
  auto watch = WatchReviews(reviews, kPojos);
  Write(reviews, "another-book", "elsewhere");
  const Review written = Write(reviews, kPojos, "here");
  Review review;
  ASSERT_TRUE(watch.Read(&review));
  EXPECT_EQ(review.DebugString(), written.DebugString());
}

TEST(WatchTest, ManyWatchersHearTheSame) {
  Folder folder;
  Inventory inventory({.data = folder.path()});
  std::vector<std::unique_ptr<WatchingStock>> watches;
  for (int i = 0; i < 200; ++i) {
    watches.push_back(std::make_unique<WatchingStock>(
        kPojos, [&](auto* context, const auto& request) { return inventory.stub().WatchStock(context, request); }));
  }
  EXPECT_EQ(inventory.service().watcher_count(), 200u);
  SetStock(inventory, kPojos, 77);
  for (auto& watch : watches) {
    Stock stock;
    while (stock.available() != 77) ASSERT_TRUE(watch->Read(&stock));
  }
  watches.clear();
  EXPECT_TRUE(Eventually([&] { return inventory.service().watcher_count() == 0; }));
}

TEST(WatchTest, WhileManyChangeItVersionsOnlyGrowAndTheLastArrives) {
  Folder folder;
  Inventory inventory({.data = folder.path()});
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) SetStock(inventory, kPojos, i);
    });
  }
  std::vector<std::thread> readers;
  for (int t = 0; t < 4; ++t) {
    readers.emplace_back([&] {
      auto watch = WatchStock(inventory, kPojos);
      int64_t version = 0;
      while (version < 1 + kThreads * kEach) {
        Stock stock;
        ASSERT_TRUE(watch.Read(&stock));
        ASSERT_GT(stock.version(), version);
        version = stock.version();
      }
    });
  }
  for (std::thread& thread : writers) thread.join();
  for (std::thread& thread : readers) thread.join();
}

TEST(WatchTest, WhoReadsReviewsTooSlowlyIsTold) {
  Folder folder;
  Reviews reviews({.data = folder.path(), .seed = false});
  auto slow = WatchReviews(reviews, kPojos);
  auto patient = WatchReviews(reviews, "another-book");
  const std::string body(10'000, 'x');
  for (int i = 0; i < 800; ++i) Write(reviews, kPojos, "long", body);
  Review review;
  int read = 0;
  while (slow.Read(&review)) ++read;
  EXPECT_LT(read, 800);
  const grpc::Status status = slow.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
  EXPECT_EQ(DetailOf<google::rpc::ErrorInfo>(status)->reason(), "SLOW_READER");
  // The others are not disturbed.
  Write(reviews, "another-book", "short");
  ASSERT_TRUE(patient.Read(&review));
  EXPECT_EQ(review.title(), "short");
}

TEST(WatchTest, AStopEndsWatchesAtOnce) {
  Folder folder;
  Inventory inventory({.data = folder.path()});
  auto watch = WatchStock(inventory, kPojos);
  Stock stock;
  ASSERT_TRUE(watch.Read(&stock));
  const auto start = Clock::now();
  std::thread stop([&] { inventory.server().Stop(5min); });
  EXPECT_FALSE(watch.Read(&stock));
  const grpc::Status status = watch.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("stops"));
  stop.join();
  EXPECT_LT(Clock::now() - start, 1min);
  EXPECT_EQ(inventory.service().watcher_count(), 0u);
}

TEST(WatchTest, AWatchAfterTheEndOfStreamsIsRefused) {
  Folder folder;
  Inventory inventory({.data = folder.path()});
  inventory.service().EndStreams();
  auto watch = WatchStock(inventory, kPojos);
  Stock stock;
  EXPECT_FALSE(watch.Read(&stock));
  EXPECT_EQ(watch.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(WatchTest, ADelayHoldsBackTheBeginning) {
  Folder folder;
  Inventory inventory({.data = folder.path(), .delay = 100ms});
  const auto start = Clock::now();
  auto watch = WatchStock(inventory, kPojos);
  Stock stock;
  ASSERT_TRUE(watch.Read(&stock));
  EXPECT_GE(Clock::now() - start, 100ms);
}

TEST(WatchTest, WhoLeavesBeforeTheBeginningIsNotWaitedFor) {
  Folder folder;
  Inventory inventory({.data = folder.path(), .delay = 10min, .seed = false});
  {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 50ms);
    inventory::v1::WatchStockRequest request;
    request.set_product_id(kPojos);
    const auto reader = inventory.stub().WatchStock(&context, request);
    Stock stock;
    EXPECT_FALSE(reader->Read(&stock));
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  }
  const auto start = Clock::now();
  inventory.server().Stop(5min);
  EXPECT_LT(Clock::now() - start, 1min);
}

}  // namespace
}  // namespace shop::test
