#ifndef PORTICO_TESTS_INTEGRATION_DEMO_H_
#define PORTICO_TESTS_INTEGRATION_DEMO_H_

#include <string>

#include "tests/integration/gateway.h"

namespace portico::integration {

// The key that tools/demo prints, for its partner frontend.
inline constexpr char kPartnerKey[] = "demo-partner-key-known-to-everyone";

// The configuration of tools/demo, its frontends web, mobile and partner included, with this shop's services and the
// kernel's choice of ports. Pages of `origin` may call where those of the demo's storefront may.
std::string DemoConfig(const Shop& shop, const std::string& origin = "http://localhost:8000");

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_DEMO_H_
