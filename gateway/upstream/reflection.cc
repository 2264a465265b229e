#include "gateway/upstream/reflection.h"

#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/wire/reader.h"
#include "gateway/wire/writer.h"

namespace portico::upstream {
namespace {

// Field numbers of grpc/reflection/v1/reflection.proto, which v1alpha shares.
constexpr uint32_t kRequestFileByName = 3;
constexpr uint32_t kRequestFileOfSymbol = 4;
constexpr uint32_t kRequestListServices = 7;
constexpr uint32_t kResponseFiles = 4;
constexpr uint32_t kResponseServices = 6;
constexpr uint32_t kResponseError = 7;
constexpr uint32_t kFilesProto = 1;
constexpr uint32_t kServicesService = 1;
constexpr uint32_t kServiceName = 1;
constexpr uint32_t kErrorMessage = 2;
// Of google.protobuf.FileDescriptorProto and FileDescriptorSet.
constexpr uint32_t kFileName = 1;
constexpr uint32_t kFileDependency = 3;
constexpr uint32_t kSetFile = 1;

// All length-delimited fields of that number; false when the message is malformed.
bool Collect(absl::string_view message, uint32_t number, std::vector<absl::string_view>* values) {
  wire::Reader reader(message);
  uint32_t tag = 0;
  while (!reader.done()) {
    if (!reader.ReadTag(&tag)) return false;
    if (tag != wire::MakeTag(number, wire::WireType::kBytes)) {
      if (!reader.Skip(tag)) return false;
      continue;
    }
    if (!reader.ReadBytes(&values->emplace_back())) return false;
  }
  return true;
}

absl::Status Malformed() {
  return absl::DataLossError("the server's reflection answer is malformed");
}

// The error an answer carries; OK when it carries none.
absl::Status ErrorOf(absl::string_view response) {
  std::vector<absl::string_view> errors;
  if (!Collect(response, kResponseError, &errors)) return Malformed();
  if (errors.empty()) return absl::OkStatus();
  std::vector<absl::string_view> words;
  Collect(errors.back(), kErrorMessage, &words);
  return absl::NotFoundError(absl::StrCat("reflection: ", words.empty() ? "refused" : words.back()));
}

// One conversation with one server.
class Conversation {
 public:
  explicit Conversation(std::unique_ptr<rpc::Stream> stream) : stream_(std::move(stream)) {}

  Async<absl::StatusOr<std::string>> Learn() {
    std::string response;
    absl::Status status = co_await Ask(kRequestListServices, "*", &response);
    if (!status.ok()) co_return status;
    std::vector<absl::string_view> lists;
    std::vector<absl::string_view> services;
    if (!Collect(response, kResponseServices, &lists)) co_return Malformed();
    for (absl::string_view list : lists) {
      if (!Collect(list, kServicesService, &services)) co_return Malformed();
    }
    std::set<std::string> names;
    for (absl::string_view service : services) {
      std::vector<absl::string_view> name;
      if (!Collect(service, kServiceName, &name) || name.empty()) co_return Malformed();
      if (!absl::StartsWith(name.back(), "grpc.")) names.emplace(name.back());
    }
    for (const std::string& name : names) {
      status = co_await Fetch(kRequestFileOfSymbol, name);
      if (!status.ok()) co_return status;
    }
    while (!missing_.empty()) {
      const std::string name = *missing_.begin();
      status = co_await Fetch(kRequestFileByName, name);
      if (!status.ok()) co_return status;
      if (files_.count(name) == 0) co_return absl::DataLossError(absl::StrCat("reflection: the server has no ", name));
    }
    std::string set;
    for (const auto& [name, file] : files_) wire::AppendBytesField(kSetFile, file, &set);
    co_return set;
  }

 private:
  // Asks for files and keeps what comes, with a note of what it imports.
  Async<absl::Status> Fetch(uint32_t kind, std::string name) {
    std::string response;
    const absl::Status status = co_await Ask(kind, name, &response);
    if (!status.ok()) co_return status;
    std::vector<absl::string_view> answers;
    std::vector<absl::string_view> protos;
    if (!Collect(response, kResponseFiles, &answers)) co_return Malformed();
    for (absl::string_view answer : answers) {
      if (!Collect(answer, kFilesProto, &protos)) co_return Malformed();
    }
    for (absl::string_view proto : protos) {
      std::vector<absl::string_view> file;
      std::vector<absl::string_view> imports;
      if (!Collect(proto, kFileName, &file) || file.empty() || !Collect(proto, kFileDependency, &imports)) {
        co_return Malformed();
      }
      missing_.erase(std::string(file.back()));
      if (!files_.emplace(std::string(file.back()), std::string(proto)).second) continue;
      bytes_ += proto.size();
      if (files_.size() > kMaxReflectedFiles || bytes_ > kMaxReflectedBytes) {
        co_return absl::ResourceExhaustedError("reflection: the server's contracts are too large");
      }
      for (absl::string_view import : imports) {
        // protobuf's own files are built in.
        if (!absl::StartsWith(import, "google/protobuf/") && files_.count(std::string(import)) == 0) {
          missing_.emplace(import);
        }
      }
    }
    co_return absl::OkStatus();
  }

  Async<absl::Status> Ask(uint32_t kind, std::string text, std::string* response) {
    rpc::Payload request;
    wire::AppendBytesField(kind, text, &request.buffer());
    // A failed write is the stream's end; the read says why.
    (void)co_await stream_->Write(std::move(request));
    const absl::StatusOr<bool> more = co_await stream_->Read(response);
    if (!more.ok()) co_return more.status();
    if (!*more) co_return absl::UnavailableError("reflection: the server ended the conversation");
    co_return ErrorOf(*response);
  }

  std::unique_ptr<rpc::Stream> stream_;
  std::map<std::string, std::string> files_;  // name -> FileDescriptorProto
  std::set<std::string> missing_;             // imported, not fetched yet
  size_t bytes_ = 0;
};

Async<absl::StatusOr<std::string>> Converse(rpc::Handler& server, const rpc::Method& method, rpc::Context& context) {
  absl::StatusOr<std::unique_ptr<rpc::Stream>> stream = co_await server.Open(method, context);
  if (!stream.ok()) co_return stream.status();
  Conversation conversation(*std::move(stream));
  co_return co_await conversation.Learn();
}

rpc::Method ReflectionMethod(absl::string_view version) {
  rpc::Method method;
  method.full_name = absl::StrCat("grpc.reflection.", version, ".ServerReflection/ServerReflectionInfo");
  method.path = absl::StrCat("/", method.full_name);
  method.client_streaming = method.server_streaming = true;
  return method;
}

}  // namespace

Async<absl::StatusOr<std::string>> AskReflection(rpc::Handler& server, rpc::Context& context) {
  const rpc::Method v1 = ReflectionMethod("v1");
  absl::StatusOr<std::string> learned = co_await Converse(server, v1, context);
  if (learned.status().code() != absl::StatusCode::kUnimplemented) co_return learned;
  const rpc::Method v1alpha = ReflectionMethod("v1alpha");
  co_return co_await Converse(server, v1alpha, context);
}

}  // namespace portico::upstream
