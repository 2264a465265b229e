#include "gateway/access/guard.h"

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <optional>

#include "gateway/access/caller.h"

namespace portico::access {
namespace {

// google.protobuf.FieldDescriptorProto is at hand in every schema: name (1) is a string, number (3) an int32, options
// (8) a message with the bool `packed` (2).
class GuardTest : public ::testing::Test, public rpc::Handler {
 protected:
  GuardTest() {
    schema::Diagnostics diagnostics;
    schema_ = schema::Schema::Load({}, diagnostics);
    input_ = schema_->FindMessage("google.protobuf.FieldDescriptorProto");
  }

  // The handler behind the guard.
  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method&, rpc::Payload, rpc::Context&) override {
    ++calls_;
    co_return rpc::Reply{};
  }
  class Sink final : public rpc::Stream {
   public:
    explicit Sink(GuardTest& test, rpc::Context& context) : test_(test), context_(context) {}
    Async<absl::Status> Write(rpc::Payload) override {
      ++test_.written_;
      co_return absl::OkStatus();
    }
    Async<absl::Status> CloseWrite() override { co_return absl::OkStatus(); }
    Async<bool> AwaitHeaders(net::Deadline) override { co_return true; }
    Async<absl::StatusOr<bool>> Read(std::string*) override {
      if (context_.cancelled()) co_return absl::CancelledError("");
      co_return false;
    }
    const rpc::Metadata& headers() const override { return none_; }
    const rpc::Metadata& trailers() const override { return none_; }

   private:
    GuardTest& test_;
    rpc::Context& context_;
    const rpc::Metadata none_;
  };
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method&, rpc::Context& context) override {
    co_return std::make_unique<Sink>(*this, context);
  }

  template <class T>
  T Run(Async<T> coroutine) {
    std::optional<T> result;
    const auto run = [](Async<T> c, std::optional<T>& out) -> Async<void> { out = co_await std::move(c); };
    worker_.Spawn(run(std::move(coroutine), result));
    worker_.context().restart();
    worker_.context().poll();
    return *std::move(result);
  }

  static std::string Bytes(const google::protobuf::FieldDescriptorProto& message) {
    return message.SerializeAsString();
  }

  bool Holds(absl::string_view match, const std::string& request, const rpc::Attributes* claims) {
    absl::StatusOr<Match> compiled = Match::Compile(match, *input_);
    EXPECT_TRUE(compiled.ok()) << compiled.status();
    return compiled->Holds(request, claims);
  }

  net::Worker worker_{0};
  std::shared_ptr<const schema::Schema> schema_;
  const schema::MessageTable* input_ = nullptr;
  schema::Method method_;
  const Caller ann_{
      {{"sub", "ann"}, {"empty", ""}, {"number", "-7"}, {"yes", "true"}, {"also", "ann"}}, "", absl::InfiniteFuture()};
  int calls_ = 0;
  int written_ = 0;
};

TEST_F(GuardTest, Matches) {
  google::protobuf::FieldDescriptorProto message;
  const std::string nothing = Bytes(message);
  message.set_name("ann");
  message.set_number(-7);
  message.mutable_options()->set_packed(true);
  const std::string ann = Bytes(message);
  message.set_name("bob");
  const std::string bob = Bytes(message);
  message.set_name("");
  const std::string empty = Bytes(message);

  EXPECT_TRUE(Holds("claim.sub = request.name", ann, &ann_));
  EXPECT_TRUE(Holds("request.name=claim.sub", ann, &ann_));
  EXPECT_FALSE(Holds("claim.sub = request.name", bob, &ann_));
  EXPECT_FALSE(Holds("claim.sub = request.name", nothing, &ann_));
  EXPECT_FALSE(Holds("claim.sub = request.name", ann, nullptr));
  EXPECT_TRUE(Holds("claim.number = request.number", ann, &ann_));
  EXPECT_FALSE(Holds("claim.sub = request.number", ann, &ann_));
  EXPECT_TRUE(Holds("claim.yes = request.options.packed", ann, &ann_));
  EXPECT_TRUE(Holds("claim.sub = claim.also", nothing, &ann_));
  EXPECT_TRUE(Holds("claim.sub = \"ann\"", nothing, &ann_));
  EXPECT_FALSE(Holds("claim.sub = \"an\"", nothing, &ann_));
  // Nothing equals nothing.
  EXPECT_FALSE(Holds("claim.missing = request.name", nothing, &ann_));
  EXPECT_FALSE(Holds("claim.empty = request.name", empty, &ann_));
  EXPECT_FALSE(Holds("claim.missing = claim.missing", ann, &ann_));
}

// Whoever reads the message takes the last one; so does the guard.
TEST_F(GuardTest, TheLastOccurrenceCounts) {
  google::protobuf::FieldDescriptorProto ann, bob;
  ann.set_name("ann");
  bob.set_name("bob");
  EXPECT_TRUE(Holds("claim.sub = request.name", Bytes(bob) + Bytes(ann), &ann_));
  EXPECT_FALSE(Holds("claim.sub = request.name", Bytes(ann) + Bytes(bob), &ann_));
  google::protobuf::FieldDescriptorProto yes, no;
  yes.mutable_options()->set_packed(true);
  no.mutable_options()->set_packed(false);
  EXPECT_FALSE(Holds("claim.yes = request.options.packed", Bytes(yes) + Bytes(no), &ann_));
}

// Of a oneof, whoever reads the message has the member that came last, whichever it is.
TEST_F(GuardTest, AMemberThatItsOneofNoLongerHasIsNoMatch) {
  input_ = schema_->FindMessage("google.protobuf.Value");
  ASSERT_NE(input_, nullptr);
  google::protobuf::Value ann, number, list;
  ann.set_string_value("ann");
  number.set_number_value(7);
  list.mutable_list_value();
  const std::string name = ann.SerializeAsString();
  EXPECT_TRUE(Holds("claim.sub = request.string_value", name, &ann_));
  for (const google::protobuf::Value& other : {number, list}) {
    const std::string bytes = other.SerializeAsString();
    EXPECT_FALSE(Holds("claim.sub = request.string_value", name + bytes, &ann_)) << other.ShortDebugString();
    EXPECT_FALSE(Holds("request.string_value = claim.sub", name + bytes, &ann_)) << other.ShortDebugString();
    EXPECT_TRUE(Holds("claim.sub = request.string_value", bytes + name, &ann_)) << other.ShortDebugString();
  }
}

TEST_F(GuardTest, ACallThatDoesNotMatchIsNotMade) {
  Guard guard({*Match::Compile("claim.sub = request.name", *input_)}, *this);
  google::protobuf::FieldDescriptorProto message;
  message.set_name("bob");
  rpc::Context context(worker_, net::kNoDeadline);
  context.set_claims(&ann_);
  EXPECT_EQ(Run(guard.Call(method_, rpc::Payload::Copy(Bytes(message)), context)).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(calls_, 0);
  message.set_name("ann");
  EXPECT_TRUE(Run(guard.Call(method_, rpc::Payload::Copy(Bytes(message)), context)).ok());
  EXPECT_EQ(calls_, 1);
}

TEST_F(GuardTest, EveryMessageOfAStreamMustMatch) {
  Guard guard({*Match::Compile("claim.sub = request.name", *input_)}, *this);
  google::protobuf::FieldDescriptorProto ann, bob;
  ann.set_name("ann");
  bob.set_name("bob");
  rpc::Context context(worker_, net::kNoDeadline);
  context.set_claims(&ann_);
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = Run(guard.Open(method_, context));
  ASSERT_TRUE(stream.ok());
  EXPECT_TRUE(Run((*stream)->Write(rpc::Payload::Copy(Bytes(ann)))).ok());
  EXPECT_EQ(written_, 1);
  const absl::StatusCode denied = absl::StatusCode::kPermissionDenied;
  EXPECT_EQ(Run((*stream)->Write(rpc::Payload::Copy(Bytes(bob)))).code(), denied);
  EXPECT_EQ(Run((*stream)->Write(rpc::Payload::Copy(Bytes(ann)))).code(), denied);
  EXPECT_EQ(written_, 1);
  std::string message;
  EXPECT_EQ(Run((*stream)->Read(&message)).status().code(), denied);
  EXPECT_EQ(Run((*stream)->CloseWrite()).code(), denied);
  EXPECT_FALSE(context.cancelled());
}

}  // namespace
}  // namespace portico::access
