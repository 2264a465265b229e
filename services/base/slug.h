// Ids made from titles.
#ifndef PORTICO_SERVICES_BASE_SLUG_H_
#define PORTICO_SERVICES_BASE_SLUG_H_

#include <string>
#include <string_view>

namespace shop {

// The letters and digits of `title` in lower case, everything else one '-': "POJOs in Action" is "pojos-in-action". At
// most 80 bytes; empty when the title has no ASCII letter or digit.
std::string Slug(std::string_view title);

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_SLUG_H_
