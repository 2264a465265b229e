// The files of pages/ and assets/, as they were when this was built.
#ifndef PORTICO_SERVICES_STOREFRONT_ASSETS_H_
#define PORTICO_SERVICES_STOREFRONT_ASSETS_H_

#include "absl/strings/string_view.h"

namespace shop::storefront {

// A file's content by its path, "pages/product.html"; empty when there is none.
absl::string_view Asset(absl::string_view path);

}  // namespace shop::storefront

#endif  // PORTICO_SERVICES_STOREFRONT_ASSETS_H_
