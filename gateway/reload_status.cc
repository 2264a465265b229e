#include "gateway/reload_status.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace portico {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

ClientMetric Metric(MetricType type, double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return metric;
}

MetricFamily Mistakes(const char* name, const char* help, const std::vector<schema::Diagnostic>& mistakes) {
  MetricFamily family{name, help, MetricType::Gauge, {}};
  for (const schema::Diagnostic& mistake : mistakes) {
    family.metric.push_back(Metric(MetricType::Gauge, 1,
                                   {{"file", mistake.position.file},
                                    {"line", std::to_string(mistake.position.line)},
                                    {"column", std::to_string(mistake.position.column)},
                                    {"message", mistake.message}}));
  }
  return family;
}

}  // namespace

std::vector<schema::Diagnostic> FirstOf(const std::vector<schema::Diagnostic>& mistakes) {
  std::vector<schema::Diagnostic> first(
      mistakes.begin(), mistakes.begin() + static_cast<std::ptrdiff_t>(std::min(mistakes.size(), kMostMistakes)));
  if (mistakes.size() > kMostMistakes) {
    first.push_back({{mistakes[kMostMistakes].position.file, 0, 0},
                     absl::StrCat("and ", mistakes.size() - kMostMistakes, " more mistakes")});
  }
  return first;
}

nlohmann::ordered_json ToJson(const std::vector<schema::Diagnostic>& mistakes) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const schema::Diagnostic& mistake : mistakes) {
    list.push_back({{"file", mistake.position.file},
                    {"line", mistake.position.line},
                    {"column", mistake.position.column},
                    {"message", mistake.message}});
  }
  return list;
}

void ReloadStatus::Succeeded(std::vector<schema::Diagnostic> refused, std::vector<std::string> restart_needed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++succeeded_;
  serving_since_ = absl::Now();
  mistakes_.clear();
  refused_ = std::move(refused);
  restart_needed_ = std::move(restart_needed);
}

void ReloadStatus::Failed(std::vector<schema::Diagnostic> mistakes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++failed_;
  mistakes_ = std::move(mistakes);
}

std::string ReloadStatus::ToJson() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const nlohmann::ordered_json status = {
      {"serving_since", absl::FormatTime(absl::RFC3339_sec, serving_since_, absl::UTCTimeZone())},
      {"reloads", succeeded_},
      {"failed", failed_},
      {"errors", portico::ToJson(mistakes_)},
      {"refused", portico::ToJson(refused_)},
      {"restart_needed", restart_needed_}};
  return status.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::vector<MetricFamily> ReloadStatus::Collect() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  MetricFamily reloads{"portico_config_reloads_total",
                       "Reloads of configuration and contracts.",
                       MetricType::Counter,
                       {Metric(MetricType::Counter, succeeded_, {{"result", "ok"}}),
                        Metric(MetricType::Counter, failed_, {{"result", "failed"}})}};
  MetricFamily successful{"portico_config_last_reload_successful",
                          "Whether what is in the files is what is served.",
                          MetricType::Gauge,
                          {Metric(MetricType::Gauge, mistakes_.empty() ? 1 : 0)}};
  MetricFamily since{"portico_config_last_success_timestamp_seconds",
                     "When what is served was loaded.",
                     MetricType::Gauge,
                     {Metric(MetricType::Gauge, absl::ToDoubleSeconds(serving_since_ - absl::UnixEpoch()))}};
  std::vector<MetricFamily> families = {std::move(reloads), std::move(successful), std::move(since)};
  if (!mistakes_.empty()) {
    families.push_back(Mistakes("portico_config_error", "The mistakes of the last reload.", mistakes_));
  }
  if (!refused_.empty()) {
    families.push_back(Mistakes("portico_contracts_refused",
                                "What is wrong with contracts that servers have by reflection.", refused_));
  }
  return families;
}

}  // namespace portico
