// A server of shop.calls.v1: fails, is slow and counts as the requests say:
//   calls-server --listen HOST:PORT [--name NAME] [--cert FILE --key FILE]
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "shop/calls/v1/calls.grpc.pb.h"

namespace {

namespace v1 = shop::calls::v1;

// Counts by key, for both services.
class Counts {
 public:
  // Of the server called so.
  explicit Counts(std::string name) : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  int Add(const std::string& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return ++counts_[key];
  }
  int Get(const std::string& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return counts_[key];
  }

 private:
  const std::string name_;
  std::mutex mutex_;
  std::map<std::string, int> counts_;
};

class Calls final : public v1::CallService::CallbackService {
 public:
  explicit Calls(Counts& counts) : counts_(counts) {}

 private:
  using Context = grpc::CallbackServerContext;

  class Answering final : public grpc::ServerUnaryReactor {
   public:
    Answering(Context* context, Counts& counts, const v1::Ask& ask, v1::Told* told) {
      const int call = counts.Add(ask.key());
      told->set_key(ask.key());
      told->set_calls(call);
      told->set_server(counts.name());
      for (const auto& [key, value] : context->client_metadata()) {
        if (key == "authorization") told->set_caller(std::string(value.data(), value.size()));
      }
      if (ask.fail() != 0 && (ask.fail_first() == 0 || call <= ask.fail_first())) {
        if (!ask.pushback().empty()) context->AddTrailingMetadata("grpc-retry-pushback-ms", ask.pushback());
        status_ = grpc::Status(static_cast<grpc::StatusCode>(ask.fail()), "as told");
      }
      const bool slow = ask.delay_ms() > 0 && (ask.delay_first() == 0 || call <= ask.delay_first());
      if (!slow) {
        Finish(status_);
        return;
      }
      alarm_.Set(std::chrono::system_clock::now() + std::chrono::milliseconds(ask.delay_ms()),
                 [this](bool) { Finish(status_); });
    }
    void OnCancel() override { alarm_.Cancel(); }
    void OnDone() override { delete this; }

   private:
    grpc::Alarm alarm_;
    grpc::Status status_;
  };

  grpc::ServerUnaryReactor* Answer(Context* context, const v1::Ask* ask, v1::Told* told) {
    return new Answering(context, counts_, *ask, told);
  }
  grpc::ServerUnaryReactor* Read(Context* context, const v1::Ask* ask, v1::Told* told) override {
    return Answer(context, ask, told);
  }
  grpc::ServerUnaryReactor* Extra(Context* context, const v1::Ask* ask, v1::Told* told) override {
    return Answer(context, ask, told);
  }
  grpc::ServerUnaryReactor* Write(Context* context, const v1::Ask* ask, v1::Told* told) override {
    return Answer(context, ask, told);
  }
  grpc::ServerUnaryReactor* WriteOnce(Context* context, const v1::Ask* ask, v1::Told* told) override {
    return Answer(context, ask, told);
  }
  grpc::ServerUnaryReactor* Kept(Context* context, const v1::Ask* ask, v1::Told* told) override {
    return Answer(context, ask, told);
  }
  grpc::ServerUnaryReactor* Mine(Context* context, const v1::Ask* ask, v1::Told* told) override {
    return Answer(context, ask, told);
  }
  grpc::ServerUnaryReactor* Change(Context* context, const v1::Ask* ask, v1::Told* told) override {
    return Answer(context, ask, told);
  }
  // False when there is no item of the key.
  static bool AddItem(Context& context, const std::string& key, int call, v1::Told* told) {
    if (key.rfind("missing", 0) == 0) return false;
    told->set_key(key);
    told->set_calls(call);
    for (const auto& [name, value] : context.client_metadata()) {
      if (name == "authorization") told->set_caller(std::string(value.data(), value.size()));
    }
    return true;
  }
  static grpc::ServerUnaryReactor* Finish(Context* context, grpc::Status status) {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(std::move(status));
    return reactor;
  }
  grpc::ServerUnaryReactor* GetItem(Context* context, const v1::GetItemRequest* request, v1::Told* told) override {
    const int call = counts_.Add("GetItem");
    if (request->key().rfind("bad", 0) == 0) return Finish(context, {grpc::StatusCode::INVALID_ARGUMENT, "a bad key"});
    const bool found = AddItem(*context, request->key(), call, told);
    return Finish(context, found ? grpc::Status() : grpc::Status(grpc::StatusCode::NOT_FOUND, "no such item"));
  }
  grpc::ServerUnaryReactor* BatchGetItems(Context* context, const v1::BatchGetItemsRequest* request,
                                          v1::BatchGetItemsResponse* response) override {
    const int call = counts_.Add("BatchGetItems");
    for (int i = request->keys_size(); i-- > 0;) {
      if (request->keys(i).rfind("bad", 0) == 0) {
        return Finish(context, {grpc::StatusCode::INVALID_ARGUMENT, "one of the keys is bad"});
      }
      v1::Told item;
      if (AddItem(*context, request->keys(i), call, &item)) *response->add_items() = std::move(item);
    }
    return Finish(context, grpc::Status());
  }
  grpc::ServerUnaryReactor* Hedged(Context* context, const v1::Ask* ask, v1::Told* told) override {
    return Answer(context, ask, told);
  }

  Counts& counts_;
};

class Counting final : public v1::CountService::Service {
 public:
  explicit Counting(Counts& counts) : counts_(counts) {}

 private:
  grpc::Status Count(grpc::ServerContext*, const v1::Ask* ask, v1::Told* told) override {
    told->set_key(ask->key());
    told->set_calls(counts_.Get(ask->key()));
    return grpc::Status::OK;
  }

  Counts& counts_;
};

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Plaintext without a certificate.
std::shared_ptr<grpc::ServerCredentials> Credentials(const std::string& cert, const std::string& key) {
  if (cert.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({TextOf(key), TextOf(cert)});
  return grpc::SslServerCredentials(options);
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options = {{"--listen", ""}, {"--name", ""}, {"--cert", ""}, {"--key", ""}};
  for (int i = 1; i < argc; i += 2) {
    if (options.count(argv[i]) == 0 || i + 1 == argc) {
      std::cerr << "usage: calls-server --listen HOST:PORT [--name NAME] [--cert FILE --key FILE]" << std::endl;
      return 2;
    }
    options[argv[i]] = argv[i + 1];
  }
  Counts counts(options["--name"]);
  Calls calls(counts);
  Counting counting(counts);
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(options["--listen"], Credentials(options["--cert"], options["--key"]), &port);
  builder.RegisterService(&calls);
  builder.RegisterService(&counting);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "calls-server: cannot listen on " << options["--listen"] << std::endl;
    return 1;
  }
  std::cerr << "{\"event\":\"listening\",\"address\":\"127.0.0.1:" << port << "\"}" << std::endl;
  server->Wait();
}
