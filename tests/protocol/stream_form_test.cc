#include "gateway/protocol/stream_form.h"

#include <gtest/gtest.h>

namespace portico::protocol {
namespace {

TEST(StreamFormTest, AcceptChooses) {
  struct Case {
    const char* accept;  // nullptr: none
    std::optional<StreamForm> form;
  };
  for (const Case& c : {
           Case{nullptr, StreamForm::kNdjson},
           Case{"*/*", StreamForm::kNdjson},
           Case{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", StreamForm::kNdjson},
           Case{"text/event-stream", StreamForm::kEventStream},
           Case{"TEXT/Event-Stream", StreamForm::kEventStream},
           Case{"application/json", StreamForm::kJsonArray},
           Case{"application/json, text/plain, */*", StreamForm::kJsonArray},
           Case{"application/json;q=0.1, */*", StreamForm::kNdjson},
           Case{"application/x-ndjson", StreamForm::kNdjson},
           Case{"application/json, application/x-ndjson", StreamForm::kNdjson},
           Case{"application/json, text/event-stream;q=0.9", StreamForm::kJsonArray},
           Case{"application/json, text/event-stream", StreamForm::kEventStream},
           Case{"application/*", StreamForm::kNdjson},
           Case{"text/*", StreamForm::kEventStream},
           Case{"image/png", std::nullopt},
           Case{"application/json;q=0, application/x-ndjson;q=0, text/event-stream;q=0", std::nullopt},
           Case{"*/*;q=0", std::nullopt},
       }) {
    http::RequestHeaders headers;
    if (c.accept != nullptr) headers.Add("Accept", c.accept);
    EXPECT_EQ(StreamFormOf(headers), c.form) << (c.accept == nullptr ? "(none)" : c.accept);
  }
}

TEST(StreamFormTest, PagesAreForWhoAsksForThem) {
  struct Case {
    const char* accept;
    std::optional<StreamForm> form;
  };
  for (const Case& c : {
           Case{nullptr, std::nullopt},
           Case{"*/*", std::nullopt},
           Case{"text/*", std::nullopt},
           Case{"application/json", std::nullopt},
           Case{"text/event-stream", StreamForm::kEventStream},
           Case{"text/event-stream, */*", StreamForm::kEventStream},
           Case{"application/x-ndjson", StreamForm::kNdjson},
           Case{"application/x-ndjson, text/event-stream", StreamForm::kEventStream},
           Case{"application/x-ndjson, text/event-stream;q=0.5", StreamForm::kNdjson},
           Case{"application/json, text/event-stream", StreamForm::kEventStream},
           Case{"application/json, text/event-stream;q=0.9", std::nullopt},
           Case{"text/event-stream;q=0", std::nullopt},
           Case{"*/*, text/event-stream;q=0.5", std::nullopt},
       }) {
    http::RequestHeaders headers;
    if (c.accept != nullptr) headers.Add("Accept", c.accept);
    EXPECT_EQ(PagesFormOf(headers), c.form) << (c.accept == nullptr ? "(none)" : c.accept);
  }
}

// Two messages and the end, or none, or an error.
std::string Written(StreamWriter& writer, int messages, bool fails) {
  std::string out;
  writer.Begin(&out);
  for (int i = 0; i < messages; ++i) {
    writer.BeginMessage(&out);
    out += i == 0 ? "{\"a\":1}" : "{}";
    writer.EndMessage(&out);
    writer.Heartbeat(&out);
  }
  if (fails) {
    writer.Fail("{\"code\":5}", &out);
  } else {
    writer.End(&out);
  }
  return out;
}

TEST(StreamFormTest, Ndjson) {
  EXPECT_EQ(Written(*NewNdjsonWriter(), 2, false), "{\"a\":1}\n{}\n");
  EXPECT_EQ(Written(*NewNdjsonWriter(), 0, false), "");
  EXPECT_EQ(Written(*NewNdjsonWriter(), 1, true), "{\"a\":1}\n{\"error\":{\"code\":5}}\n");
}

TEST(StreamFormTest, JsonArray) {
  EXPECT_EQ(Written(*NewJsonArrayWriter(), 2, false), "[\n{\"a\":1},\n{}\n]\n");
  EXPECT_EQ(Written(*NewJsonArrayWriter(), 0, false), "[]\n");
  EXPECT_EQ(Written(*NewJsonArrayWriter(), 1, true), "[\n{\"a\":1},\n{\"error\":{\"code\":5}}\n]\n");
  EXPECT_EQ(Written(*NewJsonArrayWriter(), 0, true), "[\n{\"error\":{\"code\":5}}\n]\n");
}

TEST(StreamFormTest, EventStream) {
  EXPECT_EQ(Written(*NewEventStreamWriter(0, 3000), 2, false),
            "retry: 3000\n\nid: 1\ndata: {\"a\":1}\n\n:\n\nid: 2\ndata: {}\n\n:\n\nevent: end\ndata: {}\n\n");
  EXPECT_EQ(Written(*NewEventStreamWriter(41, 3000), 1, true),
            "retry: 3000\n\nid: 42\ndata: {\"a\":1}\n\n:\n\nevent: error\ndata: {\"code\":5}\n\n");
  std::string out;
  NewEventStreamWriter(0, 1)->Suspend(&out);
  EXPECT_EQ(out.front(), ':');  // a comment: no event that would end the subscription
}

TEST(StreamFormTest, EventNumbers) {
  EXPECT_EQ(EventNumber("41"), 41u);
  for (const char* none : {"", "abc", "-1", "1.5", "9999999999999999", "0x10"})
    EXPECT_EQ(EventNumber(none), 0u) << none;
}

}  // namespace
}  // namespace portico::protocol
