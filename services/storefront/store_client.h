// Calls of the web frontend, as a server-side web application makes them.
#ifndef PORTICO_SERVICES_STOREFRONT_STORE_CLIENT_H_
#define PORTICO_SERVICES_STOREFRONT_STORE_CLIENT_H_

#include <string>

#include "services/storefront/text.h"

namespace shop::storefront {

// What the web frontend has answered.
struct StoreAnswer {
  int status = 0;  // of HTTP; 0 when there was no answer
  Json body;       // null when it was no JSON
};

// Thread-safe. Every call is bounded: a second to connect, five to answer.
class StoreClient {
 public:
  // `address` is the web frontend's, "127.0.0.1:8080".
  explicit StoreClient(std::string address) : address_(std::move(address)) {}

  // `target` is a path with its query, escaped.
  StoreAnswer Get(const std::string& target) const;
  StoreAnswer Post(const std::string& target, const Json& body) const;

 private:
  std::string address_;
};

}  // namespace shop::storefront

#endif  // PORTICO_SERVICES_STOREFRONT_STORE_CLIENT_H_
