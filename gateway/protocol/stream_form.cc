#include "gateway/protocol/stream_form.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gateway/http/accept.h"

namespace portico::protocol {
namespace {

constexpr absl::string_view kNdjsonType = "application/x-ndjson";
constexpr absl::string_view kJsonType = "application/json";
constexpr absl::string_view kEventStreamType = "text/event-stream";

class NdjsonWriter final : public StreamWriter {
 public:
  absl::string_view content_type() const override { return kNdjsonType; }
  void BeginMessage(std::string*) override {}
  void EndMessage(std::string* out) override { out->push_back('\n'); }
  void Fail(absl::string_view status, std::string* out) override { absl::StrAppend(out, "{\"error\":", status, "}\n"); }
};

class JsonArrayWriter final : public StreamWriter {
 public:
  absl::string_view content_type() const override { return kJsonType; }
  bool takes_lines() const override { return true; }
  void Begin(std::string* out) override { out->push_back('['); }
  void BeginMessage(std::string* out) override {
    out->append(first_ ? "\n" : ",\n");
    first_ = false;
  }
  void EndMessage(std::string*) override {}
  void End(std::string* out) override { out->append(first_ ? "]\n" : "\n]\n"); }
  void Fail(absl::string_view status, std::string* out) override {
    BeginMessage(out);
    absl::StrAppend(out, "{\"error\":", status, "}");
    End(out);
  }

 private:
  bool first_ = true;
};

// WHATWG HTML, section 9.2.
class EventStreamWriter final : public StreamWriter {
 public:
  EventStreamWriter(uint64_t last_id, int64_t retry_ms) : last_id_(last_id), retry_ms_(retry_ms) {}

  absl::string_view content_type() const override { return kEventStreamType; }
  bool resumes() const override { return true; }
  void Begin(std::string* out) override { absl::StrAppend(out, "retry: ", retry_ms_, "\n\n"); }
  void BeginMessage(std::string* out) override { absl::StrAppend(out, "id: ", ++last_id_, "\ndata: "); }
  void EndMessage(std::string* out) override { out->append("\n\n"); }
  void End(std::string* out) override { out->append("event: end\ndata: {}\n\n"); }
  void Fail(absl::string_view status, std::string* out) override {
    absl::StrAppend(out, "event: error\ndata: ", status, "\n\n");
  }
  // Without an event: a browser reconnects by itself when the connection ends.
  void Suspend(std::string* out) override { out->append(": the gateway ends, please reconnect\n\n"); }
  void Heartbeat(std::string* out) override { out->append(":\n\n"); }

 private:
  uint64_t last_id_;
  const int64_t retry_ms_;
};

}  // namespace

std::optional<StreamForm> StreamFormOf(const http::RequestHeaders& headers) {
  struct Candidate {
    int quality;
    StreamForm form;
  };
  // The better of two equal ones comes first.
  const Candidate candidates[] = {
      {http::NamedQuality(headers, kEventStreamType), StreamForm::kEventStream},
      {std::max(http::NamedQuality(headers, kNdjsonType), http::NamedQuality(headers, "application/ndjson")),
       StreamForm::kNdjson},
      {http::NamedQuality(headers, kJsonType), StreamForm::kJsonArray},
      {http::QualityOfType(headers, kNdjsonType), StreamForm::kNdjson},
      {http::QualityOfType(headers, kJsonType), StreamForm::kJsonArray},
      {http::QualityOfType(headers, kEventStreamType), StreamForm::kEventStream},
  };
  const Candidate* best = nullptr;
  for (const Candidate& candidate : candidates) {
    if (candidate.quality > (best == nullptr ? 0 : best->quality)) best = &candidate;
  }
  if (best == nullptr) return std::nullopt;
  return best->form;
}

std::optional<StreamForm> PagesFormOf(const http::RequestHeaders& headers) {
  const int events = http::NamedQuality(headers, kEventStreamType);
  const int lines =
      std::max(http::NamedQuality(headers, kNdjsonType), http::NamedQuality(headers, "application/ndjson"));
  const int best = std::max(events, lines);
  if (best <= 0) return std::nullopt;
  absl::string_view accept;
  const bool prefers_json = headers.Find("accept", &accept) && http::QualityOfType(headers, kJsonType) > best;
  if (prefers_json) return std::nullopt;
  return events == best ? StreamForm::kEventStream : StreamForm::kNdjson;
}

std::unique_ptr<StreamWriter> NewNdjsonWriter() {
  return std::make_unique<NdjsonWriter>();
}

std::unique_ptr<StreamWriter> NewJsonArrayWriter() {
  return std::make_unique<JsonArrayWriter>();
}

std::unique_ptr<StreamWriter> NewEventStreamWriter(uint64_t last_id, int64_t retry_ms) {
  return std::make_unique<EventStreamWriter>(last_id, retry_ms);
}

uint64_t EventNumber(absl::string_view last_event_id) {
  constexpr size_t kMostDigits = 15;
  uint64_t number = 0;
  const bool digits = !last_event_id.empty() && last_event_id.size() <= kMostDigits &&
                      std::all_of(last_event_id.begin(), last_event_id.end(),
                                  [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
  return digits && absl::SimpleAtoi(last_event_id, &number) ? number : 0;
}

}  // namespace portico::protocol
