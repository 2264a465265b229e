#include <atomic>

#include "tests/services/harness.h"

namespace shop::test {
namespace {

using namespace inventory::v1;  // NOLINT: the contract under test
using testing::SizeIs;
using Stub = inventory::v1::InventoryService::Stub;

constexpr char kPojos[] = "pojos-in-action";

class InventoryTest : public testing::Test {
 protected:
  Stock Get(const std::string& product_id) {
    GetStockRequest request;
    request.set_product_id(product_id);
    Stock stock;
    EXPECT_TRUE(inventory_.Call(&Stub::GetStock, request, &stock).ok());
    return stock;
  }

  grpc::Status Set(const std::string& product_id, int available, int64_t version, Stock* stock) {
    SetStockRequest request;
    request.set_product_id(product_id);
    request.mutable_stock()->set_available(available);
    request.mutable_stock()->set_version(version);
    return inventory_.Call(&Stub::SetStock, request, stock);
  }

  grpc::Status Reserve(const std::string& product_id, int quantity, int64_t version, Reservation* reservation) {
    ReserveStockRequest request;
    request.set_product_id(product_id);
    request.set_quantity(quantity);
    request.set_version(version);
    return inventory_.Call(&Stub::ReserveStock, request, reservation);
  }

  grpc::Status Release(const std::string& reservation_id, Reservation* reservation) {
    ReleaseReservationRequest request;
    request.set_reservation_id(reservation_id);
    return inventory_.Call(&Stub::ReleaseReservation, request, reservation);
  }

  Folder folder_;
  Inventory inventory_{{.data = folder_.path()}};
};

TEST_F(InventoryTest, GetAnswersTheStock) {
  const Stock stock = Get(kPojos);
  EXPECT_EQ(stock.product_id(), kPojos);
  EXPECT_GT(stock.available(), 5);
  EXPECT_EQ(stock.reserved(), 0);
  EXPECT_EQ(stock.version(), 1);
  EXPECT_EQ(stock.availability(), Stock::IN_STOCK);
  EXPECT_GT(stock.update_time().seconds(), 0);
}

TEST_F(InventoryTest, GetRefusesWhatItDoesNotKnow) {
  GetStockRequest request;
  request.set_product_id("no-such-book");
  Stock stock;
  ExpectResource(inventory_.Call(&Stub::GetStock, request, &stock), grpc::StatusCode::NOT_FOUND,
                 "shop.inventory.v1.Stock", "no-such-book");
  request.set_product_id("a b");
  ExpectViolations(inventory_.Call(&Stub::GetStock, request, &stock), {"product_id INVALID_ID"});
}

TEST_F(InventoryTest, BatchGetAnswersWhatThereIs) {
  BatchGetStockRequest request;
  for (const char* id : {"no-such-book", kPojos, kPojos}) request.add_product_ids(id);
  BatchGetStockResponse response;
  ASSERT_TRUE(inventory_.Call(&Stub::BatchGetStock, request, &response).ok());
  ASSERT_THAT(response.stock(), SizeIs(1));
  EXPECT_EQ(response.stock(0).product_id(), kPojos);
  for (int i = 0; i < 100; ++i) request.add_product_ids("x");
  ExpectViolations(inventory_.Call(&Stub::BatchGetStock, request, &response), {"product_ids TOO_MANY"});
}

TEST_F(InventoryTest, AvailabilityFollowsFromTheNumber) {
  for (const auto& [available, expected] : {std::pair(0, Stock::OUT_OF_STOCK), std::pair(1, Stock::LOW_STOCK),
                                            std::pair(5, Stock::LOW_STOCK), std::pair(6, Stock::IN_STOCK)}) {
    Stock stock;
    ASSERT_TRUE(Set("new-book", available, 0, &stock).ok());
    EXPECT_EQ(stock.availability(), expected) << available;
  }
}

TEST_F(InventoryTest, SetChangesOnlyTheVersionSeen) {
  Stock stock;
  ASSERT_TRUE(Set(kPojos, 7, 1, &stock).ok());
  EXPECT_EQ(stock.version(), 2);
  EXPECT_EQ(stock.available(), 7);
  const grpc::Status stale = Set(kPojos, 9, 1, &stock);
  ExpectResource(stale, grpc::StatusCode::ABORTED, "shop.inventory.v1.Stock", kPojos);
  const auto info = DetailOf<google::rpc::ErrorInfo>(stale);
  EXPECT_EQ(info->reason(), "STALE_VERSION");
  EXPECT_EQ(info->metadata().at("version"), "2");
  EXPECT_EQ(info->metadata().at("seen_version"), "1");
  EXPECT_EQ(Get(kPojos).available(), 7);
  EXPECT_EQ(Set("new-book", 1, 3, &stock).error_code(), grpc::StatusCode::ABORTED);
  ASSERT_TRUE(Set("new-book", 1, 0, &stock).ok());
  EXPECT_EQ(stock.version(), 1);
}

TEST_F(InventoryTest, SetRefusesNonsense) {
  SetStockRequest request;
  request.set_product_id("one");
  request.mutable_stock()->set_product_id("two");
  request.mutable_stock()->set_available(-1);
  request.mutable_stock()->set_version(-1);
  request.mutable_stock()->set_restock_date("tomorrow");
  Stock stock;
  ExpectViolations(inventory_.Call(&Stub::SetStock, request, &stock),
                   {"stock.product_id CONTRADICTION", "stock.available OUT_OF_RANGE", "stock.version OUT_OF_RANGE",
                    "stock.restock_date INVALID_DATE"});
}

TEST_F(InventoryTest, ReservedCopiesCanBeGivenBackOnce) {
  const Stock before = Get(kPojos);
  Reservation reservation;
  ASSERT_TRUE(Reserve(kPojos, 2, before.version(), &reservation).ok());
  EXPECT_EQ(reservation.reservation_id(), "res-000001");
  EXPECT_EQ(reservation.state(), Reservation::HELD);
  EXPECT_EQ(reservation.quantity(), 2);
  EXPECT_EQ(reservation.stock_version(), before.version() + 1);
  EXPECT_EQ(Get(kPojos).available(), before.available() - 2);
  EXPECT_EQ(Get(kPojos).reserved(), 2);
  for (const int64_t version : {before.version() + 2, int64_t{0}}) {
    Reservation released;
    ASSERT_TRUE(Release("res-000001", &released).ok());
    EXPECT_EQ(released.state(), Reservation::RELEASED);
    EXPECT_EQ(released.stock_version(), version);
    EXPECT_EQ(Get(kPojos).available(), before.available());
    EXPECT_EQ(Get(kPojos).reserved(), 0);
  }
  ExpectResource(Release("res-000002", &reservation), grpc::StatusCode::NOT_FOUND, "shop.inventory.v1.Reservation",
                 "res-000002");
  ExpectResource(Release("res-1", &reservation), grpc::StatusCode::NOT_FOUND, "shop.inventory.v1.Reservation", "res-1");
}

TEST_F(InventoryTest, ReserveRefusesWhatItCannotKeep) {
  Stock stock;
  ASSERT_TRUE(Set(kPojos, 3, 0, &stock).ok());
  Reservation reservation;
  const grpc::Status scarce = Reserve(kPojos, 4, 0, &reservation);
  EXPECT_EQ(scarce.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  const auto failure = DetailOf<google::rpc::PreconditionFailure>(scarce);
  ASSERT_TRUE(failure.has_value());
  ASSERT_THAT(failure->violations(), SizeIs(1));
  EXPECT_EQ(failure->violations(0).type(), "NOT_ENOUGH_STOCK");
  EXPECT_EQ(failure->violations(0).subject(), "shop.inventory.v1.Stock/pojos-in-action");
  // Who has seen another number learns that first.
  EXPECT_EQ(Reserve(kPojos, 4, 1, &reservation).error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(Reserve("no-such-book", 1, 0, &reservation).error_code(), grpc::StatusCode::NOT_FOUND);
  ExpectViolations(Reserve(kPojos, 0, -1, &reservation), {"quantity OUT_OF_RANGE", "version OUT_OF_RANGE"});
  EXPECT_EQ(Get(kPojos).version(), stock.version());
}

TEST_F(InventoryTest, OfManyWhoReserveNoneGetsACopyTwice) {
  Stock stock;
  ASSERT_TRUE(Set(kPojos, 20, 0, &stock).ok());
  std::atomic<int> got = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5;) {
        // As a careful client does: read, reserve what was seen, and begin again when somebody was faster.
        Reservation reservation;
        const grpc::Status status = Reserve(kPojos, 1, Get(kPojos).version(), &reservation);
        if (status.error_code() == grpc::StatusCode::ABORTED) continue;
        ++i;
        ++(status.ok() ? got : refused);
        if (!status.ok()) {
          EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, 20);
  EXPECT_EQ(refused, 10);
  EXPECT_EQ(Get(kPojos).available(), 0);
  EXPECT_EQ(Get(kPojos).reserved(), 20);
  EXPECT_EQ(Get(kPojos).version(), stock.version() + 20);
}

}  // namespace
}  // namespace shop::test
