#ifndef PORTICO_GATEWAY_RELOAD_STATUS_H_
#define PORTICO_GATEWAY_RELOAD_STATUS_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gateway/schema/diagnostics.h"

namespace portico {

// How the reloads of configuration and contracts went, for the metrics and the admin server:
//   portico_config_reloads_total{result="ok"|"failed"}
//   portico_config_last_reload_successful            1 or 0
//   portico_config_last_success_timestamp_seconds    of what is being served
//   portico_config_error{file,line,column,message}   1 for each mistake of the last reload, none when it succeeded
// Thread-safe.
class ReloadStatus final : public prometheus::Collectable {
 public:
  void Succeeded();
  void Failed(std::vector<schema::Diagnostic> mistakes);

  // {"serving_since":"...","reloads":3,"failed":1,"errors":[{"file":...,"line":...,"column":...,"message":...}]}
  std::string ToJson() const;

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  mutable std::mutex mutex_;
  int succeeded_ = 0;  // reloads: the start is none
  int failed_ = 0;
  absl::Time serving_since_ = absl::Now();
  std::vector<schema::Diagnostic> mistakes_;
};

}  // namespace portico

#endif  // PORTICO_GATEWAY_RELOAD_STATUS_H_
