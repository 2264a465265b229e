#include "services/base/registration.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "etcd/rpc.grpc.pb.h"

namespace shop {
namespace {

constexpr std::chrono::seconds kPatience(2);
constexpr std::chrono::milliseconds kTryAgain(200);
// Twice may go wrong before the lease runs out.
constexpr std::chrono::milliseconds kRenewal(Registration::kTtlSeconds * 1000 / 3);

struct Place {
  std::vector<std::string> servers;
  std::string prefix;
};

absl::StatusOr<Place> Parse(const std::string& where) {
  absl::string_view rest = where;
  const size_t scheme = rest.find("://");
  const size_t slash = scheme == absl::string_view::npos ? scheme : rest.find('/', scheme + 3);
  if (!absl::StartsWith(rest, "etcd://") || slash == absl::string_view::npos || slash + 1 == rest.size()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", where, "\" is not etcd:///PREFIX or etcd://HOST:PORT/PREFIX"));
  }
  Place place;
  place.prefix = std::string(absl::StripSuffix(rest.substr(slash + 1), "/"));
  std::string servers(rest.substr(scheme + 3, slash - scheme - 3));
  if (servers.empty() && std::getenv("ETCD_ENDPOINTS") != nullptr) servers = std::getenv("ETCD_ENDPOINTS");
  if (servers.empty()) servers = "127.0.0.1:2379";
  for (absl::string_view server : absl::StrSplit(servers, ',', absl::SkipWhitespace())) {
    server = absl::StripAsciiWhitespace(server);
    absl::ConsumePrefix(&server, "http://");
    absl::ConsumeSuffix(&server, "/");
    place.servers.emplace_back(server);
  }
  return place;
}

void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
}

}  // namespace

absl::Status Registration::Check(const std::string& where) {
  return Parse(where).status();
}

absl::StatusOr<std::unique_ptr<Registration>> Registration::Start(
    const std::string& where, const std::string& address, std::function<void(const std::string& key)> registered) {
  absl::StatusOr<Place> place = Parse(where);
  if (!place.ok()) return place.status();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  std::vector<std::shared_ptr<grpc::Channel>> servers;
  for (const std::string& server : place->servers) {
    servers.push_back(grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments));
  }
  return std::unique_ptr<Registration>(
      new Registration(std::move(servers), absl::StrCat(place->prefix, "/", address), address, std::move(registered)));
}

Registration::Registration(std::vector<std::shared_ptr<grpc::Channel>> servers, std::string key, std::string address,
                           std::function<void(const std::string&)> registered)
    : servers_(std::move(servers)),
      key_(std::move(key)),
      address_(std::move(address)),
      registered_(std::move(registered)),
      thread_([this] { Run(); }) {}

Registration::~Registration() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Registration::Run() {
  int64_t lease = 0;
  while (true) {
    std::chrono::milliseconds pause = kRenewal;
    if (lease == 0) {
      lease = Register();
      if (lease == 0) pause = kTryAgain;
    } else {
      const Renewed renewed = Renew(lease);
      // What does not answer may still know the lease when it is back.
      if (renewed == Renewed::kGone) lease = 0;
      if (renewed != Renewed::kYes) pause = kTryAgain;
    }
    const auto until = std::chrono::steady_clock::now() + pause;
    if (pause == kTryAgain) {
      next_ = (next_ + 1) % servers_.size();
      // The library gets on with a connection only while somebody waits for one; a call that fails at once does not,
      // and in a process without other calls attempts would time out unseen for ever.
      servers_[next_]->WaitForConnected(std::chrono::system_clock::now() + pause);
    }
    std::unique_lock<std::mutex> lock(mutex_);
    if (changed_.wait_until(lock, until, [this] { return stopping_; })) break;
  }
  if (lease != 0) Revoke(lease);
}

int64_t Registration::Register() {
  etcdserverpb::LeaseGrantRequest grant;
  grant.set_ttl(kTtlSeconds);
  etcdserverpb::LeaseGrantResponse granted;
  {
    grpc::ClientContext context;
    SetDeadline(context);
    if (!etcdserverpb::Lease::NewStub(servers_[next_])->LeaseGrant(&context, grant, &granted).ok()) return 0;
  }
  etcdserverpb::PutRequest put;
  put.set_key(key_);
  put.set_value(address_);
  put.set_lease(granted.id());
  etcdserverpb::PutResponse written;
  grpc::ClientContext context;
  SetDeadline(context);
  if (!etcdserverpb::KV::NewStub(servers_[next_])->Put(&context, put, &written).ok()) return 0;
  registered_(key_);
  return granted.id();
}

Registration::Renewed Registration::Renew(int64_t lease) {
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stub = etcdserverpb::Lease::NewStub(servers_[next_]);
  const auto stream = stub->LeaseKeepAlive(&context);
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(lease);
  etcdserverpb::LeaseKeepAliveResponse response;
  const bool answered = stream->Write(request) && stream->Read(&response);
  context.TryCancel();
  stream->Finish().ok();  // cancelled, whatever it was
  if (!answered) return Renewed::kNoAnswer;
  return response.ttl() > 0 ? Renewed::kYes : Renewed::kGone;
}

void Registration::Revoke(int64_t lease) {
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(lease);
  etcdserverpb::LeaseRevokeResponse response;
  grpc::ClientContext context;
  SetDeadline(context);
  etcdserverpb::Lease::NewStub(servers_[next_])->LeaseRevoke(&context, request, &response).ok();
}

}  // namespace shop
