// shop.streams.v1.StreamService:
//   streams-server --listen HOST:PORT
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>

#include "shop/streams/v1/streams.grpc.pb.h"

namespace {

namespace v1 = shop::streams::v1;

class Streams final : public v1::StreamService::Service {
  // Counts a stream for as long as it lives, and notes when it ended: one that is cancelled does so at once.
  struct Open {
    explicit Open(Streams& s) : streams(s) { ++streams.open_; }
    ~Open() {
      streams.ended_at_ = std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
      --streams.open_;
    }
    Streams& streams;
  };

  grpc::Status Download(grpc::ServerContext*, const v1::DownloadRequest* request,
                        grpc::ServerWriter<google::api::HttpBody>* out) override {
    const Open open(*this);
    google::api::HttpBody piece;
    piece.set_content_type("application/x-test");
    for (int64_t left = request->bytes(); left > 0;) {
      piece.mutable_data()->assign(static_cast<size_t>(std::min<int64_t>(left, 65536)), 'x');
      left -= static_cast<int64_t>(piece.data().size());
      if (!out->Write(piece)) return grpc::Status::CANCELLED;
      piece.clear_content_type();
    }
    return grpc::Status::OK;
  }

  grpc::Status Upload(grpc::ServerContext*, grpc::ServerReader<v1::UploadRequest>* in,
                      v1::UploadResponse* response) override {
    const Open open(*this);
    v1::UploadRequest piece;
    int64_t stop_after = 0;
    while (in->Read(&piece)) {
      if (piece.stop_after() > 0) stop_after = piece.stop_after();
      if (!piece.name().empty()) response->set_name(piece.name());
      if (!piece.file().content_type().empty()) response->set_content_type(piece.file().content_type());
      response->set_bytes(response->bytes() + static_cast<int64_t>(piece.file().data().size()));
      if (stop_after > 0 && response->bytes() >= stop_after) break;
    }
    return grpc::Status::OK;
  }

  grpc::Status Count(grpc::ServerContext*, const v1::CountRequest* request,
                     grpc::ServerWriter<v1::Number>* out) override {
    const Open open(*this);
    v1::Number number;
    number.set_filler(std::string(static_cast<size_t>(request->filler()), 'x'));
    for (int64_t n = 1; request->to() == 0 || n <= request->to(); ++n) {
      number.set_number(n);
      if (!out->Write(number)) return grpc::Status::CANCELLED;
      ++sent_;
    }
    if (request->failure().empty()) return grpc::Status::OK;
    return grpc::Status(grpc::StatusCode::DATA_LOSS, request->failure());
  }

  grpc::Status Echo(grpc::ServerContext*, grpc::ServerReaderWriter<v1::Number, v1::Number>* io) override {
    const Open open(*this);
    v1::Number number;
    while (io->Read(&number)) {
      if (!io->Write(number)) return grpc::Status::CANCELLED;
    }
    return grpc::Status::OK;
  }

  grpc::Status GetActivity(grpc::ServerContext*, const v1::GetActivityRequest*, v1::Activity* activity) override {
    activity->set_open(open_);
    activity->set_sent(sent_);
    activity->set_ended_at(ended_at_);
    return grpc::Status::OK;
  }

  std::atomic<int> open_{0};
  std::atomic<int64_t> sent_{0};
  std::atomic<int64_t> ended_at_{0};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], "--listen") != 0) {
    std::cerr << "usage: streams-server --listen HOST:PORT" << std::endl;
    return 2;
  }
  Streams streams;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(argv[2], grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&streams);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "streams-server: cannot listen on " << argv[2] << std::endl;
    return 1;
  }
  std::cerr << "{\"event\":\"listening\"}" << std::endl;
  server->Wait();
}
