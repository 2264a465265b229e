// The shop's site: an HTTP server of pages, covers, styles and scripts.
#ifndef PORTICO_SERVICES_STOREFRONT_SITE_H_
#define PORTICO_SERVICES_STOREFRONT_SITE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace shop::storefront {

// Where the site is and what it is made of.
struct SiteOptions {
  std::string listen = "127.0.0.1:8000";  // port 0: a free one
  std::string web = "127.0.0.1:8080";     // the web frontend, for the site and for browsers
  std::string mobile = "127.0.0.1:8081";  // the mobile frontend, for browsers
};

// A running site; it ends when destroyed. Thread-safe.
class Site {
 public:
  // UNAVAILABLE when the address cannot be had.
  static absl::StatusOr<std::unique_ptr<Site>> Start(const SiteOptions& options);
  virtual ~Site() = default;

  // Where it listens, with the port it has got.
  virtual const std::string& address() const = 0;
};

}  // namespace shop::storefront

#endif  // PORTICO_SERVICES_STOREFRONT_SITE_H_
