#include "gateway/upstream/outlier.h"

namespace portico::upstream {

bool Outlier::Succeeded(net::Deadline now) {
  // Nothing is written while all is well: workers share this.
  if (failures_.load(std::memory_order_relaxed) != 0) failures_.store(0, std::memory_order_relaxed);
  // A call from before says nothing about a server that is out.
  if (!suspicious() || At(now) != State::kOnTrial) return false;
  return until_.exchange(0, std::memory_order_relaxed) != 0;
}

bool Outlier::Failed(uint32_t most, net::Deadline now) {
  switch (At(now)) {
    case State::kOut:
      return false;
    case State::kOnTrial:
      return true;
    case State::kIn:
      break;
  }
  return failures_.fetch_add(1, std::memory_order_relaxed) + 1 >= most;
}

void Outlier::Eject(net::Deadline until) {
  failures_.store(0, std::memory_order_relaxed);
  until_.store(until.time_since_epoch().count(), std::memory_order_relaxed);
}

}  // namespace portico::upstream
