#include "gateway/http/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gateway/rpc/status.h"

namespace portico::http {
namespace {

constexpr size_t kLimit = 100000;

std::string Text(size_t size) {
  std::string text;
  for (int i = 0; text.size() < size; ++i) absl::StrAppend(&text, "{\"id\":", i * i, "}");
  text.resize(size);
  return text;
}

// zlib's own output in the format that `window_bits` names.
std::string Deflate(absl::string_view text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(text.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

// A body of `text` in the codings of a list, the first applied first.
std::string Encoded(absl::string_view coding, absl::string_view text) {
  if (coding == "deflate") return Deflate(text, MAX_WBITS);
  if (coding == "raw deflate") return Deflate(text, -MAX_WBITS);
  return EncodeContent(coding, text).value();
}

absl::string_view Named(absl::string_view coding) {
  return coding == "raw deflate" ? "deflate" : coding;
}

constexpr absl::string_view kAll[] = {"gzip", "br", "zstd", "deflate", "raw deflate"};

TEST(ContentCodingTest, WhatIsEncodedIsDecoded) {
  for (const absl::string_view coding : kAll) {
    for (const size_t size : {size_t{0}, size_t{1}, size_t{1000}, kLimit}) {
      const std::string text = Text(size);
      const absl::StatusOr<std::string> decoded = DecodeContent(Named(coding), Encoded(coding, text), kLimit);
      ASSERT_TRUE(decoded.ok()) << coding << " " << size << ": " << decoded.status();
      EXPECT_EQ(*decoded, text) << coding;
    }
  }
}

TEST(ContentCodingTest, ListsAreUndoneFromTheEnd) {
  const std::string text = Text(500);
  const std::string twice = Encoded("br", Encoded("gzip", text));
  EXPECT_EQ(DecodeContent("gzip, br", twice, kLimit).value(), text);
  EXPECT_FALSE(DecodeContent("br, gzip", twice, kLimit).ok());
  EXPECT_EQ(DecodeContent(" X-GZIP ,identity,, BR", twice, kLimit).value(), text);
  EXPECT_EQ(DecodeContent("identity", text, kLimit).value(), text);
  EXPECT_EQ(DecodeContent("gzip,gzip,gzip", Encoded("gzip", Encoded("gzip", Encoded("gzip", text))), kLimit).value(),
            text);
}

TEST(ContentCodingTest, SeveralMembersOrFramesAreOneBody) {
  EXPECT_EQ(DecodeContent("gzip", Encoded("gzip", "ab") + Encoded("gzip", "cd"), kLimit).value(), "abcd");
  EXPECT_EQ(DecodeContent("zstd", Encoded("zstd", "ab") + Encoded("zstd", "cd"), kLimit).value(), "abcd");
}

int HttpStatusOf(absl::string_view codings, absl::string_view body, size_t limit = kLimit) {
  const absl::StatusOr<std::string> decoded = DecodeContent(codings, body, limit);
  return decoded.ok() ? 200 : rpc::HttpStatusOf(decoded.status());
}

TEST(ContentCodingTest, UnknownCodingsAndLongListsAre415) {
  for (const char* list : {"compress", "gzip, rot13", "aes128gcm", "gzip,gzip,gzip,gzip", "\xff"}) {
    EXPECT_EQ(HttpStatusOf(list, "x"), 415) << list;
  }
}

TEST(ContentCodingTest, TheLimitIsForWhatComesOut) {
  for (const absl::string_view coding : kAll) {
    EXPECT_EQ(HttpStatusOf(Named(coding), Encoded(coding, Text(5000)), 5000), 200) << coding;
    EXPECT_EQ(HttpStatusOf(Named(coding), Encoded(coding, Text(5001)), 5000), 413) << coding;
  }
}

TEST(ContentCodingTest, ABombIsFoundOutAtTheLimit) {
  const std::string zeros(200 << 20, '\0');
  for (const char* coding : {"gzip", "br", "zstd"}) {
    const std::string bomb = EncodeContent(coding, zeros).value();
    EXPECT_LT(bomb.size(), zeros.size() / 100) << coding;
    EXPECT_EQ(HttpStatusOf(coding, bomb), 413) << coding;
    // The layer within counts as well.
    EXPECT_EQ(HttpStatusOf(absl::StrCat(coding, ", gzip"), EncodeContent("gzip", bomb).value()), 413) << coding;
  }
}

TEST(ContentCodingTest, DamagedBodiesAre400AtEveryLength) {
  const std::string text = Text(300);
  for (const absl::string_view coding : kAll) {
    const std::string whole = Encoded(coding, text);
    for (size_t size = 0; size < whole.size(); ++size) {
      EXPECT_EQ(HttpStatusOf(Named(coding), whole.substr(0, size)), 400) << coding << " cut to " << size;
    }
    EXPECT_EQ(HttpStatusOf(Named(coding), whole + "x"), 400) << coding << " with more behind it";
    EXPECT_EQ(HttpStatusOf(Named(coding), text), 400) << coding << " that is none";
    // Whatever the bytes, it ends, and within the limit.
    for (size_t at = 0; at < whole.size(); ++at) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 0x55);
      const int status = HttpStatusOf(Named(coding), changed, 5000);
      EXPECT_TRUE(status == 200 || status == 400 || status == 413) << coding << " " << at << ": " << status;
    }
  }
}

// RFC 9659: more memory than that is not held for a client.
TEST(ContentCodingTest, AZstdWindowBeyond8MegabytesIsRefused) {
  for (const int window : {23, 24}) {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window);
    std::string packed(1000, '\0');
    ZSTD_outBuffer out{packed.data(), packed.size(), 0};
    ZSTD_inBuffer in{"abc", 3, 0};
    // The size is not told, so the header names the window.
    ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);
    ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
    packed.resize(out.pos);
    ZSTD_freeCCtx(context);
    EXPECT_EQ(HttpStatusOf("zstd", packed), window == 23 ? 200 : 400);
  }
}

}  // namespace
}  // namespace portico::http
