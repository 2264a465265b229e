#ifndef PORTICO_GATEWAY_RELOAD_STATUS_H_
#define PORTICO_GATEWAY_RELOAD_STATUS_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gateway/schema/diagnostics.h"

namespace portico {

// The log, the metrics and the admin server tell no more mistakes than these; one more says how many are left out.
inline constexpr size_t kMostMistakes = 100;
std::vector<schema::Diagnostic> FirstOf(const std::vector<schema::Diagnostic>& mistakes);
nlohmann::ordered_json ToJson(const std::vector<schema::Diagnostic>& mistakes);

// How the reloads of configuration and contracts went, for the metrics and the admin server:
//   portico_config_reloads_total{result="ok"|"failed"}
//   portico_config_last_reload_successful            1 or 0
//   portico_config_last_success_timestamp_seconds    of what is being served
//   portico_config_error{file,line,column,message}   1 for each mistake of the last reload, none when it succeeded
//   portico_contracts_refused{file,...}              1 for each mistake of contracts that a server has by reflection,
//   and
//                                                    without which what is served was built
// Thread-safe.
class ReloadStatus final : public prometheus::Collectable {
 public:
  // `refused`: what is wrong with contracts that were left out; `restart_needed`: changed keys that need a restart.
  void Succeeded(std::vector<schema::Diagnostic> refused, std::vector<std::string> restart_needed);
  void Failed(std::vector<schema::Diagnostic> mistakes);

  // {"serving_since":"...","reloads":3,"failed":1,"errors":[{"file":...,"line":...,"column":...,"message":...}],
  //  "refused":[...],"restart_needed":["workers"]}
  std::string ToJson() const;

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  mutable std::mutex mutex_;
  int succeeded_ = 0;  // reloads: the start is none
  int failed_ = 0;
  absl::Time serving_since_ = absl::Now();
  std::vector<schema::Diagnostic> mistakes_;
  std::vector<schema::Diagnostic> refused_;
  std::vector<std::string> restart_needed_;
};

}  // namespace portico

#endif  // PORTICO_GATEWAY_RELOAD_STATUS_H_
