#ifndef PORTICO_GATEWAY_NET_CPU_QUOTA_H_
#define PORTICO_GATEWAY_NET_CPU_QUOTA_H_

#include <string>

namespace portico::net {

// What there is when nothing limits the process.
inline constexpr int kUnlimitedCpus = 1 << 20;

// CPUs that the process's control group (version 2) and the groups above it grant: the smallest of their quotas
// (cpu.max), rounded up; kUnlimitedCpus when none has one. The groups are looked for below `root`, "" for the system's
// own files, in ROOT/proc/self/cgroup and ROOT/sys/fs/cgroup.
int CpuQuota(const std::string& root = "");

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_CPU_QUOTA_H_
