#include "gateway/compose/part_times.h"

#include <algorithm>
#include <chrono>

namespace portico::compose {
namespace {

uint32_t Micros(net::Clock::duration time) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  return static_cast<uint32_t>(std::clamp<int64_t>(micros, 1, UINT32_MAX));
}

// A call that was given up has not had quite all that was left when it began: this much is made up for it, and makes
// "nearly" of nearly all the time.
constexpr int kShare = 10;

}  // namespace

void PartTimes::CameIn(size_t part, net::Clock::duration taken, net::Deadline now) {
  Recent& recent = parts_[part];
  if (recent.hopeless > 0 && taken <= recent.hopeless_with) recent = Recent();
  Add(recent, {now, Micros(taken), true});
}

void PartTimes::GivenUp(size_t part, net::Clock::duration taken, net::Deadline now) {
  Add(parts_[part], {now, Micros(taken), false});
}

void PartTimes::Add(Recent& recent, Call call) {
  recent.calls[recent.count++ % kRecent] = call;
  if (recent.count % kEnough == 0) Estimate(recent, call.at);
}

void PartTimes::Estimate(Recent& recent, net::Deadline now) {
  std::array<uint32_t, kRecent> all;
  std::array<uint32_t, kRecent> came_in;
  size_t known = 0;
  size_t known_in = 0;
  for (size_t i = 0; i < std::min(recent.count, kRecent); ++i) {
    const Call& call = recent.calls[i];
    if (now - call.at > kAge) continue;
    all[known++] = call.came_in ? call.micros : Micros(std::chrono::microseconds(call.micros) * kShare / (kShare - 1));
    if (call.came_in) came_in[known_in++] = call.micros;
  }
  const auto percentile = [](std::array<uint32_t, kRecent>& micros, size_t count, size_t percent) -> uint32_t {
    if (count < kEnough) return 0;
    const auto at = micros.begin() + static_cast<ptrdiff_t>((count - 1) * percent / 100);
    std::nth_element(micros.begin(), at, micros.begin() + static_cast<ptrdiff_t>(count));
    return *at;
  };
  recent.p95 = percentile(came_in, known_in, 95);
  recent.median = percentile(all, known, 50);
  recent.estimated = now;
}

net::Clock::duration PartTimes::P95(size_t part, net::Deadline now) const {
  const Recent& recent = parts_[part];
  return std::chrono::microseconds(now - recent.estimated > kAge ? 0 : recent.p95);
}

bool PartTimes::IsHopeless(size_t part, net::Clock::duration left, net::Clock::duration whole, net::Deadline now) {
  Recent& recent = parts_[part];
  if (now - recent.estimated > kAge) return false;
  const bool late = left < whole / kShare * (kShare - 1);
  const uint32_t usual = late ? std::max(recent.p95, recent.median) : recent.median;
  if (usual == 0 || std::chrono::microseconds(usual) <= left) return false;
  recent.hopeless_with = std::max(recent.hopeless_with, left);
  return ++recent.hopeless % kProbeEvery != 0;
}

}  // namespace portico::compose
