// How figures read on the shop's pages, and how parts of the gateway's JSON are taken.
#ifndef PORTICO_SERVICES_STOREFRONT_TEXT_H_
#define PORTICO_SERVICES_STOREFRONT_TEXT_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace shop::storefront {

using Json = nlohmann::json;

// What is at a JSON pointer ("/product/title"): its text, its number (also when written as a string), its elements.
// Empty, 0, or an empty array when it is absent or of another type.
std::string TextAt(const Json& json, const char* pointer);
double NumberAt(const Json& json, const char* pointer);
const Json& ListAt(const Json& json, const char* pointer);
// The part itself; null when it is absent.
const Json& PartAt(const Json& json, const char* pointer);
bool HasAt(const Json& json, const char* pointer);

// Cents of a shop.pricing.v1.Money; nullopt when it is none.
std::optional<int64_t> CentsOf(const Json& money);

// "$35.96"; of another currency "35.96 EUR".
std::string MoneyText(int64_t cents, absl::string_view currency);
// The same of a shop.pricing.v1.Money; empty when it is none.
std::string MoneyText(const Json& money);

// "10 August 2023" of "2023-08-10T00:51:47Z" or "2023-08-10"; the text itself when it is no date.
std::string DateText(absl::string_view iso);

// "Science fiction" of "SCIENCE_FICTION".
std::string EnumText(absl::string_view name);

// "Ann, Bert and Cleo".
std::string NamesText(const Json& names);

// "4.4" of 4.421.
std::string RatingText(double rating);

// Whether this is a product's id, which needs no escaping anywhere: letters, digits, '-', '_', '.', at most 100, not
// all of them dots.
bool IsProductId(absl::string_view id);

// A value of a query: everything but letters, digits, '-', '_', '.' and '~' is percent-encoded.
std::string QueryEscape(absl::string_view value);

}  // namespace shop::storefront

#endif  // PORTICO_SERVICES_STOREFRONT_TEXT_H_
