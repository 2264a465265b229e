#include "tests/faults/fake_services.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/faults/made_up.h"

namespace portico::faults {
namespace {

std::string Metadata(const grpc::CallbackServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  return found == context.client_metadata().end() ? "" : std::string(found->second.data(), found->second.size());
}

// A tag of field 1 as bytes, and less bytes than it announces.
constexpr char kMalformed[] = "\x0a\x7f\xff";

}  // namespace

class FakeServices::Impl final : public grpc::CallbackGenericService {
 public:
  explicit Impl(std::shared_ptr<const schema::Schema> schema) : schema_(std::move(schema)) {}

  void Start(int servers) {
    for (int i = 0; i < servers; ++i) {
      grpc::ServerBuilder builder;
      builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
      int port = 0;
      builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
      services_.push_back(std::make_unique<Forward>(*this));
      builder.RegisterCallbackGenericService(services_.back().get());
      servers_.push_back(builder.BuildAndStart());
      if (servers_.back() == nullptr) std::abort();
      addresses_.push_back(absl::StrCat("127.0.0.1:", port));
    }
  }

  ~Impl() override {
    for (const auto& server : servers_) server->Shutdown(std::chrono::system_clock::now());
    for (const auto& server : servers_) server->Wait();
  }

  const std::string& address(size_t server) const { return addresses_.at(server); }

  std::map<std::string, int> TakeCalls() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(calls_, {});
  }

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Call(*this, *context);
  }

 private:
  // A generic service belongs to one server.
  class Forward final : public grpc::CallbackGenericService {
   public:
    explicit Forward(Impl& impl) : impl_(impl) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
      return impl_.CreateReactor(context);
    }

   private:
    Impl& impl_;
  };

  // One call. Finished exactly once: by its answer, or because the caller has given up.
  class Call final : public grpc::ServerGenericBidiReactor {
   public:
    Call(Impl& impl, grpc::GenericCallbackServerContext& context) : impl_(impl), context_(context) {
      StartRead(&request_);
    }

    void OnReadDone(bool ok) override {
      if (!ok) return End(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no request"));
      impl_.Come(*this);
    }
    void OnCancel() override { End(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has left")); }
    void OnDone() override {
      impl_.Leave(*this);
      delete this;
    }

    // Answers as the caller's metadata says.
    void Answer() {
      const absl::string_view path = absl::StripPrefix(absl::string_view(context_.method()), "/");
      const schema::Method* method = impl_.schema_->FindMethod(path);
      if (method == nullptr) return End(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "no such method"));
      const std::string fault = Fault(path);
      if (fault == "late") return;
      if (fault == "empty") return Send("");
      if (fault == "malformed") return Send(std::string(kMalformed, sizeof kMalformed - 1));
      int code = static_cast<int>(grpc::StatusCode::UNAVAILABLE);
      if (fault == "fail" || absl::SimpleAtoi(fault, &code)) {
        return End(grpc::Status(static_cast<grpc::StatusCode>(code), "as told"));
      }
      google::protobuf::DynamicMessageFactory factory;
      const std::unique_ptr<google::protobuf::Message> request(
          factory.GetPrototype(method->descriptor->input_type())->New());
      const std::unique_ptr<google::protobuf::Message> reply(
          factory.GetPrototype(method->descriptor->output_type())->New());
      grpc::Slice slice;
      if (!request_.DumpToSingleSlice(&slice).ok() ||
          !request->ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
        return End(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "a malformed request"));
      }
      MakeUp(*request, Metadata(context_, "fake-missing"), reply.get());
      Send(reply->SerializeAsString());
    }

    const grpc::GenericCallbackServerContext& context() const { return context_; }

   private:
    std::string Fault(absl::string_view path) const {
      const std::string faults = Metadata(context_, "fake-faults");
      for (const absl::string_view one : absl::StrSplit(faults, ';')) {
        const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(one, absl::MaxSplits('=', 1));
        if (parts.first == path) return std::string(parts.second);
      }
      return "";
    }

    void Send(const std::string& bytes) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (std::exchange(over_, true)) return;
      const grpc::Slice slice(bytes);
      reply_ = grpc::ByteBuffer(&slice, 1);
      StartWriteAndFinish(&reply_, grpc::WriteOptions(), grpc::Status::OK);
    }

    void End(const grpc::Status& status) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!std::exchange(over_, true)) Finish(status);
    }

    Impl& impl_;
    grpc::GenericCallbackServerContext& context_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer reply_;
    std::mutex mutex_;
    bool over_ = false;
  };

  // A call's request is there: answers it, and those it was waited for by.
  void Come(Call& call) {
    int together = 0;
    const std::unique_lock<std::mutex> lock(mutex_);
    ++calls_[std::string(absl::StripPrefix(absl::string_view(call.context().method()), "/"))];
    if (!absl::SimpleAtoi(Metadata(call.context(), "fake-together"), &together)) return call.Answer();
    std::vector<Call*>& waiting = waiting_[Metadata(call.context(), "x-request-id")];
    waiting.push_back(&call);
    if (static_cast<int>(waiting.size()) < together) return;
    for (Call* one : std::exchange(waiting, {})) one->Answer();
  }

  void Leave(const Call& call) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto& [id, waiting] : waiting_) std::erase(waiting, &call);
  }

  const std::shared_ptr<const schema::Schema> schema_;
  std::mutex mutex_;
  std::map<std::string, int> calls_;
  std::map<std::string, std::vector<Call*>> waiting_;  // by x-request-id
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<Forward>> services_;
  std::vector<std::unique_ptr<grpc::Server>> servers_;
};

FakeServices::FakeServices(std::shared_ptr<const schema::Schema> schema, int servers)
    : impl_(std::make_unique<Impl>(std::move(schema))) {
  impl_->Start(servers);
}

FakeServices::~FakeServices() = default;

const std::string& FakeServices::address(size_t server) const {
  return impl_->address(server);
}

std::map<std::string, int> FakeServices::TakeCalls() {
  return impl_->TakeCalls();
}

}  // namespace portico::faults
