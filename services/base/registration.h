// A service makes itself known in etcd.
#ifndef PORTICO_SERVICES_BASE_REGISTRATION_H_
#define PORTICO_SERVICES_BASE_REGISTRATION_H_

#include <grpcpp/channel.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"

namespace shop {

// Keeps the key PREFIX/ADDRESS, with the address as its value, in etcd under a lease: whoever watches the prefix knows
// that the service is there. A process that dies lets its lease run out, in kTtlSeconds; one that stops ends it. While
// etcd is away this goes on trying, and registers anew when the lease is lost.
class Registration {
 public:
  static constexpr int kTtlSeconds = 5;

  // `where` is "etcd:///PREFIX" (etcd is where ETCD_ENDPOINTS says, else at 127.0.0.1:2379) or
  // "etcd://HOST:PORT,HOST:PORT/PREFIX"; INVALID_ARGUMENT for others. `registered` is called on another thread each
  // time the key has been written.
  static absl::StatusOr<std::unique_ptr<Registration>> Start(const std::string& where, const std::string& address,
                                                             std::function<void(const std::string& key)> registered);

  // Deletes the key; waits two seconds for it at most.
  ~Registration();

  // Whether `where` can be read.
  static absl::Status Check(const std::string& where);

 private:
  Registration(std::vector<std::shared_ptr<grpc::Channel>> servers, std::string key, std::string address,
               std::function<void(const std::string&)> registered);

  void Run();
  // A lease with the key under it; 0 when etcd does not answer.
  int64_t Register();
  enum class Renewed { kYes, kGone, kNoAnswer };
  Renewed Renew(int64_t lease);
  void Revoke(int64_t lease);

  const std::vector<std::shared_ptr<grpc::Channel>> servers_;  // of etcd; the one in use until it fails
  const std::string key_;
  const std::string address_;
  const std::function<void(const std::string&)> registered_;
  size_t next_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_REGISTRATION_H_
