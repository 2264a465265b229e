#include "gateway/compose/page_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::StartsWith;

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "google/protobuf/duration.proto";
import "portico/annotations.proto";

message Request { string id = 1; }
message Product { string id = 1; string title = 2; string seller = 3; }
message Reviews { repeated Review reviews = 1; }
message Review { string text = 1; string author = 2; }
message Author { string name = 1; }
message Price { int32 units = 1; int32 secret = 2; repeated string offers = 3; google.protobuf.Duration valid_for = 4; }
message Stock { int32 available = 1; }
service Shop {
  rpc GetProduct(Request) returns (Product);
  rpc ListReviews(Request) returns (Reviews);
  rpc GetAuthor(Request) returns (Author);
  rpc WatchPrice(Request) returns (stream Price);
  rpc WatchStock(Request) returns (stream Stock);
  rpc WatchOffers(Request) returns (stream Price);
}

message Page {
  string id = 1;
  Product product = 2 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: "id = request.id" required: true }];
  repeated Signed reviews = 3 [(portico.fetch) = { method: "web.Shop/ListReviews" bind: "id = request.id" select: "reviews" }];
  Author seller = 4 [(portico.fetch) = { method: "web.Shop/GetAuthor" bind: "id = self.product.seller" }];
  repeated portico.Omitted omitted = 15;
}
message Signed {
  string text = 1;
  string author = 2;
  Author who = 3 [(portico.fetch) = { method: "web.Shop/GetAuthor" bind: "id = self.author" }];
}
message StrictPage {
  repeated StrictlySigned reviews = 1 [(portico.fetch) = { method: "web.Shop/ListReviews" select: "reviews" }];
  Product product = 2 [(portico.fetch) = { method: "web.Shop/GetProduct" }];
}
message StrictlySigned {
  string author = 2;
  Author who = 3 [(portico.fetch) = { method: "web.Shop/GetAuthor" bind: "id = self.author" required: true }];
}

message Small { int32 units = 7; google.protobuf.Duration valid_for = 8; }
message Live {
  Small price = 1 [(portico.fetch) = { method: "web.Shop/WatchPrice" bind: "id = request.id" }];
  Stock stock = 2 [(portico.fetch) = { method: "web.Shop/WatchStock" bind: "id = request.id" required: true }];
  repeated portico.Omitted omitted = 15;
}
message LiveWithProduct {
  string id = 1;
  Product product = 2 [(portico.fetch) = { method: "web.Shop/GetProduct" bind: "id = request.id" required: true }];
  Author seller = 3 [(portico.fetch) = { method: "web.Shop/GetAuthor" bind: "id = self.product.seller" }];
  int32 units = 4 [(portico.fetch) = { method: "web.Shop/WatchPrice" bind: "id = self.product.seller" select: "units" }];
  repeated string offers = 5 [(portico.fetch) = { method: "web.Shop/WatchOffers" when: "request.id" select: "offers" }];
  repeated portico.Omitted omitted = 15;
}
message LiveOffers {
  int32 units = 1 [(portico.fetch) = { method: "web.Shop/WatchPrice" select: "units" }];
  Stock stock = 2 [(portico.fetch) = { method: "web.Shop/WatchStock" }];
  repeated portico.Omitted omitted = 15;
}
service Web {
  option (portico.facade) = true;
  rpc GetPage(Request) returns (Page);
  rpc GetStrictPage(Request) returns (StrictPage);
  rpc Watch(Request) returns (stream Live);
  rpc WatchOffers(Request) returns (stream LiveOffers);
  rpc WatchProduct(Request) returns (stream LiveWithProduct);
}
)";

// Reads the pages of a composed answer when a test wants one.
class PageStreamTest : public ::testing::Test {
 protected:
  void Open(const std::string& method, const std::string& request = R"({"id":"p"})", const std::string& fields = "") {
    folder_.Write("web.proto", kContracts);
    page_ = std::make_unique<Page>(folder_, method);
    ASSERT_TRUE(page_->ok()) << page_->mistakes();
    fields_ = fields;
    request_ = request;
  }
  FakeServices& services() { return page_->services(); }

  // Starts the call: the services' answers are to be set before.
  void Start() {
    rpc::Payload payload;
    ASSERT_TRUE(
        transcode::JsonToWire(*page_->method().input, page_->schema(), request_, {}, &payload.buffer(), nullptr).ok());
    if (!fields_.empty()) {
      selection_ = *transcode::FieldSelection::Compile(*page_->method().output, fields_);
      page_->context().set_selection(selection_.get());
    }
    page_->worker().Spawn(Begin(this, std::move(payload)));
    page_->Poll();
  }

  // The next page as JSON; "none yet", "end", or the error.
  std::string Next() {
    if (!reading_) {
      reading_ = true;
      read_.reset();
      page_->worker().Spawn(ReadOne(this));
    }
    page_->Poll();
    if (!read_.has_value()) return "none yet";
    reading_ = false;
    return *read_;
  }
  // The same, waiting for it.
  std::string Wait() {
    const auto give_up = net::Clock::now() + std::chrono::seconds(5);
    std::string next = Next();
    while (next == "none yet" && net::Clock::now() < give_up) {
      page_->worker().context().restart();
      page_->worker().context().run_one_until(give_up);
      next = Next();
    }
    return next;
  }

  static Async<void> Begin(PageStreamTest* test, rpc::Payload payload) {
    test->stream_ = *co_await test->page_->composer().Open(test->page_->method(), test->page_->context());
    EXPECT_TRUE((co_await test->stream_->Write(std::move(payload))).ok());
    EXPECT_TRUE((co_await test->stream_->CloseWrite()).ok());
  }
  static Async<void> ReadOne(PageStreamTest* test) {
    std::string message;
    const absl::StatusOr<bool> more = co_await test->stream_->Read(&message);
    std::string json;
    if (more.ok() && *more) {
      const absl::Status written =
          transcode::WireToJson(*test->page_->method().output, test->page_->schema(), message, {}, &json);
      if (!written.ok()) json = written.ToString();
    }
    test->read_ = !more.ok() ? more.status().ToString() : *more ? json : "end";
  }

  portico::testing::TempFolder folder_;
  std::unique_ptr<const transcode::FieldSelection> selection_;
  std::unique_ptr<Page> page_;
  std::unique_ptr<rpc::Stream> stream_;
  std::string request_;
  std::string fields_;
  bool reading_ = false;
  std::optional<std::string> read_;
};

constexpr char kProduct[] = R"({"id":"p","title":"Book","seller":"s"})";

TEST_F(PageStreamTest, RequiredPartsComeFirstAndTheOthersAsTheyAreReady) {
  Open("web.Web/GetPage");
  services().On("web.Shop/GetProduct", kProduct, /*held=*/true);
  services().On("web.Shop/ListReviews", R"({"reviews":[{"text":"good","author":"a"}]})");
  services().On("web.Shop/GetAuthor", R"({"name":"Ann"})", /*held=*/true);
  Start();
  EXPECT_EQ(Next(), "none yet") << "reviews are there, the product is not";
  services().Release("web.Shop/GetProduct");
  EXPECT_EQ(Next(), R"({"id":"p","product":{"id":"p","title":"Book","seller":"s"}})");
  EXPECT_EQ(Next(), "none yet") << "a part is told when all that is fetched within it is there";
  EXPECT_EQ(services().Count("web.Shop/GetAuthor"), 2) << "the calls do not wait for the reader";
  services().Release("web.Shop/GetAuthor");
  EXPECT_EQ(Next(), R"({"reviews":[{"text":"good","author":"a","who":{"name":"Ann"}}]})");
  EXPECT_EQ(Next(), R"({"seller":{"name":"Ann"}})");
  EXPECT_EQ(Next(), "end");
  EXPECT_TRUE(stream_->trailers().empty());
}

TEST_F(PageStreamTest, WhatIsThereWithTheRequiredPartsComesWithThem) {
  Open("web.Web/GetPage");
  services().On("web.Shop/GetProduct", kProduct);
  services().On("web.Shop/ListReviews", R"({"reviews":[{"text":"good"}]})");
  services().On("web.Shop/GetAuthor", R"({"name":"Ann"})");
  Start();
  EXPECT_EQ(Next(), R"({"id":"p","product":{"id":"p","title":"Book","seller":"s"},"reviews":[{"text":"good"}],)"
                    R"("seller":{"name":"Ann"}})");
  EXPECT_EQ(Next(), "end");
}

TEST_F(PageStreamTest, WhatIsOmittedIsToldAtTheEnd) {
  Open("web.Web/GetPage");
  services().On("web.Shop/GetProduct", kProduct);
  services().On("web.Shop/ListReviews", R"({"reviews":[{"text":"good","author":"a"}]})", /*held=*/true);
  Start();
  EXPECT_EQ(Next(), R"({"id":"p","product":{"id":"p","title":"Book","seller":"s"}})");
  EXPECT_EQ(Next(), "none yet") << "the seller has failed, and this is told last";
  services().Release("web.Shop/ListReviews");
  EXPECT_EQ(Next(), R"({"reviews":[{"text":"good","author":"a"}]})");
  EXPECT_EQ(Next(), R"({"omitted":[{"part":"reviews.who","reason":"unavailable"},)"
                    R"({"part":"seller","reason":"unavailable"}]})");
  EXPECT_EQ(Next(), "end");
  EXPECT_THAT(stream_->trailers(),
              ElementsAre(Pair("portico-omitted", "reviews.who;reason=unavailable, seller;reason=unavailable")));
}

TEST_F(PageStreamTest, ARequiredPartThatFailsIsTheOnlyAnswer) {
  Open("web.Web/GetPage");
  services().On(
      "web.Shop/GetProduct", [](const std::string&) { return absl::NotFoundError("none"); }, /*held=*/true);
  services().On("web.Shop/ListReviews", "{}", /*held=*/true);
  Start();
  services().Release("web.Shop/GetProduct");
  EXPECT_EQ(Next(), "NOT_FOUND: none");
  page_->Poll();
  EXPECT_TRUE(services().calls().back().cancelled && services().calls().back().done);
}

TEST_F(PageStreamTest, WhatIsRequiredWithinAListIsWaitedForToo) {
  Open("web.Web/GetStrictPage");
  services().On("web.Shop/GetProduct", kProduct);
  services().On("web.Shop/ListReviews", R"({"reviews":[{"author":"a"}]})", /*held=*/true);
  services().On("web.Shop/GetAuthor", [](const std::string&) { return absl::NotFoundError("nobody"); });
  Start();
  EXPECT_EQ(Next(), "none yet");
  services().Release("web.Shop/ListReviews");
  EXPECT_EQ(Next(), "NOT_FOUND: nobody") << "a failure of the page never comes after its beginning";
}

TEST_F(PageStreamTest, WhenTheTimeIsUpTheRestIsOmitted) {
  Open("web.Web/GetPage");
  page_->context().ShortenDeadline(net::Clock::now() + std::chrono::milliseconds(50));
  services().On("web.Shop/GetProduct", kProduct);
  services().On("web.Shop/ListReviews", R"({"reviews":[{"text":"good","author":"a"}]})");
  services().On("web.Shop/GetAuthor", "{}", /*held=*/true);
  Start();
  EXPECT_EQ(Next(), R"({"id":"p","product":{"id":"p","title":"Book","seller":"s"}})");
  EXPECT_EQ(Wait(), R"({"reviews":[{"text":"good","author":"a"}]})");
  EXPECT_EQ(Next(),
            R"({"omitted":[{"part":"reviews.who","reason":"deadline"},{"part":"seller","reason":"deadline"}]})");
  EXPECT_EQ(Next(), "end");
}

TEST_F(PageStreamTest, WithoutARequiredPartInTimeThereIsNoAnswer) {
  Open("web.Web/GetPage");
  page_->context().ShortenDeadline(net::Clock::now() + std::chrono::milliseconds(20));
  services().On("web.Shop/GetProduct", kProduct, /*held=*/true);
  services().On("web.Shop/ListReviews", "{}");
  Start();
  EXPECT_EQ(Wait(), "DEADLINE_EXCEEDED: the answer was not complete in time");
}

TEST_F(PageStreamTest, AClientThatLeavesCancelsAllCalls) {
  Open("web.Web/GetPage");
  services().On("web.Shop/GetProduct", kProduct);
  services().On("web.Shop/ListReviews", "{}", /*held=*/true);
  services().On("web.Shop/GetAuthor", "{}", /*held=*/true);
  Start();
  Next();
  EXPECT_EQ(Next(), "none yet");
  page_->context().Cancel();
  page_->Poll();
  EXPECT_EQ(Next(), "CANCELLED: the call was cancelled");
  for (const FakeServices::Record& call : services().calls()) EXPECT_TRUE(call.done) << call.method;
}

TEST_F(PageStreamTest, OnlyWhatIsSelectedIsCalledAndTold) {
  Open("web.Web/GetPage", R"({"id":"p"})", "seller");
  services().On("web.Shop/GetProduct", kProduct);
  services().On("web.Shop/GetAuthor", R"({"name":"Ann"})");
  Start();
  EXPECT_EQ(Next(), R"({"id":"p","seller":{"name":"Ann"}})") << "the product is only what the seller needs";
  EXPECT_EQ(Next(), "end");
  EXPECT_EQ(services().Count("web.Shop/ListReviews"), 0);
}

TEST_F(PageStreamTest, StreamsAreMergedAndProjected) {
  Open("web.Web/Watch");
  Start();
  EXPECT_EQ(services().stream("web.Shop/WatchPrice").request, R"({"id":"p"})");
  EXPECT_TRUE(services().stream("web.Shop/WatchPrice").complete);
  EXPECT_EQ(Next(), "none yet");
  services().Send("web.Shop/WatchPrice", R"({"units":12,"secret":1})");
  EXPECT_EQ(Next(), R"({"price":{"units":12}})");
  services().Send("web.Shop/WatchStock", R"({"available":3})");
  services().Send("web.Shop/WatchPrice", R"({"units":11})");
  services().Send("web.Shop/WatchStock", "{}");
  EXPECT_EQ(Next(), R"({"stock":{"available":3}})");
  EXPECT_EQ(Next(), R"({"price":{"units":11}})");
  EXPECT_EQ(Next(), R"({"stock":{}})") << "an empty message is a message";
  services().End("web.Shop/WatchPrice");
  EXPECT_EQ(Next(), "none yet") << "the other one goes on";
  services().Send("web.Shop/WatchStock", R"({"available":2})");
  EXPECT_EQ(Next(), R"({"stock":{"available":2}})");
  services().End("web.Shop/WatchStock");
  EXPECT_EQ(Next(), "end");
}

TEST_F(PageStreamTest, AnOptionalStreamThatFailsIsNamedAndTheRestGoesOn) {
  Open("web.Web/Watch");
  Start();
  services().Send("web.Shop/WatchPrice", R"({"units":12})");
  services().End("web.Shop/WatchPrice", absl::UnavailableError("gone"));
  EXPECT_EQ(Next(), R"({"price":{"units":12}})");
  EXPECT_EQ(Next(), R"({"omitted":[{"part":"price","reason":"unavailable"}]})");
  EXPECT_EQ(Next(), "none yet");
  services().Send("web.Shop/WatchStock", R"({"available":3})");
  EXPECT_EQ(Next(), R"({"stock":{"available":3}})");
  services().End("web.Shop/WatchStock");
  EXPECT_EQ(Next(), "end");
  EXPECT_THAT(stream_->trailers(), ElementsAre(Pair("portico-omitted", "price;reason=unavailable")));
}

TEST_F(PageStreamTest, ARequiredStreamThatFailsEndsAllWithItsStatus) {
  Open("web.Web/Watch");
  Start();
  services().Send("web.Shop/WatchPrice", R"({"units":12})");
  services().End("web.Shop/WatchStock", absl::PermissionDeniedError("not for you"));
  EXPECT_EQ(Next(), "PERMISSION_DENIED: not for you") << "as before any page of a unary call";
  page_->Poll();
  EXPECT_TRUE(services().stream("web.Shop/WatchPrice").cancelled);
}

TEST_F(PageStreamTest, AMalformedMessageIsAFailure) {
  Open("web.Web/Watch");
  Start();
  services().SendWire("web.Shop/WatchPrice", "\x08");
  EXPECT_EQ(Next(), R"({"omitted":[{"part":"price","reason":"malformed"}]})");
  services().Send("web.Shop/WatchStock", R"({"available":3})");
  EXPECT_EQ(Next(), R"({"stock":{"available":3}})");
  services().SendWire("web.Shop/WatchStock", "\x08");
  EXPECT_THAT(Next(), StartsWith("DATA_LOSS: a message for stock is malformed"));
}

TEST_F(PageStreamTest, AMessageWithoutJsonIsAFailure) {
  Open("web.Web/Watch");
  Start();
  services().SendWire("web.Shop/WatchPrice", "\x22\x09\x08\x80\x80\x80\x80\x80\x80\x80\x02");  // of 2^50 s
  EXPECT_EQ(Next(), R"({"omitted":[{"part":"price","reason":"malformed"}]})");
}

TEST_F(PageStreamTest, AReaderThatWaitsStopsTheServices) {
  Open("web.Web/Watch");
  Start();
  for (int i = 1; i <= 5; ++i) {
    services().Send("web.Shop/WatchPrice", absl::StrCat(R"({"units":)", i, "}"));
    services().Send("web.Shop/WatchStock", absl::StrCat(R"({"available":)", i, "}"));
  }
  page_->Poll();
  EXPECT_EQ(services().stream("web.Shop/WatchPrice").taken, 1);
  EXPECT_EQ(services().stream("web.Shop/WatchStock").taken, 1);
  for (int i = 1; i <= 5; ++i) {
    EXPECT_EQ(Next(), absl::StrCat(R"({"price":{"units":)", i, "}}"));
    EXPECT_EQ(Next(), absl::StrCat(R"({"stock":{"available":)", i, "}}")) << "each in its turn";
  }
  EXPECT_EQ(services().stream("web.Shop/WatchPrice").taken, 5);
  EXPECT_EQ(Next(), "none yet");
}

TEST_F(PageStreamTest, AReaderThatGoesCancelsTheStreams) {
  Open("web.Web/Watch");
  Start();
  services().Send("web.Shop/WatchPrice", R"({"units":12})");  // not read: its stream pauses
  page_->Poll();
  stream_.reset();
  page_->Poll();
  EXPECT_TRUE(services().stream("web.Shop/WatchPrice").cancelled);
  EXPECT_TRUE(services().stream("web.Shop/WatchStock").cancelled);
}

TEST_F(PageStreamTest, AClientThatLeavesCancelsTheStreams) {
  Open("web.Web/Watch");
  Start();
  EXPECT_EQ(Next(), "none yet");
  page_->context().Cancel();
  page_->Poll();
  EXPECT_EQ(Next(), "CANCELLED: the call was cancelled");
  EXPECT_TRUE(services().stream("web.Shop/WatchPrice").cancelled);
  EXPECT_TRUE(services().stream("web.Shop/WatchStock").cancelled);
}

TEST_F(PageStreamTest, AStreamOutsideTheSelectionIsNotOpened) {
  Open("web.Web/Watch", R"({"id":"p"})", "price");
  Start();
  EXPECT_EQ(services().stream("web.Shop/WatchStock").request, "");
  services().Send("web.Shop/WatchPrice", R"({"units":12})");
  EXPECT_EQ(Next(), R"({"price":{"units":12}})");
  services().End("web.Shop/WatchPrice");
  EXPECT_EQ(Next(), "end");
}

TEST_F(PageStreamTest, PartsThatDoNotStreamComeOnce) {
  Open("web.Web/WatchProduct");
  services().On("web.Shop/GetProduct", kProduct, /*held=*/true);
  services().On("web.Shop/GetAuthor", R"({"name":"Sam"})", /*held=*/true);
  Start();
  services().Send("web.Shop/WatchOffers", R"({"units":5,"offers":["a","b"]})");
  EXPECT_EQ(Next(), "none yet") << "the product is required";
  services().Release("web.Shop/GetProduct");
  EXPECT_EQ(Next(), R"({"id":"p","product":{"id":"p","title":"Book","seller":"s"}})");
  EXPECT_EQ(services().stream("web.Shop/WatchPrice").request, R"({"id":"s"})") << "it had to wait for the product";
  EXPECT_EQ(Next(), R"({"id":"p","offers":["a","b"]})");
  services().Send("web.Shop/WatchPrice", R"({"units":6})");
  EXPECT_EQ(Next(), R"({"id":"p","units":6})");
  services().Release("web.Shop/GetAuthor");
  EXPECT_EQ(Next(), R"({"id":"p","seller":{"name":"Sam"}})");
}

TEST_F(PageStreamTest, AStreamsTimeIsUpWithItsPolicy) {
  Open("web.Web/Watch");
  page_->context().ShortenDeadline(net::Clock::now() + std::chrono::milliseconds(20));
  services().Send("web.Shop/WatchPrice", R"({"units":12})");
  Start();
  EXPECT_EQ(Next(), R"({"price":{"units":12}})");
  EXPECT_EQ(Wait(), "DEADLINE_EXCEEDED: the answer was not complete in time");
}

TEST_F(PageStreamTest, WhoeverFindsOutThatTheTimeIsUpTheStreamEndsAlike) {
  for (const bool service_first : {true, false}) {
    SCOPED_TRACE(service_first);
    stream_.reset();
    Open("web.Web/WatchOffers");
    page_->context().ShortenDeadline(net::Clock::now());
    services().Send("web.Shop/WatchPrice", R"({"units":12})");
    if (service_first) services().End("web.Shop/WatchStock", absl::DeadlineExceededError("late"));
    Start();
    EXPECT_EQ(Wait(), R"({"omitted":[{"part":"units","reason":"deadline"},{"part":"stock","reason":"deadline"}]})");
    EXPECT_EQ(Wait(), R"({"units":12})");
    EXPECT_EQ(Wait(), "end");
  }
}

TEST_F(PageStreamTest, TakesOneRequest) {
  Open("web.Web/Watch");
  Start();
  absl::Status second;
  page_->worker().Spawn([](rpc::Stream& stream, absl::Status* status) -> Async<void> {
    *status = co_await stream.Write(rpc::Payload());
  }(*stream_, &second));
  page_->Poll();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace portico::compose
