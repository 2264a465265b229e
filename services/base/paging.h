// Pages of lists: sizes, and the opaque tokens that lead from one page to the next.
//
// A token holds the key of the last element seen, so pages neither repeat nor lose elements when others come and go.
#ifndef PORTICO_SERVICES_BASE_PAGING_H_
#define PORTICO_SERVICES_BASE_PAGING_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "services/base/validator.h"

namespace shop {

// Which page is asked for.
struct Page {
  // How many elements at most, 1 to 100.
  int size = 0;

  // The key the page begins after; empty for the first page.
  std::string after;

  // The same where keys are numbers; `first` for the first page.
  int64_t after_number(int64_t first) const;
};

// Reads page_size (0 means 20, more than 100 means 100, less than 0 is a violation) and page_token (a violation unless
// NextPageToken made it for the same scope). A scope is the list's name and whatever else the token depends on, such as
// a filter.
Page ReadPage(int32_t page_size, std::string_view page_token, std::string_view scope, Validator& check);

// The token of the page that begins after `key`.
std::string NextPageToken(std::string_view scope, std::string_view key);

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_PAGING_H_
