// Pictures of books that nobody has drawn.
#ifndef PORTICO_SERVICES_STOREFRONT_COVERS_H_
#define PORTICO_SERVICES_STOREFRONT_COVERS_H_

#include <string>
#include <string_view>

namespace shop::storefront {

// What a cover says.
struct Cover {
  std::string_view product_id;  // decides the colours
  std::string_view title;
  std::string_view author;
};

// The path of a product's cover on the shop's site, "/covers/pojos-in-action.svg". REQUIRES: an id (Validator::Id),
// which needs no escaping.
std::string CoverPath(std::string_view product_id);

// The product whose cover has this path; empty when it is not one that CoverPath makes.
std::string_view ProductOfCover(std::string_view path);

// An SVG of 240 by 360, at most 8 kB, the same for the same cover every time. Texts may be any UTF-8; what does not fit
// is cut.
std::string DrawCover(const Cover& cover);

}  // namespace shop::storefront

#endif  // PORTICO_SERVICES_STOREFRONT_COVERS_H_
