#ifndef PORTICO_GATEWAY_FRONTEND_ACCESS_H_
#define PORTICO_GATEWAY_FRONTEND_ACCESS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "gateway/access/minter.h"
#include "gateway/config/config_loader.h"
#include "gateway/http/handler.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"

namespace portico {

// What decides who may call a frontend, and what services learn of it.
struct FrontendAccess {
  // Outermost first; empty when the configuration does not ask for any.
  std::vector<std::unique_ptr<http::Middleware>> middleware;
  // nullptr without `identity`. The middleware has it too.
  std::shared_ptr<access::Minter> minter;
};

// Reads the files of keys. Mistakes go to `diagnostics`; what is returned is then of no use. `index` is the frontend's
// place in the configuration; the schema outlives the middleware.
FrontendAccess BuildAccess(const config::LoadedConfig& loaded, int index, const schema::Schema& schema, size_t workers,
                           schema::Diagnostics& diagnostics);

// The files that BuildAccess reads, for all frontends.
std::vector<std::string> AccessPaths(const config::Config& config);

}  // namespace portico

#endif  // PORTICO_GATEWAY_FRONTEND_ACCESS_H_
