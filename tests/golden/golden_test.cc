// Runs every golden file: an HTTP request goes in, the wire bytes a service would get come out; the wire bytes it
// answers go in, the HTTP response comes out. README.md explains the files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gateway/config/config_loader.h"
#include "gateway/frontend.h"
#include "gateway/net/worker.h"
#include "gateway/schema/schema.h"
#include "tests/golden/wire_text.h"

namespace portico::golden {
namespace {

constexpr char kFolder[] = PORTICO_SOURCE_DIR "/tests/golden";

// A golden file, taken apart.
struct Golden {
  std::string description;  // up to the request, the frontend's line aside
  std::string frontend = "web";
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string rpc;      // empty: the request reaches no service
  std::string request;  // as text
  std::string answer;   // as text, or "error CODE message"
  std::string response;
};

// The lines that begin with `mark`, without it.
std::string TakeMarked(const std::vector<std::string>& lines, size_t* at, absl::string_view mark) {
  std::string text;
  for (; *at < lines.size() && absl::StartsWith(lines[*at], mark); ++*at) {
    absl::StrAppend(&text, absl::StripPrefix(absl::StripPrefix(lines[*at], mark), " "), "\n");
  }
  return text;
}

Golden Parse(const std::string& text) {
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  Golden golden;
  size_t at = 0;
  for (; at < lines.size() && !absl::StartsWith(lines[at], ">"); ++at) {
    if (absl::StartsWith(lines[at], "frontend ")) {
      golden.frontend = lines[at].substr(9);
    } else {
      absl::StrAppend(&golden.description, lines[at], "\n");
    }
  }
  std::string http = TakeMarked(lines, &at, ">");
  const size_t blank = http.find("\n\n");
  if (blank != std::string::npos) golden.body = http.substr(blank + 2);
  const std::vector<std::string> head = absl::StrSplit(http.substr(0, blank), '\n', absl::SkipEmpty());
  const std::pair<std::string, std::string> first = absl::StrSplit(head.at(0), absl::MaxSplits(' ', 1));
  golden.method = first.first;
  golden.target = first.second;
  for (size_t i = 1; i < head.size(); ++i) {
    golden.headers.push_back(absl::StrSplit(head[i], absl::MaxSplits(": ", 1)));
  }
  std::string* part = nullptr;
  for (; at < lines.size(); ++at) {
    if (absl::StartsWith(lines[at], "<")) {
      golden.response = TakeMarked(lines, &at, "<");
      break;
    }
    if (absl::StartsWith(lines[at], "calls ")) {
      golden.rpc = lines[at].substr(6);
      part = &golden.request;
    } else if (absl::StartsWith(lines[at], "answers")) {
      part = &golden.answer;
      if (lines[at].size() > 8) absl::StrAppend(part, lines[at].substr(8), "\n");
    } else if (part != nullptr && !lines[at].empty()) {
      absl::StrAppend(part, lines[at], "\n");
    }
  }
  return golden;
}

std::string Marked(absl::string_view mark, absl::string_view text) {
  std::string marked;
  absl::ConsumeSuffix(&text, "\n");
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&marked, mark, line.empty() ? "" : " ", line, "\n");
  }
  return marked;
}

std::string Print(const Golden& golden) {
  std::string text = golden.description;
  if (golden.frontend != "web") absl::StrAppend(&text, "frontend ", golden.frontend, "\n");
  std::string http = absl::StrCat(golden.method, " ", golden.target, "\n");
  for (const auto& [name, value] : golden.headers) absl::StrAppend(&http, name, ": ", value, "\n");
  if (!golden.body.empty()) absl::StrAppend(&http, "\n", golden.body);
  absl::StrAppend(&text, Marked(">", http));
  if (!golden.rpc.empty()) {
    absl::StrAppend(&text, "\ncalls ", golden.rpc, "\n", golden.request);
    const bool error = absl::StartsWith(golden.answer, "error ");
    absl::StrAppend(&text, "\nanswers", error ? " " : "\n", golden.answer);
  }
  return absl::StrCat(text, "\n", Marked("<", golden.response));
}

// Stands for every service: writes down what it is asked, and answers what the file says.
class Service final : public rpc::Handler {
 public:
  explicit Service(Golden& actual) : actual_(actual) {}

  Async<absl::StatusOr<rpc::Reply>> Call(const rpc::Method& method, rpc::Payload request, rpc::Context&) override {
    actual_.rpc = method.full_name;
    actual_.request = WireToText(*method.input, request.bytes());
    if (absl::StartsWith(actual_.answer, "error ")) {
      const std::vector<std::string> words =
          absl::StrSplit(absl::StripSuffix(actual_.answer, "\n"), absl::MaxSplits(' ', 2));
      for (int code = 1; code <= 16; ++code) {
        const auto status = static_cast<absl::StatusCode>(code);
        if (absl::StatusCodeToString(status) == words[1]) co_return absl::Status(status, words[2]);
      }
      co_return absl::InternalError("the golden file names no status");
    }
    absl::StatusOr<std::string> wire = TextToWire(actual_.answer);
    if (!wire.ok()) co_return wire.status();
    rpc::Reply reply;
    reply.message = *std::move(wire);
    co_return reply;
  }
  Async<absl::StatusOr<std::unique_ptr<rpc::Stream>>> Open(const rpc::Method&, rpc::Context&) override {
    co_return absl::UnimplementedError("golden files have no streams");
  }

 private:
  Golden& actual_;
};

// The contracts and frontends of portico.yaml, read once.
struct Contracts {
  Contracts() {
    schema::Diagnostics diagnostics;
    config = config::LoadConfig(absl::StrCat(kFolder, "/portico.yaml"), diagnostics);
    if (config != nullptr) schema = schema::Schema::Load(config::ContractSources(*config), diagnostics);
    EXPECT_TRUE(diagnostics.empty()) << diagnostics.ToString();
  }
  static const Contracts& Get() {
    static const Contracts contracts;
    return contracts;
  }
  std::unique_ptr<const config::LoadedConfig> config;
  std::shared_ptr<const schema::Schema> schema;
};

Async<void> Handle(Frontend& frontend, http::Request& request, std::optional<http::Response>& response) {
  response = co_await frontend.Handle(request);
}

// What becomes of the request of `golden`, in the form of a golden file.
std::string Play(const Golden& golden) {
  const Contracts& contracts = Contracts::Get();
  Golden actual = golden;
  actual.rpc.clear();
  actual.request.clear();
  Service service(actual);
  const config::Frontend* settings = nullptr;
  for (const config::Frontend& frontend : contracts.config->config.frontends()) {
    if (frontend.name() == golden.frontend) settings = &frontend;
  }
  if (settings == nullptr) return "no such frontend: " + golden.frontend;
  schema::Diagnostics diagnostics;
  const std::unique_ptr<Frontend> frontend = Frontend::Create(
      *settings, contracts.config->config, *contracts.schema,
      [&service](const schema::Method&) {
        return Target{&service, "golden"};
      },
      diagnostics);
  if (frontend == nullptr) return diagnostics.ToString();

  net::Worker worker(0);
  http::Request request(worker, net::kNoDeadline);
  request.method = golden.method;
  request.target = golden.target;
  const size_t question = golden.target.find('?');
  request.path = absl::string_view(golden.target).substr(0, question);
  if (question != std::string::npos) request.query = absl::string_view(golden.target).substr(question + 1);
  for (const auto& [name, value] : golden.headers) request.headers.Add(name, value);
  absl::string_view body = golden.body;
  absl::ConsumeSuffix(&body, "\n");
  request.body = body;
  request.received = net::Clock::now();
  std::optional<http::Response> response;
  worker.Spawn(Handle(*frontend, request, response));
  worker.context().poll();
  if (!response.has_value()) return "no response";
  actual.response = absl::StrCat(response->status, "\n");
  for (const absl::string_view line : absl::StrSplit(response->headers.wire(), "\r\n", absl::SkipEmpty())) {
    absl::StrAppend(&actual.response, line, "\n");
  }
  if (!response->body.empty()) absl::StrAppend(&actual.response, "\n", response->body);
  return Print(actual);
}

std::vector<std::string> Files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder)) {
    if (entry.path().extension() == ".txt") files.push_back(std::filesystem::relative(entry.path(), kFolder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class GoldenTest : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenTest, SaysWhatHappens) {
  const std::string path = absl::StrCat(kFolder, "/", GetParam());
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  const std::string actual = Play(Parse(text.str()));
  if (std::getenv("PORTICO_WRITE_GOLDEN") != nullptr) std::ofstream(path) << actual;
  EXPECT_EQ(actual, text.str()) << path;
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenTest, ::testing::ValuesIn(Files()),
                         [](const ::testing::TestParamInfo<std::string>& info) {
                           std::string name = info.param.substr(0, info.param.size() - 4);
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !absl::ascii_isalnum(c); }, '_');
                           return name;
                         });

TEST(WireTextTest, EveryForm) {
  const std::string text =
      "(1) 300\n(2) 18446744073709551615\n(3) 0x0000803f\n(4) 0x000000000000f03f\n"
      "(5) \"a\\\"\\n\\377\"\n(7) group {\n  (1) 1\n}\n";
  const absl::StatusOr<std::string> wire = TextToWire(text);
  ASSERT_TRUE(wire.ok()) << wire.status();
  EXPECT_EQ(
      *wire,
      std::string("\x08\xac\x02\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x1d\x3f\x80\0\0\x21\x3f\xf0\0\0\0\0\0\0"
                  "\x2a\x04"
                  "a\"\n\xff\x3b\x08\x01\x3c",
                  38));
  EXPECT_EQ(*TextToWire("(1) {\n  (2) [1 300 -1]\n}"),
            std::string("\x0a\x0f\x12\x0d\x01\xac\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 17));
  for (const char* wrong : {"1", "(x) 1", "(1) {", "}", "(1) \"", "(1) 0x1", "(1) one"}) {
    EXPECT_FALSE(TextToWire(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace portico::golden
