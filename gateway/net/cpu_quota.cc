#include "gateway/net/cpu_quota.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

namespace portico::net {
namespace {

// The group's path below the mounted tree, as "0::/a/b" says it; "" for its root, and where there is no such line.
std::string GroupOf(const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    if (line.rfind("0::/", 0) != 0) continue;
    std::string path = line.substr(3);
    while (!path.empty() && path.back() == '/') path.pop_back();
    // Above the root of our namespace: not ours to see.
    return path.rfind("/..", 0) == 0 ? "" : path;
  }
  return "";
}

int QuotaIn(const std::string& path) {
  std::ifstream file(path);
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || !(period > 0)) return kUnlimitedCpus;
  char* end = nullptr;
  const double granted = std::strtod(quota.c_str(), &end);
  if (*end != '\0' || !(granted > 0)) return kUnlimitedCpus;
  return static_cast<int>(std::min<double>(kUnlimitedCpus, std::ceil(granted / period)));
}

}  // namespace

int CpuQuota(const std::string& root) {
  std::string group = GroupOf(root);
  int least = kUnlimitedCpus;
  while (true) {
    // The root of the tree has such a file only inside of a container, where it is the container's.
    least = std::min(least, QuotaIn(root + "/sys/fs/cgroup" + group + "/cpu.max"));
    if (group.empty()) return least;
    group.resize(group.rfind('/'));
  }
}

}  // namespace portico::net
