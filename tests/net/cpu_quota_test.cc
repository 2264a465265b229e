#include "gateway/net/cpu_quota.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace portico::net {
namespace {

namespace fs = std::filesystem;

struct QuotaCase {
  std::string name;
  std::vector<std::pair<std::string, std::string>> files;  // path below the root, content
  int expected;
};

class CpuQuotaTest : public ::testing::TestWithParam<QuotaCase> {};

TEST_P(CpuQuotaTest, TheSmallestOnTheWayUpCounts) {
  const fs::path root =
      fs::path(::testing::TempDir()) / ("cpu_quota_" + GetParam().name + "_" + std::to_string(::getpid()));
  for (const auto& [path, content] : GetParam().files) {
    fs::create_directories((root / path).parent_path());
    std::ofstream(root / path) << content;
  }
  EXPECT_EQ(CpuQuota(root.string()), GetParam().expected);
  fs::remove_all(root);
}

INSTANTIATE_TEST_SUITE_P(
    Quotas, CpuQuotaTest,
    ::testing::Values(
        QuotaCase{"NoFiles", {}, kUnlimitedCpus},
        QuotaCase{"Container", {{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "250000 100000\n"}}, 3},
        QuotaCase{"NoProc", {{"sys/fs/cgroup/cpu.max", "200000 100000\n"}}, 2},
        QuotaCase{"OwnGroup",
                  {{"proc/self/cgroup", "0::/system.slice/portico.service\n"},
                   {"sys/fs/cgroup/system.slice/portico.service/cpu.max", "150000 100000\n"}},
                  2},
        QuotaCase{"ParentIsTighter",
                  {{"proc/self/cgroup", "0::/a/b\n"},
                   {"sys/fs/cgroup/a/cpu.max", "50000 100000\n"},
                   {"sys/fs/cgroup/a/b/cpu.max", "400000 100000\n"}},
                  1},
        QuotaCase{"GroupIsTighter",
                  {{"proc/self/cgroup", "0::/a/b\n"},
                   {"sys/fs/cgroup/cpu.max", "800000 100000\n"},
                   {"sys/fs/cgroup/a/cpu.max", "max 100000\n"},
                   {"sys/fs/cgroup/a/b/cpu.max", "400000 100000\n"}},
                  4},
        QuotaCase{"OtherGroupsDoNotCount",
                  {{"proc/self/cgroup", "0::/a\n"}, {"sys/fs/cgroup/b/cpu.max", "100000 100000\n"}},
                  kUnlimitedCpus},
        QuotaCase{"BesideVersionOne",
                  {{"proc/self/cgroup", "4:cpu,cpuacct:/x\n0::/a\n"}, {"sys/fs/cgroup/a/cpu.max", "300000 100000\n"}},
                  3},
        QuotaCase{"OutsideOfTheNamespace",
                  {{"proc/self/cgroup", "0::/../other\n"}, {"sys/fs/cgroup/cpu.max", "300000 100000\n"}},
                  3},
        QuotaCase{"Max", {{"proc/self/cgroup", "0::/\n"}, {"sys/fs/cgroup/cpu.max", "max 100000\n"}}, kUnlimitedCpus},
        QuotaCase{"Nonsense", {{"sys/fs/cgroup/cpu.max", "many few\n"}}, kUnlimitedCpus},
        QuotaCase{"NonsenseAfterDigits", {{"sys/fs/cgroup/cpu.max", "1x 100000\n"}}, kUnlimitedCpus},
        QuotaCase{"NoPeriod", {{"sys/fs/cgroup/cpu.max", "100000 0\n"}}, kUnlimitedCpus},
        QuotaCase{"Enormous", {{"sys/fs/cgroup/cpu.max", "1e300 1\n"}}, kUnlimitedCpus}),
    [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace portico::net
