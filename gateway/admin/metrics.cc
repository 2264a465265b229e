#include "gateway/admin/metrics.h"

#include <dirent.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <utility>

#include "gateway/rpc/status.h"

namespace portico::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Family(std::string name, std::string help, MetricType type) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(help);
  family.type = type;
  return family;
}

using Labels = std::vector<ClientMetric::Label>;

void AddValue(MetricFamily* family, Labels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (family->type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family->metric.push_back(std::move(metric));
}

void AddHistogram(MetricFamily* family, Labels labels, const middleware::Stats::Row& row) {
  ClientMetric metric;
  metric.label = std::move(labels);
  uint64_t count = 0;
  for (size_t i = 0; i < row.by_duration.size(); ++i) {
    count += row.by_duration[i];
    const bool last = i == middleware::Stats::kBuckets.size();
    metric.histogram.bucket.push_back(
        {count, last ? std::numeric_limits<double>::infinity() : middleware::Stats::kBuckets[i]});
  }
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = row.seconds;
  family->metric.push_back(std::move(metric));
}

class RequestCollectable final : public prometheus::Collectable {
 public:
  explicit RequestCollectable(std::function<std::vector<const middleware::Stats*>()> stats)
      : stats_(std::move(stats)) {}

  std::vector<MetricFamily> Collect() const override {
    MetricFamily requests = Family("portico_requests_total", "Requests answered, by RPC and code", MetricType::Counter);
    MetricFamily durations =
        Family("portico_request_duration_seconds", "From the arrival of a request to the last byte of its answer",
               MetricType::Histogram);
    MetricFamily received = Family("portico_request_bytes_total", "Bytes of request bodies", MetricType::Counter);
    MetricFamily sent = Family("portico_response_bytes_total", "Bytes of response bodies", MetricType::Counter);
    MetricFamily in_flight = Family("portico_requests_in_flight", "Requests being answered", MetricType::Gauge);
    MetricFamily warned =
        Family("portico_unknown_field_requests_total",
               "Requests with fields unknown to the contract, let pass with a Portico-Warning, by client (User-Agent)",
               MetricType::Counter);
    for (const middleware::Stats* stats : stats_()) {
      const middleware::Stats::Totals totals = stats->Read();
      AddValue(&in_flight, {{"frontend", stats->frontend()}}, static_cast<double>(totals.in_flight));
      for (const middleware::Stats::Row& row : totals.rows) {
        const Labels labels = {{"frontend", stats->frontend()}, {"rpc", row.rpc}};
        AddHistogram(&durations, labels, row);
        AddValue(&received, labels, static_cast<double>(row.request_bytes));
        AddValue(&sent, labels, static_cast<double>(row.response_bytes));
        for (const auto& [client, count] : row.warned_by_client) {
          Labels with_client = labels;
          with_client.push_back({"client", client});
          AddValue(&warned, std::move(with_client), static_cast<double>(count));
        }
        for (size_t code = 0; code < row.by_code.size(); ++code) {
          if (row.by_code[code] == 0) continue;
          Labels with_code = labels;
          with_code.push_back({"code", std::string(rpc::CodeName(static_cast<absl::StatusCode>(code)))});
          AddValue(&requests, std::move(with_code), static_cast<double>(row.by_code[code]));
        }
      }
    }
    return {requests, durations, received, sent, in_flight, warned};
  }

 private:
  const std::function<std::vector<const middleware::Stats*>()> stats_;
};

// The fields of /proc/self/stat behind the process's name, which may hold anything.
std::vector<double> StatFields() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t end = text.rfind(") ");
  if (end == std::string::npos) return {};
  std::istringstream rest(text.substr(end + 4));  // past ") S", the state
  std::vector<double> fields;
  for (double field = 0; rest >> field;) fields.push_back(field);
  return fields;
}

double OpenDescriptors() {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  double count = 0;
  while (::readdir(folder) != nullptr) ++count;
  ::closedir(folder);
  return count - 3;  // ".", ".." and the one that reads
}

double BootTime() {
  std::ifstream file("/proc/stat");
  std::string key;
  double value = 0;
  while (file >> key) {
    if (key == "btime" && file >> value) return value;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return 0;
}

class ProcessCollectable final : public prometheus::Collectable {
 public:
  explicit ProcessCollectable(std::string version) : version_(std::move(version)) {}

  std::vector<MetricFamily> Collect() const override {
    // Counted as proc(5) does from field 4, the first behind the state.
    const std::vector<double> fields = StatFields();
    const auto field = [&](size_t number) { return number - 4 < fields.size() ? fields[number - 4] : 0; };
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    std::vector<MetricFamily> families;
    const auto add = [&](const char* name, const char* help, MetricType type, double value) {
      families.push_back(Family(name, help, type));
      AddValue(&families.back(), {}, value);
    };
    add("process_resident_memory_bytes", "Resident memory", MetricType::Gauge,
        field(24) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    add("process_cpu_seconds_total", "CPU time, user and system", MetricType::Counter, (field(14) + field(15)) / ticks);
    add("process_open_fds", "Open file descriptors", MetricType::Gauge, OpenDescriptors());
    add("process_max_fds", "The most file descriptors that may be open", MetricType::Gauge,
        static_cast<double>(limit.rlim_cur));
    add("process_threads", "Threads", MetricType::Gauge, field(20));
    add("process_start_time_seconds", "When the process started, in seconds since 1970", MetricType::Gauge,
        BootTime() + field(22) / ticks);
    families.push_back(Family("portico_build_info", "What this gateway was built from; always 1", MetricType::Gauge));
    AddValue(&families.back(), {{"version", version_}, {"compiler", __VERSION__}}, 1);
    return families;
  }

 private:
  const std::string version_;
};

}  // namespace

std::shared_ptr<prometheus::Collectable> RequestMetrics(std::function<std::vector<const middleware::Stats*>()> stats) {
  return std::make_shared<RequestCollectable>(std::move(stats));
}

std::shared_ptr<prometheus::Collectable> ProcessMetrics(std::string version) {
  return std::make_shared<ProcessCollectable>(std::move(version));
}

}  // namespace portico::admin
