// A server of shop.files.v1.FileService, which keeps files in memory:
//   files-server --listen HOST:PORT
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/grpcpp.h>

#include <cstring>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "services/base/stable_maps.h"
#include "shop/files/v1/files.grpc.pb.h"

namespace {

using google::api::HttpBody;
using google::protobuf::Empty;
using shop::files::v1::AddFileRequest;
using shop::files::v1::File;
using shop::files::v1::GetFileRequest;

std::string Hexadecimal(const std::string& bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

class Files final : public shop::files::v1::FileService::Service {
  grpc::Status PutFile(grpc::ServerContext*, const shop::files::v1::PutFileRequest* request, File* file) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    files_[request->file_id()] = request->content();
    file->set_file_id(request->file_id());
    file->set_size(static_cast<int64_t>(request->content().data().size()));
    file->set_content_type(request->content().content_type());
    return grpc::Status::OK;
  }

  grpc::Status AddFile(grpc::ServerContext*, const AddFileRequest* request, AddFileRequest* reply) override {
    *reply = *request;
    return grpc::Status::OK;
  }

  grpc::Status GetFile(grpc::ServerContext*, const GetFileRequest* request, HttpBody* body) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto file = files_.find(request->file_id());
    if (file == files_.end()) return grpc::Status(grpc::StatusCode::NOT_FOUND, "no file " + request->file_id());
    *body = file->second;
    return grpc::Status::OK;
  }

  grpc::Status GetFileInfo(grpc::ServerContext* context, const GetFileRequest* request, File* file) override {
    HttpBody body;
    const grpc::Status found = GetFile(context, request, &body);
    if (!found.ok()) return found;
    file->set_file_id(request->file_id());
    file->set_size(static_cast<int64_t>(body.data().size()));
    file->set_content_type(body.content_type());
    if (body.content_type() == "text/plain") file->set_text(body.data());
    return grpc::Status::OK;
  }

  grpc::Status DeleteFile(grpc::ServerContext*, const GetFileRequest* request, Empty*) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (files_.erase(request->file_id()) == 1) return grpc::Status::OK;
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no file " + request->file_id());
  }

  grpc::Status Fail(grpc::ServerContext* context, const shop::files::v1::FailRequest* request, Empty*) override {
    if (!request->http_code().empty()) context->AddInitialMetadata("x-http-code", request->http_code());
    google::rpc::Status status;
    status.set_code(request->code());
    status.set_message("as told");
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(1);
    retry.mutable_retry_delay()->set_nanos(500000000);
    status.add_details()->PackFrom(retry);
    File file;
    file.set_file_id("f");
    status.add_details()->PackFrom(file);
    google::protobuf::Any& unknown = *status.add_details();
    unknown.set_type_url("type.googleapis.com/nobody.knows.This");
    unknown.set_value("\x08\x01");
    return grpc::Status(static_cast<grpc::StatusCode>(request->code()), "as told", status.SerializeAsString());
  }

  grpc::Status Reflect(grpc::ServerContext* context, const shop::files::v1::ReflectRequest* request,
                       shop::files::v1::ReflectReply* reply) override {
    *reply = ReflectionOf(*context);
    if (!request->http_code().empty()) context->AddInitialMetadata("x-http-code", request->http_code());
    context->AddInitialMetadata("cache-control", "no-store");
    context->AddInitialMetadata("seal-bin", std::string("\0\1\xff", 3));
    context->AddTrailingMetadata("cost", "7");
    return grpc::Status::OK;
  }

  grpc::Status ReflectEach(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<shop::files::v1::ReflectReply, shop::files::v1::ReflectRequest>* stream) override {
    shop::files::v1::ReflectRequest request;
    while (stream->Read(&request)) stream->Write(ReflectionOf(*context));
    return grpc::Status::OK;
  }

  static shop::files::v1::ReflectReply ReflectionOf(const grpc::ServerContext& context) {
    shop::files::v1::ReflectReply reply;
    for (const auto& [key, value] : context.client_metadata()) {
      const std::string name(key.data(), key.size());
      const std::string text(value.data(), value.size());
      const bool binary = name.size() > 4 && name.compare(name.size() - 4, 4, "-bin") == 0;
      reply.add_metadata(name + ": " + (binary ? Hexadecimal(text) : text));
    }
    return reply;
  }

  std::mutex mutex_;
  std::map<std::string, HttpBody> files_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], "--listen") != 0) {
    std::cerr << "usage: files-server --listen HOST:PORT" << std::endl;
    return 2;
  }
  shop::MakeMapsStable();
  Files files;
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  int port = 0;
  builder.AddListeningPort(argv[2], grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&files);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::cerr << "files-server: cannot listen on " << argv[2] << std::endl;
    return 1;
  }
  std::cerr << "{\"event\":\"listening\"}" << std::endl;
  server->Wait();
}
