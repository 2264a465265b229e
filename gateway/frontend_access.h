#ifndef PORTICO_GATEWAY_FRONTEND_ACCESS_H_
#define PORTICO_GATEWAY_FRONTEND_ACCESS_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/access/key_source.h"
#include "gateway/access/minter.h"
#include "gateway/config/config_loader.h"
#include "gateway/http/handler.h"
#include "gateway/middleware/rate_limit.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/schema/schema.h"

namespace portico {

// What later snapshots take over of a frontend's access, where its configuration is still the same.
struct KeptAccess {
  std::shared_ptr<access::KeySource> keys;           // nullptr unless they come from a URL
  std::shared_ptr<middleware::RateBuckets> buckets;  // nullptr without `rate_limit`
  middleware::RatePolicy rate_policy;
};
using KeptAccesses = std::map<std::string, KeptAccess>;  // by the frontend's name

// What decides who may call a frontend, and what services learn of it.
struct FrontendAccess {
  // Outermost first.
  std::vector<std::unique_ptr<http::Middleware>> middleware;
  // nullptr without `identity`. The middleware has it too.
  std::shared_ptr<access::Minter> minter;
  KeptAccess kept;
};

// Reads the files of keys; keys from a URL are asked for in the background, unless there are no workers. Takes over
// from `kept` what it can. Mistakes go to `diagnostics`; what is returned is then of no use. `index` is the frontend's
// place in the configuration; the schema outlives the middleware.
FrontendAccess BuildAccess(const config::LoadedConfig& loaded, int index, const schema::Schema& schema, size_t workers,
                           const KeptAccesses& kept, schema::Diagnostics& diagnostics);

// The files that BuildAccess reads, for all frontends.
std::vector<std::string> AccessPaths(const config::Config& config);

}  // namespace portico

#endif  // PORTICO_GATEWAY_FRONTEND_ACCESS_H_
