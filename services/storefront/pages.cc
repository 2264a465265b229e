#include "services/storefront/pages.h"

#include <algorithm>
#include <cmath>
#include <kainjow/mustache.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "services/storefront/assets.h"

namespace shop::storefront {
namespace {

using kainjow::mustache::data;

std::string Render(absl::string_view path, data& view) {
  kainjow::mustache::mustache page{std::string(Asset(path))};
  return page.render(view);
}

// The templates know a field by whether it is set; "{{#name}}" has no eye for empty texts.
void SetText(data& view, const char* name, const std::string& text) {
  if (!text.empty()) view.set(name, text);
}

// The document around what is in <main>.
std::string Document(const std::string& title, const std::string& content, const Visit& visit,
                     const char* script = nullptr) {
  data view;
  view.set("title", title);
  view.set("content", content);
  view.set("query", visit.query);
  SetText(view, "customer", visit.customer);
  if (script != nullptr) view.set("script", script);
  return Render("pages/document.html", view);
}

// Five stars, filled up to the rating. The drawing has a width of 100.
void SetStars(data& view, double rating) {
  view.set("stars_width", absl::StrFormat("%.0f", std::clamp(rating, 0.0, 5.0) * 20));
  view.set("stars_text", rating == std::floor(rating) ? absl::StrFormat("%.0f", rating) : RatingText(rating));
  view.set("stars", true);
}

// The element of a product's card, with what the gateway could find out about it. `price` is a PriceTag.
data Card(const std::string& id, const Json& product, const Json& price) {
  data card;
  card.set("card_id", id);
  card.set("card_title", TextAt(product, "/title"));
  SetText(card, "card_authors", NamesText(ListAt(product, "/authors")));
  SetText(card, "card_image", TextAt(product, "/imageUrl"));
  if (price.is_object()) {
    SetText(card, "card_price", MoneyText(PartAt(price, "/price")));
    if (const double percent = NumberAt(price, "/discountPercent"); percent > 0) {
      card.set("card_discount", absl::StrFormat("%.0f", percent));
    }
  }
  return card;
}

data Cards(const Json& related) {
  data cards{data::type::list};
  for (const Json& item : related) {
    // Without its title there is nothing to show.
    if (!item.is_object() || TextAt(item, "/product/title").empty()) continue;
    cards.push_back(Card(TextAt(item, "/productId"), PartAt(item, "/product"), PartAt(item, "/price")));
  }
  return cards;
}

bool IsOmitted(const Json& page, absl::string_view part) {
  for (const Json& omitted : ListAt(page, "/omitted")) {
    if (TextAt(omitted, "/part") == part) return true;
  }
  return false;
}

// What of the page could not be had, as a reader calls it; what the page says in its own place is not among it.
void SetMissing(data& view, const Json& page) {
  Json names = Json::array();
  if (IsOmitted(page, "purchases")) names.push_back("your orders of this book");
  if (IsOmitted(page, "sellers")) names.push_back("the other sellers");
  if (IsOmitted(page, "bought_together") || IsOmitted(page, "also_bought")) names.push_back("what else readers bought");
  if (IsOmitted(page, "review_summary") && !IsOmitted(page, "reviews")) names.push_back("the average rating");
  SetText(view, "missing_parts", NamesText(names));
}

void SetProduct(data& view, const Json& page) {
  const Json& product = PartAt(page, "/product");
  view.set("id", TextAt(product, "/productId"));
  view.set("name", TextAt(product, "/title"));
  SetText(view, "authors", NamesText(ListAt(product, "/authors")));
  SetText(view, "description", TextAt(product, "/description"));
  SetText(view, "image", TextAt(product, "/imageUrl"));
  SetText(view, "category", EnumText(TextAt(product, "/category")));
  data facts{data::type::list};
  const auto fact = [&facts](const char* name, const std::string& value) {
    if (value.empty()) return;
    data entry;
    entry.set("fact", name);
    entry.set("fact_value", value);
    facts.push_back(entry);
  };
  fact("Publisher", TextAt(product, "/publisher"));
  fact("Published", DateText(TextAt(product, "/publishDate")));
  if (const double pages = NumberAt(product, "/pageCount"); pages > 0) fact("Pages", absl::StrFormat("%.0f", pages));
  fact("Binding", EnumText(TextAt(product, "/attributes/binding")));
  fact("Language",
       TextAt(product, "/attributes/language") == "en" ? "English" : TextAt(product, "/attributes/language"));
  fact("ISBN", TextAt(product, "/isbn"));
  if (facts.is_non_empty_list()) view.set("facts", facts);
  data tags{data::type::list};
  for (const Json& tag : ListAt(product, "/tags")) {
    if (!tag.is_string()) continue;
    data entry;
    entry.set("tag", tag.get<std::string>());
    entry.set("tag_query", QueryEscape(tag.get<std::string>()));
    tags.push_back(entry);
  }
  if (tags.is_non_empty_list()) view.set("tags", tags);
}

void SetBuyBox(data& view, const Json& page, const Visit& visit) {
  view.set("web", visit.web);
  SetText(view, "price", MoneyText(PartAt(page, "/price/price")));
  if (MoneyText(PartAt(page, "/price/price")).empty()) view.set("not_for_sale", true);
  if (const double percent = NumberAt(page, "/price/discountPercent"); percent > 0) {
    view.set("discount", absl::StrFormat("%.0f", percent));
    SetText(view, "list_price", MoneyText(PartAt(page, "/price/listPrice")));
  }
  const std::string availability = TextAt(page, "/availability/availability");
  const double available = NumberAt(page, "/availability/available");
  if (availability == "IN_STOCK") {
    view.set("stock", "In stock");
    view.set("stock_class", "in");
  } else if (availability == "LOW_STOCK") {
    view.set("stock", absl::StrFormat("Only %.0f left", available));
    view.set("stock_class", "low");
  } else if (availability == "OUT_OF_STOCK") {
    const std::string date = TextAt(page, "/availability/restockDate");
    view.set("stock", date.empty() ? "Sold out at the moment" : "Sold out; more expected on " + DateText(date));
    view.set("stock_class", "out");
    view.set("sold_out", true);
    view.set("not_for_sale", true);
  } else {
    view.set("stock", "Checking the shelves\u2026");
    view.set("stock_class", "unknown");
  }
  data quantities{data::type::list};
  for (int i = 1; i <= 5; ++i) {
    data entry;
    entry.set("number", absl::StrCat(i));
    quantities.push_back(entry);
  }
  view.set("quantities", quantities);
  SetText(view, "customer", visit.customer);
  for (const Json& offer : ListAt(page, "/offers")) {
    if (TextAt(offer, "/sellerId") != "portico-books") continue;
    view.set("delivery_days", absl::StrFormat("%.0f", NumberAt(offer, "/deliveryDays")));
    break;
  }
}

void SetRating(data& view, const Json& page) {
  const double count = NumberAt(page, "/reviewSummary/reviewCount");
  if (count > 0) {
    const double average = NumberAt(page, "/reviewSummary/averageRating");
    SetStars(view, average);
    view.set("average", RatingText(average));
    view.set("review_count", absl::StrFormat("%.0f %s", count, count == 1 ? "review" : "reviews"));
    data bars{data::type::list};
    for (int rating = 5; rating >= 1; --rating) {
      const double votes = NumberAt(page, absl::StrCat("/reviewSummary/histogram/", rating).c_str());
      data bar;
      bar.set("bar_rating", absl::StrCat(rating, rating == 1 ? " star" : " stars"));
      bar.set("bar_votes", absl::StrFormat("%.0f", votes));
      bar.set("bar_width", absl::StrFormat("%.1f", std::clamp(votes / count, 0.0, 1.0) * 100));
      bars.push_back(bar);
    }
    view.set("bars", bars);
  }
  data reviews{data::type::list};
  for (const Json& review : ListAt(page, "/reviews")) {
    data entry;
    SetStars(entry, NumberAt(review, "/rating"));
    entry.set("review_title", TextAt(review, "/title"));
    entry.set("review_body", TextAt(review, "/body"));
    entry.set("review_author", TextAt(review, "/authorName"));
    entry.set("review_date", DateText(TextAt(review, "/createTime")));
    if (HasAt(review, "/verifiedPurchase")) entry.set("verified", true);
    reviews.push_back(entry);
  }
  if (reviews.is_non_empty_list()) {
    view.set("reviews", reviews);
  } else if (IsOmitted(page, "reviews")) {
    view.set("reviews_missing", true);
  } else {
    view.set("reviews_none", true);
  }
}

void SetBuying(data& view, const Json& page) {
  data together = Cards(ListAt(page, "/boughtTogether"));
  if (together.is_non_empty_list()) {
    view.set("together", together);
    // Their price together with this one's, if all of them are known and in one currency.
    std::optional<int64_t> total = CentsOf(PartAt(page, "/price/price"));
    const std::string currency = TextAt(page, "/price/price/currencyCode");
    for (const Json& item : ListAt(page, "/boughtTogether")) {
      if (!total.has_value()) break;
      const std::optional<int64_t> cents = CentsOf(PartAt(item, "/price/price"));
      total = cents.has_value() && TextAt(item, "/price/price/currencyCode") == currency
                  ? std::optional<int64_t>(*total + *cents)
                  : std::nullopt;
    }
    if (total.has_value()) {
      view.set("together_total", MoneyText(*total, currency));
      // What the page adds a changed price of this book to.
      view.set("together_others", absl::StrCat(*total - *CentsOf(PartAt(page, "/price/price"))));
    }
  }
  data also = Cards(ListAt(page, "/alsoBought"));
  if (also.is_non_empty_list()) view.set("also", also);

  data sellers{data::type::list};
  for (const Json& seller : ListAt(page, "/sellers")) {
    data entry;
    entry.set("seller_rank", absl::StrFormat("%.0f", NumberAt(seller, "/rank")));
    entry.set("seller_name", TextAt(seller, "/seller/name"));
    entry.set("seller_country", TextAt(seller, "/seller/countryCode"));
    entry.set("seller_ratings", absl::StrFormat("%.0f", NumberAt(seller, "/seller/ratingCount")));
    SetStars(entry, NumberAt(seller, "/seller/rating"));
    entry.set("seller_price", MoneyText(PartAt(seller, "/price")));
    const std::optional<int64_t> shipping = CentsOf(PartAt(seller, "/shipping"));
    entry.set("seller_shipping", shipping.value_or(0) == 0
                                     ? "free shipping"
                                     : absl::StrCat("+ ", MoneyText(PartAt(seller, "/shipping")), " shipping"));
    entry.set("seller_days", absl::StrFormat("%.0f days", NumberAt(seller, "/deliveryDays")));
    sellers.push_back(entry);
  }
  if (sellers.is_non_empty_list()) view.set("sellers", sellers);
}

void SetPurchases(data& view, const Json& page) {
  const std::string id = TextAt(page, "/product/productId");
  data purchases{data::type::list};
  for (const Json& order : ListAt(page, "/purchases")) {
    double copies = 0;
    for (const Json& line : ListAt(order, "/lines")) {
      if (TextAt(line, "/productId") == id) copies += NumberAt(line, "/quantity");
    }
    data entry;
    entry.set("order_id", TextAt(order, "/orderId"));
    entry.set("order_date", DateText(TextAt(order, "/createTime")));
    entry.set("order_status", EnumText(TextAt(order, "/status")));
    entry.set("order_copies", absl::StrFormat("%.0f %s", copies, copies == 1 ? "copy" : "copies"));
    entry.set("order_total", MoneyText(PartAt(order, "/total")));
    if (!purchases.is_non_empty_list()) view.set("last_bought", DateText(TextAt(order, "/createTime")));
    purchases.push_back(entry);
  }
  if (purchases.is_non_empty_list()) view.set("purchases", purchases);
}

}  // namespace

std::string ProductPage(const Json& page, const std::string& ordered, const Visit& visit) {
  data view;
  SetProduct(view, page);
  SetMissing(view, page);
  SetBuyBox(view, page, visit);
  SetRating(view, page);
  SetBuying(view, page);
  SetPurchases(view, page);
  SetText(view, "ordered", ordered);
  return Document(TextAt(page, "/product/title"), Render("pages/product.html", view), visit, "live.js");
}

std::string ShelfPage(const Json& shelf, const Visit& visit) {
  data view;
  data books{data::type::list};
  for (const Json& product : ListAt(shelf, "/products")) {
    books.push_back(Card(TextAt(product, "/productId"), product, PartAt(product, "/price")));
  }
  if (books.is_non_empty_list()) view.set("books", books);
  SetText(view, "searched", visit.query);
  if (visit.query.empty()) view.set("welcome", true);
  if (const std::string token = TextAt(shelf, "/nextPageToken"); !token.empty()) {
    view.set("next", absl::StrCat("/?", visit.query.empty() ? "" : absl::StrCat("q=", QueryEscape(visit.query), "&"),
                                  "page=", QueryEscape(token)));
  }
  return Document(visit.query.empty() ? "Books worth keeping" : absl::StrCat("\u201c", visit.query, "\u201d"),
                  Render("pages/shelf.html", view), visit);
}

std::string PhonePage(const std::string& product_id, const Visit& visit) {
  data view;
  view.set("id", product_id);
  view.set("mobile", visit.mobile);
  return Render("pages/phone.html", view);
}

std::string MessagePage(const std::string& heading, const std::string& message, const Visit& visit) {
  data view;
  view.set("heading", heading);
  view.set("message", message);
  return Document(heading, Render("pages/message.html", view), visit);
}

}  // namespace shop::storefront
