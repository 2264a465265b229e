#include "gateway/access/key_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <future>
#include <thread>

#include "tests/access/issuer.h"
#include "tests/schema/temp_folder.h"
#include "tests/upstream/certificates.h"

namespace portico::access {
namespace {

using ::testing::HasSubstr;
using testing::Jwks;
using testing::SigningKey;
using upstream::Certificate;

constexpr absl::Duration kSoon = absl::Milliseconds(1);

// Waits until a condition holds; false if it does not within 20 s.
bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// An issuer on TLS, or without, whose answer can be changed.
class Issuer {
 public:
  Issuer(httplib::Server* server, const std::string& scheme) : server_(server) {
    server_->Get("/jwks.json", [this](const httplib::Request&, httplib::Response& response) {
      ++asked;
      const std::lock_guard<std::mutex> lock(mutex_);
      answer_(response);
    });
    const int port = server_->bind_to_any_port("127.0.0.1");
    url = scheme + "://127.0.0.1:" + std::to_string(port) + "/jwks.json";
    thread_ = std::thread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();
  }
  ~Issuer() {
    server_->stop();
    thread_.join();
  }
  void Answers(std::function<void(httplib::Response&)> answer) {
    const std::lock_guard<std::mutex> lock(mutex_);
    answer_ = std::move(answer);
  }
  void Publishes(const std::vector<SigningKey>& keys, const std::string& cache_control = "") {
    Answers([text = Jwks(keys).dump(), cache_control](httplib::Response& response) {
      response.set_content(text, "application/json");
      if (!cache_control.empty()) response.set_header("Cache-Control", cache_control);
    });
  }
  std::string url;
  std::atomic<int> asked{0};

 private:
  std::unique_ptr<httplib::Server> server_;
  std::mutex mutex_;
  std::function<void(httplib::Response&)> answer_;
  std::thread thread_;
};

bool Knows(const KeySource& source, const SigningKey& key) {
  const auto keys = source.keys();
  return keys != nullptr && keys->Find(key.id(), *AlgorithmOf(key.algorithm())) != nullptr;
}

class KeySourceTest : public ::testing::Test {
 protected:
  // Asks and waits; false when it is too often.
  static bool RefreshNow(KeySource& source) {
    auto done = std::make_shared<std::promise<void>>();
    if (!source.Refresh([done] { done->set_value(); })) return false;
    return done->get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  }
  const SigningKey first_{"k1", "ES256"};
  const SigningKey second_{"k2", "EdDSA"};
};

TEST_F(KeySourceTest, TheIssuersCertificateIsVerified) {
  testing::TempFolder folder;
  const Certificate authority = Certificate::Authority("test CA");
  const Certificate good = Certificate::SignedBy(authority, "issuer", "IP:127.0.0.1");
  const Certificate other = Certificate::SignedBy(authority, "issuer", "DNS:other.example");
  const std::string ca = folder.path() + "/ca.pem";
  std::ofstream(ca) << authority.cert();
  const struct {
    const char* name;
    const Certificate& certificate;
    std::string trusted;
    bool fetched;
  } cases[] = {
      {"Trusted", good, ca, true}, {"OfAnotherName", other, ca, false}, {"OfAnUnknownAuthority", good, "", false}};
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const std::string cert = folder.path() + "/" + c.name + ".pem", key = folder.path() + "/" + c.name + ".key";
    std::ofstream(cert) << c.certificate.cert();
    std::ofstream(key) << c.certificate.key();
    Issuer issuer(new httplib::SSLServer(cert.c_str(), key.c_str()), "https");
    issuer.Publishes({first_});
    std::promise<absl::Status> reported;
    KeySource source({.url = issuer.url, .ca = c.trusted}, [&, told = false](const absl::Status& status) mutable {
      if (!std::exchange(told, true)) reported.set_value(status);
    });
    const absl::Status status = reported.get_future().get();
    EXPECT_EQ(status.ok(), c.fetched) << status;
    EXPECT_EQ(Knows(source, first_), c.fetched);
  }
}

TEST_F(KeySourceTest, KeysRotate) {
  Issuer issuer(new httplib::Server, "http");
  issuer.Publishes({first_});
  KeySource source({.url = issuer.url, .pause = kSoon});
  ASSERT_TRUE(Eventually([&] { return Knows(source, first_); }));
  const uint64_t before = source.generation();
  issuer.Publishes({first_, second_});
  EXPECT_TRUE(RefreshNow(source));
  EXPECT_TRUE(Knows(source, first_));
  EXPECT_TRUE(Knows(source, second_));
  EXPECT_NE(source.generation(), before);
  const uint64_t same = source.generation();
  EXPECT_TRUE(RefreshNow(source));
  EXPECT_EQ(source.generation(), same) << "the same keys are no others";
  issuer.Publishes({second_});
  EXPECT_TRUE(RefreshNow(source));
  EXPECT_FALSE(Knows(source, first_));
}

TEST_F(KeySourceTest, AnUnusableKeyDoesNotHoldUpTheOthers) {
  Issuer issuer(new httplib::Server, "http");
  issuer.Publishes({first_});
  KeySource source({.url = issuer.url, .pause = kSoon});
  ASSERT_TRUE(Eventually([&] { return Knows(source, first_); }));
  testing::Json set = Jwks({second_});
  set["keys"].push_back({{"kty", "RSA"}, {"kid", "incomplete"}});
  set["keys"].push_back(testing::With(first_.Jwk(), "d", "c2VjcmV0"));
  issuer.Answers([text = set.dump()](httplib::Response& r) { r.set_content(text, "application/json"); });
  EXPECT_TRUE(RefreshNow(source));
  EXPECT_TRUE(Knows(source, second_));
  EXPECT_FALSE(Knows(source, first_)) << "its private half is known to all";
}

TEST_F(KeySourceTest, MaxAgeSaysWhenToAskAgain) {
  Issuer issuer(new httplib::Server, "http");
  issuer.Publishes({first_}, "public, max-age=1");
  KeySource source({.url = issuer.url});
  ASSERT_TRUE(Eventually([&] { return Knows(source, first_); }));
  issuer.Publishes({second_}, "public, max-age=3600");
  EXPECT_TRUE(Eventually([&] { return Knows(source, second_) && !Knows(source, first_); }));
}

TEST_F(KeySourceTest, ItIsNotAskedTooOften) {
  Issuer issuer(new httplib::Server, "http");
  issuer.Publishes({first_});
  const auto pause = std::chrono::milliseconds(100);
  const auto begun = std::chrono::steady_clock::now();
  KeySource source({.url = issuer.url, .pause = absl::FromChrono(pause)});
  // One after the other, and then all at once.
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(RefreshNow(source));
  std::atomic<int> called{0};
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(source.Refresh([&] { ++called; }));
  EXPECT_TRUE(Eventually([&] { return called == 200; }));
  EXPECT_LE(issuer.asked - 1, (std::chrono::steady_clock::now() - begun) / pause);
}

// Nobody who makes key ids up can keep others from learning of a key that is new.
TEST_F(KeySourceTest, WhoAsksForNothingTakesNothingFromOthers) {
  Issuer issuer(new httplib::Server, "http");
  issuer.Publishes({first_});
  KeySource source({.url = issuer.url, .pause = absl::Milliseconds(20)});
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(RefreshNow(source)) << "made up";
  issuer.Publishes({second_});
  EXPECT_TRUE(RefreshNow(source));
  EXPECT_TRUE(Knows(source, second_));
}

TEST_F(KeySourceTest, SoManyMayWaitAndNoMore) {
  Issuer issuer(new httplib::Server, "http");
  issuer.Publishes({first_});
  std::atomic<size_t> called{0};
  {
    KeySource source({.url = issuer.url, .pause = absl::Hours(1)});
    ASSERT_TRUE(Eventually([&] { return Knows(source, first_); }));
    for (size_t i = 0; i < KeySource::kMostWaiting; ++i) ASSERT_TRUE(source.Refresh([&] { ++called; }));
    EXPECT_FALSE(source.Refresh([&] { ++called; }));
    EXPECT_EQ(called, 0);
  }
  EXPECT_EQ(called, KeySource::kMostWaiting);
}

TEST_F(KeySourceTest, TheLastGoodKeysStayWhateverTheIssuerAnswers) {
  const struct {
    const char* name;
    std::function<void(httplib::Response&)> answer;
    const char* reported;
  } cases[] = {
      {"AnError", [](httplib::Response& r) { r.status = 500; }, "it answered 500"},
      {"ARedirect", [](httplib::Response& r) { r.set_redirect("http://127.0.0.1:1/"); }, "it answered 302"},
      {"NoJson", [](httplib::Response& r) { r.set_content("<html>", "text/html"); }, "no JWK set"},
      {"NoKeys", [](httplib::Response& r) { r.set_content(R"({"keys":[]})", "application/json"); }, "no key"},
      {"TooMuch", [](httplib::Response& r) { r.set_content(std::string(1 << 20, ' '), "application/json"); },
       "more than 262144 bytes"},
      {"Drops",
       [](httplib::Response& r) {
         r.set_chunked_content_provider("application/json", [](size_t, httplib::DataSink& sink) {
           sink.write(" ", 1);
           std::this_thread::sleep_for(std::chrono::milliseconds(50));
           return true;
         });
       },
       "in time"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    Issuer issuer(new httplib::Server, "http");
    issuer.Publishes({first_});
    std::mutex mutex;
    std::vector<std::string> reports;
    KeySource source({.url = issuer.url, .timeout = absl::Seconds(1), .pause = kSoon}, [&](const absl::Status& status) {
      const std::lock_guard<std::mutex> lock(mutex);
      reports.emplace_back(status.message());
    });
    ASSERT_TRUE(Eventually([&] { return Knows(source, first_); }));
    issuer.Answers(c.answer);
    EXPECT_TRUE(RefreshNow(source));
    EXPECT_TRUE(Knows(source, first_));
    EXPECT_TRUE(RefreshNow(source));
    issuer.Publishes({first_});
    EXPECT_TRUE(RefreshNow(source));
    // Only what is new is reported.
    const std::lock_guard<std::mutex> lock(mutex);
    EXPECT_THAT(reports, ::testing::ElementsAre("", HasSubstr(c.reported), ""));
  }
}

TEST_F(KeySourceTest, AnIssuerThatIsDownIsAskedAgain) {
  std::string url;
  {
    Issuer issuer(new httplib::Server, "http");
    issuer.Publishes({first_});
    url = issuer.url;
  }
  KeySource source({.url = url});
  EXPECT_TRUE(RefreshNow(source));
  EXPECT_EQ(source.keys(), nullptr);
}

TEST_F(KeySourceTest, WhoWaitsIsCalledAtTheEnd) {
  Issuer issuer(new httplib::Server, "http");
  issuer.Answers([](httplib::Response& response) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    response.status = 500;
  });
  std::atomic<bool> called{false};
  {
    KeySource source({.url = issuer.url, .pause = kSoon});
    ASSERT_TRUE(Eventually([&] { return issuer.asked > 0; }));
    ASSERT_TRUE(source.Refresh([&] { called = true; }));
  }
  EXPECT_TRUE(called);
}

TEST(KeyUrlTest, WhichAreAsked) {
  for (const char* url : {"https://issuer.example/jwks", "https://issuer.example", "https://issuer.example:8443/a?b=c",
                          "http://127.0.0.1:9090/jwks.json", "http://localhost/", "http://[::1]:1/"}) {
    EXPECT_TRUE(KeySource::CheckUrl(url).ok()) << url;
  }
  for (const char* url :
       {"http://issuer.example/jwks", "http://127.0.0.1.example/", "http://localhost.example/", "ftp://issuer.example/",
        "https://", "https:///jwks", "https://:443/", "https://user:secret@issuer.example/", "https://a b/",
        "https://a\n/", "http://127.0.0.1@issuer.example/", "file:///etc/passwd"}) {
    const absl::Status status = KeySource::CheckUrl(url);
    EXPECT_FALSE(status.ok()) << url;
    EXPECT_EQ(status.message().find("secret"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace portico::access
