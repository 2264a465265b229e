#include "gateway/json/writer.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <random>

#include "gateway/json/base64.h"
#include "gateway/json/utf8.h"

namespace portico::json {
namespace {

template <class Append>
std::string Written(Append append) {
  std::string out = ">";
  wire::AppendBuffer buffer(&out, 0);
  append(&buffer);
  buffer.Finish();
  return out.substr(1);
}

std::string String(absl::string_view text) {
  bool good = false;
  const std::string out = Written([&](auto* buffer) { good = AppendString(text, buffer); });
  return good ? out : "not UTF-8";
}

TEST(AppendString, EscapesWhatMustBeEscapedAndNothingElse) {
  EXPECT_EQ(String(""), R"("")");
  EXPECT_EQ(String("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(String("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(String(absl::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(String("<é€\U0001f600\u2028>"), "\"<é€\U0001f600\u2028>\"");
  EXPECT_EQ(String("\xff"), "not UTF-8");
  EXPECT_EQ(String("eight bytes and more \xe2\x82"), "not UTF-8");
  std::string plain;
  AppendString("a\n", &plain);
  EXPECT_EQ(plain, R"("a\n")");
}

TEST(AppendString, LongTextWithManyEscapesFits) {
  const std::string text(10000, '\x01');
  EXPECT_EQ(String(text).size(), 60002u);
}

TEST(AppendNumbers, AreLaidOutAsInEcmaScript) {
  const struct {
    double value;
    const char* json;
  } doubles[] = {
      {0, "0"},
      {-0.0, "-0"},
      {12.5, "12.5"},
      {0.1, "0.1"},
      {-19.99, "-19.99"},
      {100000, "100000"},
      {0.00001, "0.00001"},
      {0.000001, "0.000001"},
      {-0.00000123, "-0.00000123"},
      {9.5e-7, "9.5e-7"},
      {1e-7, "1e-7"},
      {-1.25e-9, "-1.25e-9"},
      {1e-10, "1e-10"},
      {5e-324, "5e-324"},
      {1e15, "1000000000000000"},
      {1e15 + 0.5, "1000000000000000.5"},
      {9007199254740991.0, "9007199254740991"},
      {9007199254740992.0, "9007199254740992"},
      {-9007199254740994.0, "-9007199254740994"},
      {1e17, "100000000000000000"},
      {123456789012345680000.0, "123456789012345680000"},
      {-123456789012345680000.0, "-123456789012345680000"},
      {1e20, "100000000000000000000"},
      {999999999999999900000.0, "999999999999999900000"},
      {1e21, "1e+21"},
      {-1.5e21, "-1.5e+21"},
      {1e22, "1e+22"},
      {1e100, "1e+100"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {std::numeric_limits<double>::infinity(), R"("Infinity")"},
      {-std::numeric_limits<double>::infinity(), R"("-Infinity")"},
      {std::nan(""), R"("NaN")"},
  };
  for (const auto& c : doubles) {
    EXPECT_EQ(Written([&](auto* buffer) { AppendDouble(c.value, buffer); }), c.json);
  }
  const struct {
    float value;
    const char* json;
  } floats[] = {
      {0.1f, "0.1"},
      {1e-6f, "0.000001"},
      {1e-7f, "1e-7"},
      {1e-45f, "1e-45"},
      {16777215, "16777215"},
      {16777216, "16777216"},
      {-33554432, "-33554432"},
      {1e10f, "10000000000"},
      {1e20f, "100000000000000000000"},
      {1.2345679e20f, "123456790000000000000"},
      {1e21f, "1e+21"},
      {3.4028235e38f, "3.4028235e+38"},
  };
  for (const auto& c : floats) EXPECT_EQ(Written([&](auto* buffer) { AppendFloat(c.value, buffer); }), c.json);
}

TEST(AppendNumbers, AreShortestAndComeBack) {
  const auto number = [](double value) { return Written([&](auto* buffer) { AppendDouble(value, buffer); }); };
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof(value));
    if (i % 3 == 0) value = static_cast<double>(bits % 100000000) / 1000;
    if (i % 3 == 1) value = std::ldexp(static_cast<double>(bits >> 11), static_cast<int>(bits % 120) - 80);
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(std::strtod(number(value).c_str(), nullptr), value);
    // No more digits than the shortest that std::to_chars knows, zeros at the ends aside.
    char shortest[32];
    std::to_chars(shortest, shortest + 32, value, std::chars_format::scientific);
    const auto digits = [](std::string text) {
      std::string found;
      for (const char c : text.substr(0, text.find('e'))) {
        if (c >= '0' && c <= '9' && (c != '0' || !found.empty())) found += c;
      }
      return found.substr(0, found.find_last_not_of('0') + 1);
    };
    EXPECT_EQ(digits(number(value)), digits(shortest)) << number(value);
    const auto single = static_cast<float>(value);
    if (!std::isfinite(single)) continue;
    EXPECT_EQ(std::strtof(Written([&](auto* buffer) { AppendFloat(single, buffer); }).c_str(), nullptr), single);
  }
}

TEST(AppendNumbers, IntegersOfAllSizes) {
  EXPECT_EQ(Written([](auto* buffer) { AppendInt64(INT64_MIN, buffer); }), "-9223372036854775808");
  EXPECT_EQ(Written([](auto* buffer) { AppendUint64(UINT64_MAX, buffer); }), "18446744073709551615");
}

TEST(Base64, ComesBackInEitherAlphabetAndPaddedOrNot) {
  std::mt19937 random(1);
  for (size_t size = 0; size < 50; ++size) {
    std::string bytes;
    for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(random());
    std::string text = Written([&](auto* buffer) { AppendBase64(bytes, buffer); });
    text = text.substr(1, text.size() - 2);
    EXPECT_EQ(text.size() % 4, 0u);
    std::string url_safe = text;
    for (char& c : url_safe) c = c == '+' ? '-' : c == '/' ? '_' : c;
    std::string unpadded = url_safe.substr(0, url_safe.find('='));
    for (const std::string& form : {text, url_safe, unpadded}) {
      bool good = false;
      EXPECT_EQ(Written([&](auto* buffer) { good = AppendBase64Decoded(form, buffer); }), bytes);
      EXPECT_TRUE(good) << form;
    }
  }
}

TEST(Base64, RefusesWhatItIsNot) {
  for (const char* text : {"A", "AAAAA", "A===", "AA=", "AA==A", "A*AA", "AA AA", "=", "====", "AA\n=", "+-AA"}) {
    bool good = true;
    Written([&](auto* buffer) { good = AppendBase64Decoded(text, buffer); });
    EXPECT_FALSE(good) << text;
  }
}

TEST(Utf8, EveryCharacterComesBackAndNothingElseIsOne) {
  for (uint32_t code = 1; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    char bytes[4];
    const absl::string_view text(bytes, static_cast<size_t>(PutUtf8(code, bytes) - bytes));
    ASSERT_TRUE(IsUtf8(text)) << code;
    if (text.size() > 1) {
      ASSERT_FALSE(IsUtf8(text.substr(0, text.size() - 1))) << code;
      ASSERT_FALSE(IsUtf8(text.substr(1))) << code;
    }
  }
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("eight bytes, é, and more"));
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));
  EXPECT_FALSE(IsUtf8("\xf5\x80\x80\x80"));
}

}  // namespace
}  // namespace portico::json
