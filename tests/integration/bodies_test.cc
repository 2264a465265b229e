// Bodies, codes and headers as HTTP clients see them: HttpBody, forms, content codings, errors in every form, metadata,
// and the answers to HEAD, OPTIONS and what is not acceptable. A service of its own stands behind (files_server.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/gateway.h"

namespace portico::integration {
namespace {

using testing::HasSubstr;

// gzip, as a client would send it.
std::string Gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

std::string Gunzip(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
  std::string text(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  text.resize(text.size() - stream.avail_out);
  inflateEnd(&stream);
  return text;
}

class BodiesTest : public testing::Test {
 protected:
  BodiesTest() {
    server_ = std::make_unique<Process>(std::vector<std::string>{FILES_SERVER, "--listen", port_.address()});
    EXPECT_TRUE(server_->ErrorLine([](const std::string& line) { return line.find("listening") != line.npos; }));
    const std::string frontend = ", listen: 127.0.0.1:0, expose: [shop.files.v1.FileService]";
    gateway_ = std::make_unique<Gateway>(folder_.Write(
        "portico.yaml",
        absl::StrCat("contracts:\n  - protos: ", PORTICO_SOURCE_DIR, "/proto\n  - protos: ", PORTICO_SOURCE_DIR,
                     "/tests/integration/protos\nclusters:\n  files: { target: \"", port_.address(),
                     "\", services: [shop.files.v1.FileService], transport: ", TestedTransport(),
                     " }\nfrontends:\n  - { name: web", frontend, " }\n  - { name: other", frontend,
                     ", errors: google, limits: { body_bytes: 100000 }, compress: { answers: never },\n"
                     "      metadata: { request: [x-tenant], response: [cache-control, \"se*\"] } }\n")));
    // Until the service can be reached.
    GetUntil(
        web(), "/v1/reflect", [](const Answer& answer) { return answer.status == 200; }, kOfAllWorkers);
    GetUntil(
        other(), "/v1/reflect", [](const Answer& answer) { return answer.status == 200; }, kOfAllWorkers);
  }

  const std::string& web() const { return gateway_->address("web"); }
  const std::string& other() const { return gateway_->address("other"); }

  // By hand: an ordinary client would unpack the answer, or ask for it to be packed.
  Answer Exactly(const std::string& address, absl::string_view method, absl::string_view target,
                 const Headers& headers = {}, absl::string_view body = "") {
    Connection connection(address);
    EXPECT_TRUE(connection.Send(RequestText(method, target, headers, body)));
    const std::optional<Answer> answer = connection.Receive(method == "HEAD");
    EXPECT_TRUE(answer.has_value()) << method << " " << target;
    return answer.value_or(Answer());
  }

  TempFolder folder_;
  ReservedPort port_;
  std::unique_ptr<Process> server_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(BodiesTest, ABodyIsKeptAndGivenBackAsItIs) {
  const std::string bytes("\x89PNG\r\n\x1a\n\0{", 10);
  const Answer put = Exactly(web(), "PUT", "/v1/files/a%20b", {{"Content-Type", "image/png"}}, bytes);
  EXPECT_EQ(put.status, 201) << put.body;
  EXPECT_EQ(put.Header("Location"), "/v1/files/a%20b");
  EXPECT_EQ(put.json(), Json({{"fileId", "a b"}, {"size", "10"}, {"contentType", "image/png"}}));
  const Answer got = Exactly(web(), "GET", "/v1/files/a%20b?pretty", {{"Accept", "image/*"}});
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, bytes);
  EXPECT_EQ(got.Header("Content-Type"), "image/png");
  const Answer head = Exactly(web(), "HEAD", "/v1/files/a%20b");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Header("Content-Length"), "10");
  EXPECT_EQ(head.body, "");
  const Answer deleted = Exactly(web(), "DELETE", "/v1/files/a%20b");
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.Header("Content-Type"), "");
  EXPECT_EQ(deleted.Header("Content-Length"), "");
  EXPECT_EQ(Exactly(web(), "GET", "/v1/files/a%20b").status, 404);
}

TEST_F(BodiesTest, Forms) {
  const std::string multipart =
      "--x\r\nContent-Disposition: form-data; name=\"file_id\"\r\n\r\nf1\r\n"
      "--x\r\nContent-Disposition: form-data; name=\"content\"; filename=\"a.bin\"\r\n"
      "Content-Type: application/octet-stream\r\n\r\nabc\r\n--x--\r\n";
  const Answer added =
      Exactly(web(), "POST", "/v1/files", {{"Content-Type", "multipart/form-data; boundary=x"}}, multipart);
  EXPECT_EQ(added.status, 200) << added.body;
  EXPECT_EQ(added.json(), Json({{"fileId", "f1"}, {"content", "YWJj"}, {"contentFilename", "a.bin"}}));
  const Answer plain = Exactly(web(), "POST", "/v1/files", {{"Content-Type", "application/x-www-form-urlencoded"}},
                               "file_id=f+2&tags=a&tags=%C3%A4");
  EXPECT_EQ(plain.json(), Json({{"fileId", "f 2"}, {"tags", {"a", "\xc3\xa4"}}}));
  const Answer wrong = Exactly(web(), "POST", "/v1/files", {{"Content-Type", "multipart/form-data; boundary=x"}},
                               multipart.substr(0, multipart.size() - 6));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("its last delimiter"));
  EXPECT_EQ(Exactly(web(), "POST", "/v1/files", {{"Content-Type", "text/xml"}}, "<a/>").status, 415);
}

TEST_F(BodiesTest, CompressedRequests) {
  const std::string json = R"({"fileId":"packed","tags":["a"]})";
  const Headers gzip = {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}};
  const Answer added = Exactly(web(), "POST", "/v1/files", gzip, Gzip(json));
  EXPECT_EQ(added.status, 200) << added.body;
  EXPECT_EQ(added.json()["fileId"], "packed");
  const Headers twice = {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip, gzip"}};
  EXPECT_EQ(Exactly(web(), "POST", "/v1/files", twice, Gzip(Gzip(json))).json()["fileId"], "packed");
  EXPECT_EQ(Exactly(web(), "POST", "/v1/files", gzip, json).status, 400);
  // A megabyte of white space in a kilobyte; the limit is 100,000.
  EXPECT_EQ(Exactly(other(), "POST", "/v1/files", gzip, Gzip(std::string(1 << 20, ' ') + json)).status, 413);
  const Answer unknown =
      Exactly(web(), "POST", "/v1/files", {{"Content-Type", "application/json"}, {"Content-Encoding", "lzma"}}, "x");
  EXPECT_EQ(unknown.status, 415);
  EXPECT_EQ(unknown.Header("Accept-Encoding"), "gzip, deflate, br, zstd");
}

TEST_F(BodiesTest, CompressedAnswers) {
  const std::string text(5000, 'a');
  Exactly(web(), "PUT", "/v1/files/text", {{"Content-Type", "text/plain"}}, text);
  const Answer packed = Exactly(web(), "GET", "/v1/files/text/info", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(packed.Header("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.Header("Vary"), "Accept-Encoding");
  EXPECT_LT(packed.body.size(), 500u);
  EXPECT_EQ(Json::parse(Gunzip(packed.body))["text"], text);
  EXPECT_EQ(Exactly(web(), "GET", "/v1/files/text", {{"Accept-Encoding", "br, zstd;q=0"}}).Header("Content-Encoding"),
            "br");
  const Answer plain = Exactly(web(), "GET", "/v1/files/text/info");
  EXPECT_EQ(plain.Header("Content-Encoding"), "");
  EXPECT_EQ(plain.Header("Vary"), "Accept-Encoding");
  EXPECT_EQ(plain.json()["text"], text);
  const Answer never = Exactly(other(), "GET", "/v1/files/text/info", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(never.Header("Content-Encoding"), "");
  EXPECT_EQ(never.Header("Vary"), "");
  // What is packed in itself stays as it is.
  Exactly(web(), "PUT", "/v1/files/image", {{"Content-Type", "image/png"}}, text);
  EXPECT_EQ(Exactly(web(), "GET", "/v1/files/image", {{"Accept-Encoding", "gzip"}}).body, text);
}

TEST_F(BodiesTest, ErrorsCarryDetailsInEveryForm) {
  const Json details = {{{"@type", "type.googleapis.com/google.rpc.RetryInfo"}, {"retryDelay", "1.500s"}},
                        {{"@type", "type.googleapis.com/shop.files.v1.File"}, {"fileId", "f"}},
                        {{"@type", "type.googleapis.com/nobody.knows.This"}, {"value", "CAE="}}};
  const Answer status = Exactly(web(), "GET", "/v1/fail/14");
  EXPECT_EQ(status.status, 503);
  EXPECT_EQ(status.Header("Retry-After"), "2");
  EXPECT_EQ(status.json(), Json({{"code", 14}, {"message", "as told"}, {"details", details}}));
  const Answer google = Exactly(other(), "GET", "/v1/fail/8?pretty");
  EXPECT_EQ(google.status, 429);
  EXPECT_EQ(google.json(),
            Json({{"error",
                   {{"code", 429}, {"message", "as told"}, {"status", "RESOURCE_EXHAUSTED"}, {"details", details}}}}));
  EXPECT_THAT(google.body, testing::StartsWith("{\n  \"error\": {\n    \"code\": 429,\n"));
  const Answer problem = Exactly(other(), "GET", "/v1/fail/9?http_code=410", {{"Accept", "application/problem+json"}});
  EXPECT_EQ(problem.status, 410);
  EXPECT_EQ(problem.Header("Content-Type"), "application/problem+json");
  EXPECT_EQ(problem.json(), Json({{"type", "about:blank"},
                                  {"title", "Gone"},
                                  {"status", 410},
                                  {"detail", "as told"},
                                  {"code", "FAILED_PRECONDITION"},
                                  {"details", details}}));
  EXPECT_EQ(Exactly(web(), "GET", "/v1/fail/16").Header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(Exactly(web(), "GET", "/v1/nothing", {{"Accept", "application/problem+json"}}).json()["status"], 404);
}

TEST_F(BodiesTest, MetadataBothWays) {
  const Headers headers = {{"Grpc-Metadata-Floor", "2"},
                           {"Grpc-Metadata-Key-Bin", "AAE, Av8="},
                           {"X-Tenant", "blue"},
                           {"Accept-Language", "de"},
                           {"Cookie", "a=b"}};
  const Answer web_answer = Exactly(web(), "GET", "/v1/reflect?http_code=203", headers);
  EXPECT_EQ(web_answer.status, 203);
  EXPECT_THAT(web_answer.body, HasSubstr("\"floor: 2\""));
  EXPECT_THAT(web_answer.body, HasSubstr("\"key-bin: 0001\",\"key-bin: 02ff\""));
  EXPECT_THAT(web_answer.body, HasSubstr("\"accept-language: de\""));
  EXPECT_THAT(web_answer.body, testing::Not(HasSubstr("tenant")));
  EXPECT_THAT(web_answer.body, testing::Not(HasSubstr("cookie")));
  EXPECT_EQ(web_answer.Header("Grpc-Metadata-Cache-Control"), "no-store");
  EXPECT_EQ(web_answer.Header("Grpc-Metadata-Seal-Bin"), "AAH/");
  EXPECT_EQ(web_answer.Header("Grpc-Metadata-X-Http-Code"), "");
  EXPECT_EQ(web_answer.Header("Grpc-Trailer-Cost"), "7");

  const Answer other_answer = Exactly(other(), "GET", "/v1/reflect", headers);
  EXPECT_THAT(other_answer.body, HasSubstr("\"x-tenant: blue\""));
  EXPECT_THAT(other_answer.body, testing::Not(HasSubstr("accept-language")));
  EXPECT_EQ(other_answer.Header("Cache-Control"), "no-store");
  EXPECT_EQ(other_answer.Header("Seal-Bin"), "AAH/");
}

TEST_F(BodiesTest, VerbsAndTypesThatAreNotThere) {
  const Answer options = Exactly(web(), "OPTIONS", "/v1/files/x");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.Header("Allow"), "DELETE, GET, HEAD, PUT, OPTIONS");
  EXPECT_EQ(Exactly(web(), "OPTIONS", "/v1/nothing").status, 404);
  const Answer post = Exactly(web(), "POST", "/v1/files/x", {}, "{}");
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(post.Header("Allow"), "DELETE, GET, HEAD, PUT");
  const Answer head = Exactly(web(), "HEAD", "/v1/fail/5");
  EXPECT_EQ(head.status, 404);
  EXPECT_NE(head.Header("Content-Length"), "0");
  EXPECT_EQ(head.body, "");
  const Answer html = Exactly(web(), "GET", "/v1/reflect", {{"Accept", "text/html"}});
  EXPECT_EQ(html.status, 406);
  EXPECT_EQ(html.json()["code"], 3);
  EXPECT_EQ(Exactly(web(), "GET", "/v1/reflect", {{"Accept", "text/html, */*;q=0.1"}}).status, 200);
}

}  // namespace
}  // namespace portico::integration
