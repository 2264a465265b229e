// The shop's pages: HTML of what the web frontend answers.
#ifndef PORTICO_SERVICES_STOREFRONT_PAGES_H_
#define PORTICO_SERVICES_STOREFRONT_PAGES_H_

#include <string>

#include "services/storefront/text.h"

namespace shop::storefront {

// What is the same on every page of a visit.
struct Visit {
  std::string web;       // "http://127.0.0.1:8080": where the browser finds the web frontend
  std::string mobile;    // likewise the mobile one
  std::string customer;  // who looks; empty when nobody has said
  std::string query;     // what is in the search field
};

// Whole HTML documents. The JSON may be anything, also hostile: every text is escaped, what is missing is told kindly
// or left out.

// The page of one product. REQUIRES: `page` is a ProductPage of shop.web.v1 with a product.
std::string ProductPage(const Json& page, const std::string& ordered, const Visit& visit);

// The shelves, or with a query what was found: a Shelf or FoundShelf.
std::string ShelfPage(const Json& shelf, const Visit& visit);

// The phone's page of a product, which the browser fills from the mobile frontend.
std::string PhonePage(const std::string& product_id, const Visit& visit);

// Says that something is not there, or cannot be had now.
std::string MessagePage(const std::string& heading, const std::string& message, const Visit& visit);

}  // namespace shop::storefront

#endif  // PORTICO_SERVICES_STOREFRONT_PAGES_H_
