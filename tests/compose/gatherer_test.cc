#include "gateway/compose/gatherer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "gateway/rpc/status.h"
#include "tests/compose/fake_services.h"

namespace portico::compose {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kContracts[] = R"(syntax = "proto3";
package web;
import "portico/annotations.proto";
message GetRequest { string product_id = 1; string locale = 2; }
message BatchRequest { string locale = 1; repeated string product_ids = 2; }
message Product { string product_id = 1; string title = 2; }
message BatchReply { repeated Product products = 3; }
message NumberRequest { int32 number = 1; }
message NumbersRequest { repeated int32 numbers = 1; }
message Number { int32 number = 1; }
message Numbers { repeated Number numbers = 1; }
service Shop {
  rpc Get(GetRequest) returns (Product) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (portico.policy) = { gather: { method: "web.Shop/BatchGet"
      batch: { keys: "product_ids" from: "request.product_id" items: "products" item_key: "product_id" } } };
  }
  rpc BatchGet(BatchRequest) returns (BatchReply);
  rpc GetNumber(NumberRequest) returns (Number) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (portico.policy) = { gather: { method: "web.Shop/BatchGetNumbers"
      batch: { keys: "numbers" from: "request.number" items: "numbers" item_key: "number" } } };
  }
  rpc BatchGetNumbers(NumbersRequest) returns (Numbers);
}
)";

constexpr char kBoth[] = R"({"products":[{"productId":"b","title":"B"},{"productId":"a","title":"A"}]})";

// What a call came with.
struct Seen {
  rpc::Metadata metadata;
  const rpc::Attributes* claims;
  net::Deadline deadline;
  bool optional;
};

// Notes what calls come with, and adds metadata to replies.
class Watched final : public rpc::Handler {
 public:
  explicit Watched(rpc::Handler& next) : next_(next) {}
  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override {
    seen.push_back({context.metadata(), context.claims(), context.deadline(), context.optional()});
    absl::StatusOr<rpc::Reply> reply = co_await next_.Call(method, std::move(request), context);
    if (reply.ok()) reply->headers = headers;
    co_return reply;
  }
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override {
    return next_.Open(method, context);
  }

  std::deque<Seen> seen;
  rpc::Metadata headers;

 private:
  rpc::Handler& next_;
};

class GathererTest : public ::testing::Test {
 protected:
  struct Caller {
    explicit Caller(net::Worker& worker, net::Deadline deadline) : context(worker, deadline) {}
    rpc::Context context;
    std::optional<absl::StatusOr<rpc::Reply>> reply;
    std::function<void()> then;  // on the stack of the answer
  };

  GathererTest() {
    folder_.Write("web.proto", kContracts);
    schema_ = schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder_.path(), {}}}, diagnostics_);
  }

  // The window closes with so many keys, or after `within`; time plays no part unless the test says so.
  void Start(size_t max_keys, net::Clock::duration within = hours(1), const std::string& method = "web.Shop/Get") {
    ASSERT_NE(schema_, nullptr) << diagnostics_.ToString();
    method_ = schema_->FindMethod(method);
    const auto compiled = CompileGather(*method_, *schema_, diagnostics_);
    ASSERT_NE(compiled, nullptr) << diagnostics_.ToString();
    plan_ = *compiled;
    plan_.max_keys = max_keys;
    plan_.within = within;
    services_ = std::make_unique<FakeServices>(*schema_);
    twin_ = std::make_unique<Watched>(*services_);
    gatherer_ = std::make_unique<Gatherer>(plan_, *services_, *twin_, counts_, 1);
  }

  Caller& NewCaller(net::Clock::duration time = seconds(60)) {
    return callers_.emplace_back(worker_, net::Clock::now() + time);
  }
  Caller& NewCaller(const rpc::Metadata& metadata, const rpc::Attributes* claims = nullptr) {
    Caller& caller = NewCaller();
    caller.context.set_metadata(std::make_shared<rpc::Metadata>(metadata));
    caller.context.set_claims(claims);
    return caller;
  }
  void AskWire(Caller& caller, const std::string& wire) {
    worker_.Spawn(Run(this, &caller, rpc::Payload::Copy(wire)));
    Poll();
  }
  Caller& Ask(Caller& caller, const std::string& json) {
    std::string wire;
    EXPECT_TRUE(transcode::JsonToWire(*method_->input, *schema_, json, {}, &wire, nullptr).ok()) << json;
    AskWire(caller, wire);
    return caller;
  }
  Caller& Ask(const std::string& key) { return Ask(NewCaller(), absl::StrCat("{\"productId\":\"", key, "\"}")); }

  void Poll() {
    worker_.context().restart();
    worker_.context().poll();
  }
  // Runs the loop until all have their answers.
  void Wait() {
    const auto end = net::Clock::now() + seconds(20);
    const auto waiting = [](const Caller& caller) { return !caller.reply.has_value(); };
    while (std::any_of(callers_.begin(), callers_.end(), waiting) && net::Clock::now() < end) {
      worker_.context().restart();
      worker_.context().run_one_until(end);
    }
  }

  std::string Told(const Caller& caller) const {
    if (!caller.reply.has_value()) return "none yet";
    if (!caller.reply->ok()) return caller.reply->status().ToString();
    std::string json;
    EXPECT_TRUE(transcode::WireToJson(*method_->output, *schema_, (*caller.reply)->message, {}, &json).ok());
    return json;
  }

  // The calls that services got: "BatchGet {...}".
  std::vector<std::string> Calls() const {
    std::vector<std::string> calls;
    for (const FakeServices::Record& call : services_->calls()) {
      calls.push_back(absl::StrCat(call.method.substr(call.method.find('/') + 1), " ", call.request));
    }
    return calls;
  }

  static Async<void> Run(GathererTest* test, Caller* caller, rpc::Payload request) {
    caller->reply = co_await test->gatherer_->Call(*test->method_, std::move(request), caller->context);
    if (caller->then) caller->then();
  }

  portico::testing::TempFolder folder_;
  schema::Diagnostics diagnostics_;
  std::shared_ptr<const schema::Schema> schema_;
  const schema::Method* method_ = nullptr;
  GatherPlan plan_;
  GatherCounts counts_;
  net::Worker worker_{0};
  std::unique_ptr<FakeServices> services_;
  std::unique_ptr<Watched> twin_;
  std::unique_ptr<Gatherer> gatherer_;
  std::deque<Caller> callers_;
};

TEST_F(GathererTest, KeysOfSeveralRequestsBecomeOneCallAndEachGetsItsOwnItem) {
  Start(3);
  services_->On("web.Shop/BatchGet", kBoth);
  const Caller& a = Ask("a");
  const Caller& missing = Ask("missing");
  EXPECT_THAT(Calls(), IsEmpty());
  const Caller& b = Ask("b");
  EXPECT_THAT(Calls(), ElementsAre(R"(BatchGet {"productIds":["a","missing","b"]})"));
  EXPECT_EQ(Told(a), R"({"productId":"a","title":"A"})");
  EXPECT_EQ(Told(b), R"({"productId":"b","title":"B"})");
  EXPECT_EQ(Told(missing), "NOT_FOUND: there is no web.Product of this product_id");
  EXPECT_EQ(counts_.keys(), 3u);
  EXPECT_EQ(counts_.callers(), 3u);
  EXPECT_EQ(counts_.buckets()[2], 1u) << "3 to 5 keys";
  // What comes after goes into a call of its own.
  Caller& later = Ask("a");
  EXPECT_EQ(services_->calls().size(), 1u);
  later.context.Cancel();
}

TEST_F(GathererTest, CallersWithTheSameKeyShareIt) {
  Start(2);
  services_->On("web.Shop/BatchGet", kBoth);
  const Caller& first = Ask("a");
  const Caller& second = Ask("a");
  const Caller& other = Ask("b");
  EXPECT_THAT(Calls(), ElementsAre(R"(BatchGet {"productIds":["a","b"]})"));
  EXPECT_EQ(Told(first), R"({"productId":"a","title":"A"})");
  EXPECT_EQ(Told(second), Told(first));
  EXPECT_EQ(Told(other), R"({"productId":"b","title":"B"})");
  EXPECT_EQ(counts_.keys(), 2u);
  EXPECT_EQ(counts_.callers(), 3u);
}

TEST_F(GathererTest, TheCallIsMadeAtOnceForAsManyCallersAsMayShareOne) {
  Start(1000);
  services_->On("web.Shop/BatchGet", kBoth);
  for (size_t i = 1; i < Gatherer::kMostCallers; ++i) Ask("a");
  EXPECT_THAT(Calls(), IsEmpty());
  Ask("a");
  EXPECT_THAT(Calls(), ElementsAre(R"(BatchGet {"productIds":["a"]})"));
  for (const Caller& caller : callers_) EXPECT_EQ(Told(caller), R"({"productId":"a","title":"A"})");
}

TEST_F(GathererTest, WhatCameInTheWindowIsCalledWhenItCloses) {
  Start(100, milliseconds(1));
  services_->On("web.Shop/BatchGet", kBoth);
  // Without a turn of the loop between them.
  for (const char* key : {"a", "b"}) {
    Caller& caller = NewCaller();
    std::string wire;
    ASSERT_TRUE(transcode::JsonToWire(*method_->input, *schema_, absl::StrCat("{\"productId\":\"", key, "\"}"), {},
                                      &wire, nullptr)
                    .ok());
    worker_.Spawn(Run(this, &caller, rpc::Payload::Copy(wire)));
  }
  Wait();
  EXPECT_THAT(Calls(), ElementsAre(R"(BatchGet {"productIds":["a","b"]})"));
}

TEST_F(GathererTest, ACallThatStaysAloneGoesToTheMethodItself) {
  Start(100, milliseconds(1));
  services_->On("web.Shop/Get", [](const std::string&) { return absl::NotFoundError("in its own words"); });
  const Caller& a = Ask("a");
  Wait();
  EXPECT_THAT(Calls(), ElementsAre(R"(Get {"productId":"a"})"));
  EXPECT_EQ(Told(a), "NOT_FOUND: in its own words");
  EXPECT_EQ(counts_.keys(), 0u);
}

TEST_F(GathererTest, RequestsThatDifferInMoreThanTheKeyAreNotPutTogether) {
  Start(2);
  services_->On("web.Shop/BatchGet", kBoth);
  Ask(NewCaller(), R"({"productId":"a","locale":"de"})");
  Ask(NewCaller(), R"({"productId":"a","locale":"en"})");
  Ask(NewCaller(), R"({"productId":"b"})");
  EXPECT_THAT(Calls(), IsEmpty());
  Ask(NewCaller(), R"({"productId":"b","locale":"en"})");
  Ask(NewCaller(), R"({"locale":"de","productId":"b"})");
  Ask(NewCaller(), R"({"productId":"a"})");
  EXPECT_THAT(Calls(), ElementsAre(R"(BatchGet {"locale":"en","productIds":["a","b"]})",
                                   R"(BatchGet {"locale":"de","productIds":["a","b"]})",
                                   R"(BatchGet {"productIds":["b","a"]})"));
}

TEST_F(GathererTest, NumbersAreKeysToo) {
  Start(2, hours(1), "web.Shop/GetNumber");
  services_->On("web.Shop/BatchGetNumbers", R"({"numbers":[{"number":300},{"number":-1}]})");
  const Caller& one = Ask(NewCaller(), R"({"number":-1})");
  const Caller& other = Ask(NewCaller(), R"({"number":300})");
  EXPECT_THAT(Calls(), ElementsAre(R"(BatchGetNumbers {"numbers":[-1,300]})"));
  EXPECT_EQ(Told(one), R"({"number":-1})");
  EXPECT_EQ(Told(other), R"({"number":300})");
}

// ---- who calls

TEST_F(GathererTest, CallersThatServicesCanTellApartNeverShareACall) {
  const FixedAttributes alice({{"portico.frontend", "web"}, {"sub", "alice"}, {"scope", "read"}});
  const FixedAttributes alice_again({{"portico.frontend", "web"}, {"sub", "alice"}, {"scope", "read"}, {"jti", "2"}});
  const FixedAttributes bob({{"portico.frontend", "web"}, {"sub", "bob"}, {"scope", "read"}});
  const FixedAttributes admin({{"portico.frontend", "web"}, {"sub", "alice"}, {"scope", "read write"}});
  const FixedAttributes elsewhere({{"portico.frontend", "mobile"}, {"sub", "alice"}, {"scope", "read"}});
  const FixedAttributes untold({{"sub", "alice"}});
  const FixedAttributes untold_bob({{"sub", "bob"}});
  const struct {
    const char* name;
    rpc::Metadata metadata;
    const rpc::Attributes* claims;
    rpc::Metadata other_metadata;
    const rpc::Attributes* other_claims;
    bool together;
  } cases[] = {
      {"nobody", {}, nullptr, {}, nullptr, true},
      {"forwarded tokens", {{"authorization", "Bearer a"}}, nullptr, {{"authorization", "Bearer b"}}, nullptr, false},
      {"one forwarded token", {{"authorization", "Bearer a"}}, nullptr, {}, nullptr, false},
      {"the same token", {{"authorization", "Bearer a"}}, nullptr, {{"authorization", "Bearer a"}}, nullptr, true},
      {"any metadata", {{"tenant", "1"}}, nullptr, {{"tenant", "2"}}, nullptr, false},
      {"languages", {{"accept-language", "de"}}, nullptr, {{"accept-language", "en"}}, nullptr, false},
      {"ends of names", {{"a", "1b=1:2"}}, nullptr, {{"a", "1"}, {"b", "2"}}, nullptr, false},
      {"request ids", {{"x-request-id", "1"}}, nullptr, {{"x-request-id", "2"}}, nullptr, true},
      {"traces", {{"traceparent", "1"}}, nullptr, {{"traceparent", "2"}, {"tracestate", "x"}}, nullptr, true},
      {"minted: two people", {}, &alice, {}, &bob, false},
      {"minted: scopes", {}, &alice, {}, &admin, false},
      {"minted: frontends", {}, &alice, {}, &elsewhere, false},
      {"minted: nobody", {}, &alice, {}, nullptr, false},
      {"minted: one person", {}, &alice, {}, &alice_again, true},
      {"not told to services", {}, &untold, {}, &untold_bob, true},
      {"claims as metadata",
       {},
       &alice,
       {{"claim.portico.frontend", "web"}, {"claim.sub", "alice"}, {"claim.scope", "read"}},
       nullptr,
       false},
      {"claims as metadata, by another name",
       {},
       &alice,
       {{"portico.frontend", "web"}, {"sub", "alice"}, {"scope", "read"}},
       nullptr,
       false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Start(2);
    services_->On("web.Shop/BatchGet", kBoth);
    services_->On("web.Shop/Get", R"({"productId":"alone"})");
    Caller& one = Ask(NewCaller(c.metadata, c.claims), R"({"productId":"a"})");
    Caller& other = Ask(NewCaller(c.other_metadata, c.other_claims), R"({"productId":"b"})");
    EXPECT_EQ(services_->Count("web.Shop/BatchGet"), c.together ? 1 : 0);
    if (c.together) {
      EXPECT_EQ(twin_->seen[0].metadata, c.metadata) << "as the first";
      EXPECT_EQ(twin_->seen[0].claims, c.claims);
    }
    one.context.Cancel();
    other.context.Cancel();
    Poll();
  }
}

TEST_F(GathererTest, OfAReplysMetadataOnlyCacheControlIsForAll) {
  Start(2);
  services_->On("web.Shop/BatchGet", kBoth);
  twin_->headers = {{"set-cookie", "session=1"}, {"cache-control", "no-store"}, {"x-served-by", "one"}};
  const Caller& a = Ask("a");
  Ask("b");
  EXPECT_EQ((*a.reply)->headers, (rpc::Metadata{{"cache-control", "no-store"}}));
}

TEST_F(GathererTest, ACallIsOptionalWhenItIsForAll) {
  Start(2);
  services_->On("web.Shop/BatchGet", kBoth);
  for (const bool second : {true, false}) {
    Caller& a = NewCaller();
    a.context.set_optional();
    Caller& b = NewCaller();
    if (second) b.context.set_optional();
    Ask(a, R"({"productId":"a"})");
    Ask(b, R"({"productId":"b"})");
    EXPECT_EQ(twin_->seen.back().optional, second);
  }
}

// ---- leaving

TEST_F(GathererTest, WhoIsCancelledLeavesTheOthersUndisturbed) {
  Start(3);
  services_->On("web.Shop/BatchGet", kBoth, /*held=*/true);
  Caller& early = Ask("early");
  const Caller& a = Ask("a");
  early.context.Cancel();
  EXPECT_EQ(Told(early), "CANCELLED: the call was cancelled");
  Caller& late = Ask("late");
  EXPECT_EQ(services_->calls().size(), 1u);
  late.context.Cancel();
  EXPECT_EQ(Told(late), "CANCELLED: the call was cancelled");
  EXPECT_FALSE(services_->calls()[0].cancelled);
  services_->Release("web.Shop/BatchGet");
  EXPECT_EQ(Told(a), R"({"productId":"a","title":"A"})");
}

TEST_F(GathererTest, WhenAllHaveLeftTheCallIsCancelled) {
  Start(2);
  services_->On("web.Shop/BatchGet", kBoth, /*held=*/true);
  Caller& a = Ask("a");
  Caller& b = Ask("b");
  ASSERT_EQ(services_->calls().size(), 1u);
  a.context.Cancel();
  EXPECT_FALSE(services_->calls()[0].cancelled);
  b.context.Cancel();
  EXPECT_TRUE(services_->calls()[0].cancelled);
  EXPECT_TRUE(services_->calls()[0].done);
}

TEST_F(GathererTest, WhenAllHaveLeftBeforeTheCallThereIsNone) {
  Start(2, milliseconds(1));
  Caller& a = Ask("a");
  a.context.Cancel();
  EXPECT_EQ(Told(a), "CANCELLED: the call was cancelled");
  // The next one's window is a new one.
  services_->On("web.Shop/Get", R"({"productId":"b"})");
  const Caller& b = Ask("b");
  Wait();
  EXPECT_THAT(Calls(), ElementsAre(R"(Get {"productId":"b"})"));
  EXPECT_EQ(Told(b), R"({"productId":"b"})");
}

TEST_F(GathererTest, TheCallMayTakeAsLongAsWhoCanWaitLongest) {
  Start(3);
  services_->On("web.Shop/BatchGet", kBoth, /*held=*/true);
  const Caller& hasty = Ask(NewCaller(milliseconds(5)), R"({"productId":"a"})");
  const Caller& patient = Ask(NewCaller(seconds(50)), R"({"productId":"b"})");
  Ask(NewCaller(seconds(20)), R"({"productId":"c"})");
  ASSERT_EQ(twin_->seen.size(), 1u);
  EXPECT_EQ(twin_->seen[0].deadline, patient.context.deadline());
  while (!hasty.reply.has_value()) {
    worker_.context().restart();
    worker_.context().run_one();
  }
  EXPECT_EQ(hasty.reply->status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_FALSE(services_->calls()[0].cancelled);
  services_->Release("web.Shop/BatchGet");
  EXPECT_EQ(Told(patient), R"({"productId":"b","title":"B"})");
}

TEST_F(GathererTest, AnAnswerMayLeadToAnotherCallersLeaving) {
  Start(3);
  services_->On("web.Shop/BatchGet", kBoth, /*held=*/true);
  Caller& a = Ask("a");
  Caller& b = Ask("b");
  Caller& c = Ask("c");
  a.then = [&] { b.context.Cancel(); };
  services_->Release("web.Shop/BatchGet");
  EXPECT_EQ(Told(a), R"({"productId":"a","title":"A"})");
  EXPECT_EQ(Told(b), "CANCELLED: the call was cancelled");
  EXPECT_THAT(Told(c), HasSubstr("NOT_FOUND"));
}

// ---- failures

TEST_F(GathererTest, WhatIsTheServicesTroubleIsEverybodys) {
  for (const absl::StatusCode code : {absl::StatusCode::kUnavailable, absl::StatusCode::kInternal,
                                      absl::StatusCode::kUnknown, absl::StatusCode::kDeadlineExceeded,
                                      absl::StatusCode::kResourceExhausted, absl::StatusCode::kUnauthenticated}) {
    Start(2);
    services_->On("web.Shop/BatchGet", [&](const std::string&) { return absl::Status(code, "trouble"); });
    const Caller& a = Ask("a");
    const Caller& b = Ask("b");
    EXPECT_EQ(a.reply->status(), absl::Status(code, "trouble"));
    EXPECT_EQ(b.reply->status(), a.reply->status());
    EXPECT_EQ(services_->calls().size(), 1u);
  }
}

TEST_F(GathererTest, AKeyThatTheServiceRefusesIsNoneOfTheOthersBusiness) {
  for (const absl::StatusCode code :
       {absl::StatusCode::kInvalidArgument, absl::StatusCode::kNotFound, absl::StatusCode::kOutOfRange,
        absl::StatusCode::kFailedPrecondition, absl::StatusCode::kPermissionDenied, absl::StatusCode::kUnimplemented}) {
    Start(2);
    const absl::Status refused(code, "a bad key");
    services_->On("web.Shop/BatchGet", [&](const std::string&) { return refused; });
    services_->On("web.Shop/Get", [&](const std::string& request) -> absl::StatusOr<std::string> {
      if (request == R"({"productId":"bad"})") return refused;
      return request;
    });
    const Caller& a = Ask("a");
    const Caller& bad = Ask("bad");
    EXPECT_THAT(Calls(), ElementsAre(R"(BatchGet {"productIds":["a","bad"]})", R"(Get {"productId":"a"})",
                                     R"(Get {"productId":"bad"})"));
    EXPECT_EQ(Told(a), R"({"productId":"a"})");
    EXPECT_EQ(bad.reply->status(), refused);
  }
}

TEST_F(GathererTest, AMalformedReplyIsEverybodysBadGateway) {
  for (const std::string& wire : {std::string("\x1a\x7f"), std::string("\x1a\x04\x0a\x02\xff\xfe")}) {
    Start(2);
    services_->OnWire("web.Shop/BatchGet", wire);
    const Caller& a = Ask("a");
    const Caller& b = Ask("b");
    for (const Caller* caller : {&a, &b}) {
      EXPECT_EQ(caller->reply->status().code(), absl::StatusCode::kDataLoss);
      EXPECT_EQ(rpc::HttpStatusOf(caller->reply->status()), 502);
    }
  }
}

// ---- what the twin cannot be asked for

TEST_F(GathererTest, RequestsThatTheTwinHasNoWordsForGoToTheMethodItself) {
  const struct {
    const char* name;
    std::string wire;
  } cases[] = {
      {"no key", ""},
      {"an empty key", std::string("\x0a\x00", 2)},
      {"another wire type", "\x08\x01"},
      {"no UTF-8", "\x0a\x01\xff"},
      {"an unknown field",
       "\x0a\x01"
       "a\x38\x01"},
      {"a long key", "\x0a\x81\x08" + std::string(1025, 'k')},
      {"a large rest",
       "\x0a\x01"
       "a\x12\x81\x80\x01" +
           std::string(16385, 'r')},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Start(2);
    services_->On("web.Shop/Get", R"({"title":"alone"})");
    Caller& caller = NewCaller();
    AskWire(caller, c.wire);
    EXPECT_NE(Told(caller), "none yet");
    EXPECT_EQ(counts_.callers(), 0u);
  }
}

TEST_F(GathererTest, KeysThatCouldNotBeFoundAgainGoToTheMethodItself) {
  for (const std::string& wire : {std::string("\x08\x00", 2), std::string("\x08\x81\x00", 3)}) {
    Start(2, hours(1), "web.Shop/GetNumber");
    services_->On("web.Shop/GetNumber", "{}");
    Caller& caller = NewCaller();
    AskWire(caller, wire);
    EXPECT_EQ(Told(caller), "{}");
  }
}

// Taking a request apart never reads beyond it, wherever it is cut off.
TEST_F(GathererTest, CutOffRequestsAreTheMethodsOwnBusiness) {
  Start(2);
  const std::string whole =
      "\x12\x02"
      "de\x0a\x03"
      "key";
  for (size_t size = 0; size < whole.size(); ++size) {
    GatherPlan::Asked asked;
    EXPECT_FALSE(plan_.TakeApart(whole.substr(0, size), &asked)) << size;
  }
  GatherPlan::Asked asked;
  ASSERT_TRUE(plan_.TakeApart(whole, &asked));
  EXPECT_EQ(asked.key.bytes, "key");
  EXPECT_EQ(asked.rest,
            "\x0a\x02"
            "de")
      << "by the twin's number";
}

}  // namespace
}  // namespace portico::compose
