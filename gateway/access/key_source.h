#ifndef PORTICO_GATEWAY_ACCESS_KEY_SOURCE_H_
#define PORTICO_GATEWAY_ACCESS_KEY_SOURCE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gateway/access/key_set.h"

namespace portico::access {

// Where an issuer publishes its keys, and how patiently it is asked.
struct KeySourceOptions {
  std::string url;
  std::string ca;                             // the file of the authorities trusted, PEM; empty: the system's
  absl::Duration refresh = absl::Minutes(5);  // where the answer's Cache-Control has no max-age
  absl::Duration timeout = absl::Seconds(5);  // of an exchange as a whole
  absl::Duration pause = absl::Seconds(1);    // at least, from the beginning of an exchange to that of the next one
  size_t most_bytes = 256 << 10;              // of an answer

  bool operator==(const KeySourceOptions&) const = default;
};

// An issuer's keys from a URL, kept fresh on a thread of its own: asked for at the start, when their max-age is over,
// and when somebody meets a key that is not known; at most once in a `pause`. What was fetched last stays while the
// issuer is down, or answers something that is no JWK set; it is asked again after a second, then after twice as long
// each time, up to `refresh`. Redirects are not followed. Thread-safe.
class KeySource {
 public:
  // Whether the URL is one to ask: https, or http to this machine itself (RFC 8725 has keys come over a connection that
  // proves whose they are); without a user name, which would end up in logs. The error names what is wrong.
  static absl::Status CheckUrl(absl::string_view url);

  // `report` hears, on the source's thread, of the first exchange, and then whenever exchanges begin to fail, begin to
  // succeed, or bring other keys. REQUIRES: CheckUrl(options.url).
  explicit KeySource(KeySourceOptions options, std::function<void(const absl::Status&)> report = nullptr);
  // Breaks an exchange under way off; all who wait are called.
  ~KeySource();
  KeySource(const KeySource&) = delete;
  KeySource& operator=(const KeySource&) = delete;

  const KeySourceOptions& options() const { return options_; }

  // nullptr until the first exchange has succeeded.
  std::shared_ptr<const KeySet> keys() const;
  // Another number whenever keys() are others. Without a lock.
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // Has the keys asked for as soon as `pause` allows. `done` is called, on the source's thread, when an exchange that
  // begins from now on has ended; all who wait share it, so that nobody who makes up key ids takes it from others.
  // False, and nothing done, when kMostWaiting wait already.
  bool Refresh(absl::AnyInvocable<void()> done);
  static constexpr size_t kMostWaiting = 4096;

 private:
  struct Fetched {
    std::string text;
    absl::Duration max_age;
  };
  absl::StatusOr<Fetched> Fetch();
  void Run();
  // Until an exchange is due, or the source ends. `next` is when it is due if nobody asks.
  void AwaitTurn(absl::Time next, std::unique_lock<std::mutex>& lock);
  // Takes over what an exchange brought; how long it is good for.
  absl::Duration Take(const absl::StatusOr<Fetched>& fetched);

  const KeySourceOptions options_;
  const std::function<void(const absl::Status&)> report_;
  std::atomic<uint64_t> generation_{0};

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const KeySet> keys_;
  bool stopping_ = false;
  bool requested_ = false;
  std::vector<absl::AnyInvocable<void()>> waiting_;

  std::string text_;  // of keys_; the next three are the thread's own as well
  int failures_ = 0;
  absl::Time earliest_ = absl::InfinitePast();  // when the next exchange may begin
  bool reported_ = false;
  std::thread thread_;
};

}  // namespace portico::access

#endif  // PORTICO_GATEWAY_ACCESS_KEY_SOURCE_H_
