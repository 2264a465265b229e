#include "gateway/compose/part_times.h"

#include <algorithm>
#include <chrono>

namespace portico::compose {

void PartTimes::Add(size_t part, net::Clock::duration taken) {
  Recent& recent = parts_[part];
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(taken).count();
  recent.micros[recent.count++ % kRecent] = static_cast<uint32_t>(std::clamp<int64_t>(micros, 1, UINT32_MAX));
  if (recent.count % kEnough != 0) return;
  const size_t known = std::min(recent.count, kRecent);
  std::array<uint32_t, kRecent> sorted = recent.micros;
  const auto p95 = sorted.begin() + static_cast<ptrdiff_t>((known - 1) * 95 / 100);
  std::nth_element(sorted.begin(), p95, sorted.begin() + static_cast<ptrdiff_t>(known));
  recent.p95 = *p95;
}

}  // namespace portico::compose
