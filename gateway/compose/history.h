#ifndef PORTICO_GATEWAY_COMPOSE_HISTORY_H_
#define PORTICO_GATEWAY_COMPOSE_HISTORY_H_

#include <memory>
#include <vector>

#include "gateway/compose/last_good.h"
#include "gateway/compose/part_times.h"
#include "gateway/compose/plan.h"

namespace portico::compose {

// What a composer has learned from earlier answers of its plan. Each worker has times of its own.
class History {
 public:
  History(const Plan& plan, size_t workers) : times_(workers, PartTimes(static_cast<size_t>(plan.part_count))) {
    for (const Part* part : plan.Parts()) {
      last_good_.push_back(part->stale > absl::ZeroDuration() ? std::make_unique<LastGood>() : nullptr);
    }
  }

  // On that worker only.
  PartTimes& times(int worker) { return times_[static_cast<size_t>(worker)]; }
  // nullptr for a part that has no use for it. Thread-safe.
  LastGood* last_good(const Part& part) { return last_good_[static_cast<size_t>(part.id)].get(); }

 private:
  std::vector<PartTimes> times_;
  std::vector<std::unique_ptr<LastGood>> last_good_;  // by Part::id
};

}  // namespace portico::compose

#endif  // PORTICO_GATEWAY_COMPOSE_HISTORY_H_
