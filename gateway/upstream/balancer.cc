#include "gateway/upstream/balancer.h"

namespace portico::upstream {
namespace {

// The finalizer of SplitMix64: every bit of the input changes half of the output's.
uint64_t Mix(uint64_t value) {
  value ^= value >> 30;
  value *= 0xbf58476d1ce4e5b9;
  value ^= value >> 27;
  value *= 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

}  // namespace

uint64_t Balancer::HashOf(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return Mix(hash);
}

size_t Balancer::Pick(const Candidates& candidates, const uint64_t* key) {
  if (candidates.size() == 0) return kNone;
  switch (policy_) {
    case BalanceOptions::Policy::kLeastRequest:
      return FewestCalls(candidates);
    case BalanceOptions::Policy::kHash:
      return key != nullptr ? Highest(candidates, *key) : NextInTurn(candidates);
    case BalanceOptions::Policy::kRoundRobin:
      break;
  }
  return NextInTurn(candidates);
}

size_t Balancer::NextInTurn(const Candidates& candidates) {
  const size_t count = candidates.size();
  const size_t first = next_ % count;
  for (size_t i = 0; i < count; ++i) {
    const size_t index = (first + i) % count;
    if (!candidates.usable(index)) continue;
    next_ = index + 1;  // else the one behind a dead server would get its calls, too
    return index;
  }
  return kNone;
}

size_t Balancer::OneByChance(const Candidates& candidates) {
  const size_t count = candidates.size();
  // Taking the next usable one at once would give it the calls of those before it as well.
  constexpr int kThrows = 8;
  size_t index = 0;
  for (int i = 0; i < kThrows; ++i) {
    index = random_() % count;
    if (candidates.usable(index)) return index;
  }
  for (size_t i = 0; i < count; ++i) {
    if (candidates.usable((index + i) % count)) return (index + i) % count;
  }
  return kNone;
}

size_t Balancer::FewestCalls(const Candidates& candidates) {
  const size_t first = OneByChance(candidates);
  if (first == kNone) return kNone;
  size_t second = OneByChance(candidates);
  for (int i = 0; second == first && i < 3; ++i) second = OneByChance(candidates);
  return candidates.load(second) < candidates.load(first) ? second : first;
}

size_t Balancer::Highest(const Candidates& candidates, uint64_t key) {
  size_t best = kNone;
  uint64_t weight = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const uint64_t own = Mix(key ^ candidates.hash(i));
    if ((best != kNone && own <= weight) || !candidates.usable(i)) continue;
    best = i;
    weight = own;
  }
  return best;
}

}  // namespace portico::upstream
