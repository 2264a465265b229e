#ifndef PORTICO_TESTS_COMPOSE_FAKE_SERVICES_H_
#define PORTICO_TESTS_COMPOSE_FAKE_SERVICES_H_

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gateway/compose/composer.h"
#include "gateway/net/event.h"
#include "gateway/rpc/handler.h"
#include "gateway/transcode/json_to_wire.h"
#include "gateway/transcode/wire_to_json.h"
#include "tests/schema/temp_folder.h"

namespace portico::compose {

// Services that answer in JSON what a test tells them to, when it tells them to.
class FakeServices final : public rpc::Handler {
 public:
  struct Record {
    std::string method;
    std::string request;  // JSON
    std::string wire;     // the same as it came
    bool cancelled = false;
    bool done = false;
  };
  using Answer = std::function<absl::StatusOr<std::string>(const std::string& request)>;

  explicit FakeServices(const schema::Schema& schema) : schema_(schema) {}

  // The method answers at once; with `held` it waits for Release().
  void On(const std::string& method, Answer answer, bool held = false) { answers_[method] = {std::move(answer), held}; }
  void On(const std::string& method, const std::string& json, bool held = false) {
    On(
        method, [json](const std::string&) { return json; }, held);
  }
  // Answers with these wire bytes, whatever they are.
  void OnWire(const std::string& method, const std::string& wire) { wires_[method] = wire; }

  // Lets the held calls of the method answer.
  void Release(const std::string& method) {
    auto waiting = std::exchange(held_[method], {});
    for (const auto& event : waiting) event->Set();
  }

  const std::deque<Record>& calls() const { return calls_; }
  int Count(const std::string& method) const {
    return static_cast<int>(
        std::count_if(calls_.begin(), calls_.end(), [&](const Record& call) { return call.method == method; }));
  }
  int greatest_in_flight() const { return greatest_in_flight_; }

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request,
                                         rpc::Context& context) override {
    std::string json;
    const absl::Status readable = transcode::WireToJson(*method.input, schema_, request.bytes(), {}, &json);
    if (!readable.ok()) co_return readable;
    Record& call = calls_.emplace_back();
    call.method = method.full_name;
    call.request = json;
    call.wire = std::string(request.bytes());
    greatest_in_flight_ = std::max(greatest_in_flight_, ++in_flight_);
    const auto answer = answers_.find(method.full_name);
    if (answer != answers_.end() && answer->second.held) {
      const auto event = std::make_shared<net::Event>();
      held_[method.full_name].push_back(event);
      rpc::CancelCallback cancelled(context, [&call, event] {
        call.cancelled = true;
        event->Set();
      });
      co_await event->Wait();
    }
    --in_flight_;
    call.done = true;
    if (call.cancelled) co_return absl::CancelledError("cancelled");
    rpc::Reply reply;
    if (const auto wire = wires_.find(method.full_name); wire != wires_.end()) {
      reply.message = wire->second;
      co_return reply;
    }
    if (answer == answers_.end()) co_return absl::UnavailableError(absl::StrCat(method.full_name, " is down"));
    const absl::StatusOr<std::string> text = answer->second.answer(json);
    if (!text.ok()) co_return text.status();
    const absl::Status written = transcode::JsonToWire(*method.output, schema_, *text, {}, &reply.message, nullptr);
    if (!written.ok()) co_return written;
    co_return reply;
  }

  // What has become of a method's stream, of which there is one.
  struct Streaming {
    std::string request;    // JSON; empty before there is one
    bool complete = false;  // the client's side
    bool cancelled = false;
    int taken = 0;  // messages that were read

    std::deque<std::string> messages;  // wire
    std::optional<absl::Status> end;
    net::Event* waiting = nullptr;
    void Wake() {
      if (waiting != nullptr) std::exchange(waiting, nullptr)->Set();
    }
  };
  Streaming& stream(const std::string& method) { return streams_[method]; }
  void SendWire(const std::string& method, std::string wire) {
    streams_[method].messages.push_back(std::move(wire));
    streams_[method].Wake();
  }
  void Send(const std::string& method, const std::string& json) {
    std::string wire;
    const schema::MessageTable& output = *schema_.FindMethod(method)->output;
    if (!transcode::JsonToWire(output, schema_, json, {}, &wire, nullptr).ok()) wire = "\xff";
    SendWire(method, std::move(wire));
  }
  void End(const std::string& method, absl::Status status = absl::OkStatus()) {
    streams_[method].end = std::move(status);
    streams_[method].Wake();
  }

  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method& method, rpc::Context& context) override {
    co_return std::make_unique<Stream>(method, schema_, streams_[method.full_name], context);
  }

 private:
  class Stream final : public rpc::Stream {
   public:
    Stream(const rpc::Method& method, const schema::Schema& schema, Streaming& state, rpc::Context& context)
        : method_(method), schema_(schema), state_(state), cancel_(context, [this] {
            state_.cancelled = true;
            state_.Wake();
          }) {}

    ~Stream() override {
      if (!state_.end.has_value()) state_.cancelled = true;
    }

    Async<absl::Status> Write(rpc::Payload message) override {
      co_return transcode::WireToJson(*method_.input, schema_, message.bytes(), {}, &state_.request);
    }
    Async<absl::Status> CloseWrite() override {
      state_.complete = true;
      co_return absl::OkStatus();
    }
    Async<bool> AwaitHeaders(net::Deadline) override { co_return true; }
    Async<absl::StatusOr<bool>> Read(std::string* message) override {
      while (state_.messages.empty() && !state_.end.has_value() && !state_.cancelled) {
        net::Event event;
        state_.waiting = &event;
        co_await event.Wait();
      }
      if (state_.cancelled) co_return absl::CancelledError("cancelled");
      if (state_.messages.empty()) {
        if (!state_.end->ok()) co_return *state_.end;
        co_return false;
      }
      *message = std::move(state_.messages.front());
      state_.messages.pop_front();
      ++state_.taken;
      co_return true;
    }
    const rpc::Metadata& headers() const override { return none_; }
    const rpc::Metadata& trailers() const override { return none_; }

   private:
    const rpc::Method& method_;
    const schema::Schema& schema_;
    Streaming& state_;
    const rpc::Metadata none_;
    rpc::CancelCallback cancel_;
  };

  struct Behaviour {
    Answer answer;
    bool held = false;
  };
  const schema::Schema& schema_;
  std::map<std::string, Behaviour> answers_;
  std::map<std::string, std::string> wires_;
  std::map<std::string, std::vector<std::shared_ptr<net::Event>>> held_;
  std::map<std::string, Streaming> streams_;
  std::deque<Record> calls_;
  int in_flight_ = 0;
  int greatest_in_flight_ = 0;
};

// Request attributes from a list.
class FixedAttributes final : public rpc::Attributes {
 public:
  explicit FixedAttributes(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  bool Find(absl::string_view name, absl::string_view* value) const override {
    const auto found = values_.find(std::string(name));
    if (found == values_.end()) return false;
    *value = found->second;
    return true;
  }

 private:
  std::map<std::string, std::string> values_;
};

// One facade method over fake services, called with JSON.
class Page {
 public:
  // The folder's contracts must compile; `method` is "web.Web/GetPage". Its parts are answered by services() unless
  // there is a handler.
  Page(const portico::testing::TempFolder& folder, const std::string& method, rpc::Handler* handler = nullptr) {
    schema_ = schema::Schema::Load({{schema::ContractSource::Kind::kProtoFolder, folder.path(), {}}}, diagnostics_);
    if (schema_ == nullptr) return;
    method_ = schema_->FindMethod(method);
    plan_ = CompilePlan(*method_, *schema_, projections_, diagnostics_);
    if (plan_ == nullptr) return;
    services_ = std::make_unique<FakeServices>(*schema_);
    composer_ =
        std::make_unique<Composer>(*plan_, std::vector<rpc::Handler*>(static_cast<size_t>(plan_->part_count),
                                                                      handler == nullptr ? services_.get() : handler));
  }

  bool ok() const { return composer_ != nullptr; }
  std::string mistakes() const { return diagnostics_.ToString(); }
  FakeServices& services() { return *services_; }
  Composer& composer() { return *composer_; }
  const schema::Schema& schema() const { return *schema_; }
  const schema::Method& method() const { return *method_; }
  net::Worker& worker() { return worker_; }
  rpc::Context& context() { return *context_; }
  // Gives the next call a context of its own: a deadline is only ever shortened.
  void NewContext() {
    context_ = std::make_unique<rpc::Context>(worker_, net::Clock::now() + std::chrono::seconds(60));
  }

  // Starts the call; answer() is its outcome once there is one.
  void Start(const std::string& request, const std::string& fields = "") {
    answer_.reset();
    omitted_.clear();
    rpc::Payload payload;
    const absl::Status written =
        transcode::JsonToWire(*method_->input, *schema_, request, {}, &payload.buffer(), nullptr);
    if (!written.ok()) {
      answer_ = written;
      return;
    }
    if (!fields.empty()) {
      selection_ = *transcode::FieldSelection::Compile(*method_->output, fields);
      context_->set_selection(selection_.get());
    }
    worker_.Spawn(Run(this, std::move(payload)));
    Poll();
  }

  // Runs what is ready to run.
  void Poll() {
    worker_.context().restart();
    worker_.context().poll();
  }

  // Runs the loop until there is an answer, at most for `limit`.
  void Wait(std::chrono::milliseconds limit = std::chrono::seconds(5)) {
    const auto end = net::Clock::now() + limit;
    while (!answer_.has_value() && net::Clock::now() < end) {
      worker_.context().restart();
      worker_.context().run_one_until(end);
    }
  }

  bool answered() const { return answer_.has_value(); }
  // The answer as JSON, or the error's code and message.
  std::string answer() const {
    if (!answer_.has_value()) return "none yet";
    return answer_->ok() ? **answer_ : answer_->status().ToString();
  }
  absl::Status status() const { return answer_->status(); }
  const std::string& omitted() const { return omitted_; }

  std::string Get(const std::string& request, const std::string& fields = "") {
    Start(request, fields);
    Wait();
    return answer();
  }

 private:
  static Async<void> Run(Page* page, rpc::Payload payload) {
    absl::StatusOr<rpc::Reply> reply =
        co_await page->composer_->Call(*page->method_, std::move(payload), *page->context_);
    if (!reply.ok()) {
      page->answer_ = reply.status();
      co_return;
    }
    page->omitted_ = reply->omitted;
    std::string json;
    const absl::Status written = transcode::WireToJson(*page->method_->output, *page->schema_, reply->message, {},
                                                       &json, page->selection_.get());
    page->answer_ = written.ok() ? absl::StatusOr<std::string>(json) : written;
  }

  schema::Diagnostics diagnostics_;
  std::shared_ptr<const schema::Schema> schema_;
  Projections projections_{IsFilledByGateway};
  const schema::Method* method_ = nullptr;
  std::unique_ptr<const Plan> plan_;
  net::Worker worker_{0};
  std::unique_ptr<FakeServices> services_;
  std::unique_ptr<Composer> composer_;
  std::unique_ptr<const transcode::FieldSelection> selection_;
  std::unique_ptr<rpc::Context> context_ =
      std::make_unique<rpc::Context>(worker_, net::Clock::now() + std::chrono::seconds(60));
  std::optional<absl::StatusOr<std::string>> answer_;
  std::string omitted_;
};

}  // namespace portico::compose

#endif  // PORTICO_TESTS_COMPOSE_FAKE_SERVICES_H_
