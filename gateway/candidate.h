#ifndef PORTICO_GATEWAY_CANDIDATE_H_
#define PORTICO_GATEWAY_CANDIDATE_H_

#include <memory>
#include <string>
#include <vector>

#include "gateway/config/config_loader.h"
#include "gateway/net/file_watch.h"
#include "gateway/schema/diagnostics.h"
#include "gateway/snapshot.h"

namespace portico {

// What a reload has built.
struct Candidate {
  std::shared_ptr<const Snapshot> snapshot;  // nullptr after a mistake
  schema::Diagnostics mistakes;              // why there is none
  config::ReflectedContracts reflected;      // what it was built with of what servers say
  schema::Diagnostics refused;               // why it is not all of that
  std::vector<net::Watched> read;            // the files and folders that were read, be it in vain
};

// Builds from the configuration at `path`, `inputs` and what servers say of themselves. Where it is the new contracts
// of a server that are wrong, those `accepted` last stand in for them, or none: one bad server must not keep what
// everybody else changes from being served. `inputs.reflected` is not looked at.
Candidate BuildCandidate(const std::string& path, const SnapshotInputs& inputs,
                         const config::ReflectedContracts& learned, const config::ReflectedContracts& accepted);

// The files and folders that a snapshot of this configuration is built from.
std::vector<net::Watched> PathsOf(const config::LoadedConfig& loaded);

}  // namespace portico

#endif  // PORTICO_GATEWAY_CANDIDATE_H_
