#include "services/storefront/text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace shop::storefront {
namespace {

const Json* At(const Json& json, const char* pointer) {
  const Json::json_pointer path(pointer);
  return json.contains(path) ? &json.at(path) : nullptr;
}

}  // namespace

std::string TextAt(const Json& json, const char* pointer) {
  const Json* value = At(json, pointer);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

double NumberAt(const Json& json, const char* pointer) {
  const Json* value = At(json, pointer);
  if (value == nullptr) return 0;
  double number = 0;
  if (value->is_number()) {
    number = value->get<double>();
  } else if (value->is_string() && !absl::SimpleAtod(value->get<std::string>(), &number)) {
    return 0;
  }
  return std::isfinite(number) ? number : 0;
}

const Json& ListAt(const Json& json, const char* pointer) {
  static const Json& empty = *new Json(Json::array());
  const Json* value = At(json, pointer);
  return value != nullptr && value->is_array() ? *value : empty;
}

const Json& PartAt(const Json& json, const char* pointer) {
  static const Json& null = *new Json(nullptr);
  const Json* value = At(json, pointer);
  return value != nullptr ? *value : null;
}

bool HasAt(const Json& json, const char* pointer) {
  const Json* value = At(json, pointer);
  return value != nullptr && !value->is_null();
}

std::optional<int64_t> CentsOf(const Json& money) {
  if (!money.is_object()) return std::nullopt;
  const double units = NumberAt(money, "/units");
  const double nanos = NumberAt(money, "/nanos");
  if (std::abs(units) > 1e12 || std::abs(nanos) >= 1e9) return std::nullopt;
  return std::llround(units * 100 + nanos / 1e7);
}

std::string MoneyText(int64_t cents, absl::string_view currency) {
  const std::string amount =
      absl::StrFormat("%s%d.%02d", cents < 0 ? "-" : "", std::abs(cents) / 100, std::abs(cents) % 100);
  return currency == "USD" || currency.empty() ? absl::StrCat("$", amount) : absl::StrCat(amount, " ", currency);
}

std::string MoneyText(const Json& money) {
  const std::optional<int64_t> cents = CentsOf(money);
  return cents.has_value() ? MoneyText(*cents, TextAt(money, "/currencyCode")) : std::string();
}

std::string DateText(absl::string_view iso) {
  static constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                          "May",       "June",     "July",     "August",
                                                          "September", "October",  "November", "December"};
  int year = 0, month = 0, day = 0;
  if (iso.size() < 10 || iso[4] != '-' || iso[7] != '-' || !absl::SimpleAtoi(iso.substr(0, 4), &year) ||
      !absl::SimpleAtoi(iso.substr(5, 2), &month) || !absl::SimpleAtoi(iso.substr(8, 2), &day) || month < 1 ||
      month > 12) {
    return std::string(iso);
  }
  return absl::StrCat(day, " ", kMonths[static_cast<size_t>(month - 1)], " ", year);
}

std::string EnumText(absl::string_view name) {
  std::string text = absl::AsciiStrToLower(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text;
}

std::string NamesText(const Json& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!names[i].is_string()) continue;
    if (!text.empty()) text += i + 1 == names.size() ? " and " : ", ";
    text += names[i].get<std::string>();
  }
  return text;
}

std::string RatingText(double rating) {
  return absl::StrFormat("%.1f", std::clamp(rating, 0.0, 5.0));
}

bool IsProductId(absl::string_view id) {
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  };
  return !id.empty() && id.size() <= 100 && std::all_of(id.begin(), id.end(), allowed) &&
         id.find_first_not_of('.') != absl::string_view::npos;
}

std::string QueryEscape(absl::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '~') {
      escaped += c;
    } else {
      absl::StrAppendFormat(&escaped, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

}  // namespace shop::storefront
