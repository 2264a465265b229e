#ifndef PORTICO_TESTS_HTTP_SERVING_H_
#define PORTICO_TESTS_HTTP_SERVING_H_

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/listener.h"
#include "gateway/net/event.h"
#include "gateway/net/worker_threads.h"
#include "tests/http/raw_client.h"

namespace portico::http {

// Pieces "0;" "1;" ... of a stream.
class CountingStream final : public BodyStream {
 public:
  CountingStream(int pieces, std::string filler, bool fails, std::atomic<int>* read)
      : pieces_(pieces), filler_(std::move(filler)), fails_(fails), read_(read) {}
  Async<absl::StatusOr<bool>> Read(std::string* piece) override {
    if (next_ == pieces_) {
      if (fails_) co_return absl::DataLossError("broken");
      co_return false;
    }
    *piece = absl::StrCat(next_++, ";", filler_);
    if (read_ != nullptr) ++*read_;
    co_return true;
  }

 private:
  int next_ = 0;
  const int pieces_;
  const std::string filler_;
  const bool fails_;
  std::atomic<int>* read_;
};

// Does what the path says.
class ScriptedHandler final : public Handler, public Epilogue {
 public:
  void Record(const Request& request, const Response&, const Sent& sent) override {
    if (request.path == "/throw/late") throw std::runtime_error("a fault");
    const std::lock_guard<std::mutex> lock(mutex);
    all_sent.push_back(sent);
  }

  Async<Response> Handle(Request& request) override {
    ++handled;
    Response response;
    response.headers.Add("Content-Type", "text/plain");
    request.epilogues.push_back(this);
    if (request.path == "/wait") {  // until the client leaves or the test releases
      net::Event done;
      const rpc::CancelCallback callback(request.context, [&done] { done.Set(); });
      {
        const std::lock_guard<std::mutex> lock(mutex);
        waiting.push_back({&request.context.worker(), &done});
      }
      co_await done.Wait();
      if (request.context.cancelled()) ++cancelled;
      response.body = "waited";
    } else if (request.path == "/throw") {
      throw std::runtime_error("a fault");
    } else if (request.path == "/none") {
      response.status = 204;
      response.body = "never sent";
    } else if (request.path == "/big") {
      response.body.assign(size_t{64} << 20, 'x');
    } else if (request.path == "/stream") {
      response.body = "first;";
      response.stream = std::make_unique<CountingStream>(3, "", false, nullptr);
    } else if (request.path == "/trailers") {
      response.body = "whole";
      response.trailers = std::make_unique<ResponseHeaders>();
      response.trailers->Add("Grpc-Trailer-Cost", "7");
      response.trailers->Add("Grpc-Trailer-Shard", "a");
    } else if (request.path == "/broken") {
      response.stream = std::make_unique<CountingStream>(2, "", true, nullptr);
    } else if (request.path == "/upload/all" ||
               request.path == "/upload/one") {  // what of it arrives, or the first piece
      ++uploads;
      std::string piece;
      int pieces_read = 0;
      while (true) {
        const absl::StatusOr<bool> more = co_await request.body_stream->Read(&piece);
        if (!more.ok()) {
          response = ErrorRenderer(ErrorFormat::kStatus, nullptr).Render(more.status());
          ++failed_uploads;
          break;
        }
        if (!*more) break;
        uploaded += piece.size();
        if (piece.size() <= 100) absl::StrAppend(&response.body, piece);
        if (++pieces_read == 1 && request.path == "/upload/one") break;
      }
      absl::StrAppend(&response.body, "|", request.streamed_bytes);
    } else if (request.path == "/upload/none") {  // until the client leaves or the test releases
      net::Event done;
      const rpc::CancelCallback callback(request.context, [&done] { done.Set(); });
      {
        const std::lock_guard<std::mutex> lock(mutex);
        waiting.push_back({&request.context.worker(), &done});
      }
      co_await done.Wait();
      if (request.context.cancelled()) ++cancelled;
      response.body = "not read";
    } else if (request.path == "/socket") {
      response.status = 101;
      response.stream = web_socket(request);
    } else if (request.path == "/endless") {
      response.stream = std::make_unique<CountingStream>(1 << 30, std::string(65536, 'x'), false, &pieces);
    } else {
      response.body = absl::StrCat(request.method, " ", request.target, " ", request.body);
    }
    co_return response;
  }

  bool StreamsBody(const Request& head) override {
    ++asked;
    return absl::StartsWith(head.path, "/upload/");
  }
  bool MayStreamBodies(const net::Worker&) override { return may_stream; }
  void AmendRefusal(const Request& head, Response* response) override {
    response->headers.Add("Refused-Origin", head.headers.Get("Origin"));
  }

  // Lets every request on /wait and /upload/none go.
  void Release() {
    const std::lock_guard<std::mutex> lock(mutex);
    for (const auto& [worker, event] : waiting) worker->Post([on = event] { on->Set(); });
    waiting.clear();
  }
  // Those on them have left.
  void Forget() {
    const std::lock_guard<std::mutex> lock(mutex);
    waiting.clear();
  }
  size_t Waiting() {
    const std::lock_guard<std::mutex> lock(mutex);
    return waiting.size();
  }
  std::vector<Sent> SentSoFar() {
    const std::lock_guard<std::mutex> lock(mutex);
    return all_sent;
  }

  std::atomic<bool> may_stream{true};
  std::atomic<int> asked{0};                                        // whether a body is to be streamed
  std::function<std::unique_ptr<BodyStream>(Request&)> web_socket;  // what serves those on /socket
  std::atomic<int> handled{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> pieces{0};
  std::atomic<int> uploads{0};
  std::atomic<int> failed_uploads{0};
  std::atomic<uint64_t> uploaded{0};
  std::mutex mutex;
  std::vector<std::pair<net::Worker*, net::Event*>> waiting;
  std::vector<Sent> all_sent;
};

// A listener on a free port with two workers.
class ServingTest : public testing::Test, public RefusalObserver {
 protected:
  // Not in the destructor, in which Refused() is no longer what the workers may call.
  void TearDown() override {
    if (listener_ != nullptr) Drain(std::chrono::milliseconds(0)).wait();
    threads_.Stop();
  }

  void Serve(const Limits& limits = Limits()) {
    absl::StatusOr<std::unique_ptr<Listener>> listener =
        Listener::Create(threads_.workers(), "127.0.0.1:0", limits, handler_, errors_, this);
    ASSERT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
    threads_.Start();
  }
  const std::string& address() const { return listener_->address(); }

  // A future, because the destructor must not outrun the report.
  std::shared_future<void> Drain(std::chrono::milliseconds limit) {
    if (!drained_.valid()) {
      auto done = std::make_shared<std::promise<void>>();
      drained_ = done->get_future().share();
      listener_->Drain(limit, [done] { done->set_value(); });
    }
    return drained_;
  }

  void Refused(const Refusal& refusal) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    refused_.push_back(absl::StrCat(refusal.status, " ", refusal.code, " ", refusal.method, " ", refusal.path));
  }
  std::vector<std::string> RefusedSoFar() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return refused_;
  }

  ScriptedHandler handler_;
  ErrorRenderer errors_{ErrorFormat::kStatus, nullptr};
  net::WorkerThreads threads_{2};
  std::unique_ptr<Listener> listener_;
  std::shared_future<void> drained_;
  std::mutex mutex_;
  std::vector<std::string> refused_;
};

}  // namespace portico::http

#endif  // PORTICO_TESTS_HTTP_SERVING_H_
