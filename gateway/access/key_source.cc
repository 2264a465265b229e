#include "gateway/access/key_source.h"

#include <httplib.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace portico::access {
namespace {

constexpr absl::Duration kLeastAge = absl::Seconds(1);
constexpr absl::Duration kMostAge = absl::Hours(24);

// "https://host:port" and "/path?query".
std::pair<std::string, std::string> Split(absl::string_view url) {
  const size_t host = url.find("://") + 3;
  const size_t path = std::min(url.find('/', host), url.size());
  return {std::string(url.substr(0, path)), path == url.size() ? "/" : std::string(url.substr(path))};
}

bool IsThisMachine(absl::string_view authority) {
  for (absl::string_view host : {"127.0.0.1", "localhost", "[::1]"}) {
    absl::string_view rest = authority;
    if (absl::ConsumePrefix(&rest, host) && (rest.empty() || rest[0] == ':')) return true;
  }
  return false;
}

// What Cache-Control says of how long an answer is good for (RFC 9111, section 5.2.2); `otherwise` when nothing.
absl::Duration MaxAge(absl::string_view control, absl::Duration otherwise) {
  for (absl::string_view directive : absl::StrSplit(control, ',')) {
    directive = absl::StripAsciiWhitespace(directive);
    int64_t seconds = 0;
    if (!absl::StartsWithIgnoreCase(directive, "max-age=")) continue;
    if (absl::SimpleAtoi(directive.substr(8), &seconds) && seconds >= 0) {
      return std::clamp(absl::Seconds(seconds), kLeastAge, kMostAge);
    }
  }
  return otherwise;
}

}  // namespace

absl::Status KeySource::CheckUrl(absl::string_view url) {
  absl::string_view rest = url;
  const bool https = absl::ConsumePrefix(&rest, "https://");
  if (!https && !absl::ConsumePrefix(&rest, "http://")) {
    return absl::InvalidArgumentError("expected a file or an https URL");
  }
  const absl::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.empty() || authority[0] == ':') return absl::InvalidArgumentError("the URL has no host");
  if (absl::StrContains(authority, '@')) return absl::InvalidArgumentError("the URL has a user name");
  if (absl::c_any_of(url, [](unsigned char c) { return c <= ' ' || c > '~'; })) {
    return absl::InvalidArgumentError("the URL has characters that none has");
  }
  if (!https && !IsThisMachine(authority)) {
    return absl::InvalidArgumentError("keys have to come by https: whoever is between could put others in their place");
  }
  return absl::OkStatus();
}

KeySource::KeySource(KeySourceOptions options, std::function<void(const absl::Status&)> report)
    : options_(std::move(options)), report_(std::move(report)) {
  thread_ = std::thread([this] { Run(); });
}

KeySource::~KeySource() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::shared_ptr<const KeySet> KeySource::keys() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return keys_;
}

bool KeySource::Refresh(absl::AnyInvocable<void()> done) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || waiting_.size() == kMostWaiting) return false;
    requested_ = true;
    waiting_.push_back(std::move(done));
  }
  changed_.notify_all();
  return true;
}

absl::StatusOr<KeySource::Fetched> KeySource::Fetch() {
  const auto [server, path] = Split(options_.url);
  httplib::Client client(server);
  client.set_follow_location(false);
  client.set_connection_timeout(absl::ToChronoMicroseconds(options_.timeout));
  client.set_read_timeout(absl::ToChronoMicroseconds(options_.timeout));
  client.set_write_timeout(absl::ToChronoMicroseconds(options_.timeout));
  if (!options_.ca.empty()) client.set_ca_cert_path(options_.ca);
  client.set_default_headers(
      {{"Accept", "application/jwk-set+json, application/json"}, {"Accept-Encoding", "identity"}});
  std::string text;
  bool too_long = false;
  int status = 0;
  httplib::Result result(nullptr, httplib::Error::Unknown);
  // The library bounds each read, not all of them: the exchange has a thread, and this one cuts it off.
  bool over = false;
  std::thread exchange([&] {
    try {
      result = client.Get(
          path,
          [&](const httplib::Response& head) {
            status = head.status;
            return status == 200;
          },
          [&](const char* data, size_t size) {
            too_long = text.size() + size > options_.most_bytes;
            if (!too_long) text.append(data, size);
            return !too_long;
          });
    } catch (const std::exception&) {
      status = 0;
    }
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      over = true;
    }
    changed_.notify_all();
  });
  bool late = false;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    const auto done = [&] { return over || stopping_; };
    late = !changed_.wait_for(lock, absl::ToChronoNanoseconds(options_.timeout), done);
    while (!over) {
      lock.unlock();  // it may take as long as connecting does
      client.stop();
      lock.lock();
      changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return over; });
    }
  }
  exchange.join();
  if (late) return absl::DeadlineExceededError("it did not answer in time");
  if (too_long)
    return absl::ResourceExhaustedError(absl::StrCat("it answered more than ", options_.most_bytes, " bytes"));
  if (status != 0 && status != 200) return absl::UnavailableError(absl::StrCat("it answered ", status));
  if (!result) return absl::UnavailableError(absl::StrCat("it was not reached: ", httplib::to_string(result.error())));
  return Fetched{std::move(text), MaxAge(result->get_header_value("Cache-Control"), options_.refresh)};
}

absl::Duration KeySource::Take(const absl::StatusOr<Fetched>& fetched) {
  absl::Status status = fetched.status();
  bool others = false;
  if (fetched.ok() && (keys_ == nullptr || fetched->text != text_)) {
    absl::StatusOr<KeySet> keys = KeySet::ParsePublished(fetched->text);
    status = keys.status();
    if (keys.ok()) {
      others = true;
      text_ = fetched->text;
      const std::lock_guard<std::mutex> lock(mutex_);
      keys_ = std::make_shared<const KeySet>(*std::move(keys));
      generation_.fetch_add(1, std::memory_order_release);
    }
  }
  const bool news = !reported_ || others || (failures_ == 0) != status.ok();
  failures_ = status.ok() ? 0 : std::min(failures_ + 1, 20);
  reported_ = true;
  if (news && report_ != nullptr) report_(status);
  if (status.ok()) return fetched->max_age;
  return std::min(options_.refresh, absl::Seconds(1 << (failures_ - 1)));
}

void KeySource::AwaitTurn(absl::Time next, std::unique_lock<std::mutex>& lock) {
  while (!stopping_) {
    const absl::Duration left = std::max(earliest_, requested_ ? absl::InfinitePast() : next) - absl::Now();
    if (left <= absl::ZeroDuration()) return;
    changed_.wait_for(lock, absl::ToChronoNanoseconds(left));
  }
}

void KeySource::Run() {
  absl::Time next = absl::Now();
  for (;;) {
    std::vector<absl::AnyInvocable<void()>> waiting;
    bool stopping = false;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      AwaitTurn(next, lock);
      stopping = stopping_;
      // Who comes while the exchange is under way may know of something newer than what it will bring.
      requested_ = false;
      waiting.swap(waiting_);
    }
    if (!stopping) {
      earliest_ = absl::Now() + options_.pause;
      next = absl::Now() + Take(Fetch());
    }
    for (auto& done : waiting) done();
    if (stopping) return;
  }
}

}  // namespace portico::access
