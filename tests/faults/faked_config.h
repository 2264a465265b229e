#ifndef PORTICO_TESTS_FAULTS_FAKED_CONFIG_H_
#define PORTICO_TESTS_FAULTS_FAKED_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"

namespace portico::faults {

// The configuration at `path`, as YAML, changed for an afternoon among fakes: every cluster is at `address`, in
// plaintext, without what would remember failures (breakers, retries, health); of the frontends there is only
// `frontend`, on a free port and without a rate limit; there is one worker. What the file names relative to itself is
// found from anywhere.
absl::StatusOr<std::string> FakedConfig(const std::string& path, const std::string& frontend,
                                        const std::string& address);

}  // namespace portico::faults

#endif  // PORTICO_TESTS_FAULTS_FAKED_CONFIG_H_
