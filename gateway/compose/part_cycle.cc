#include "gateway/compose/part_cycle.h"

#include <algorithm>

namespace portico::compose {

std::vector<size_t> CycleOf(const std::vector<Part>& parts) {
  // Takes away what waits for nothing until nothing is left, or a cycle.
  std::vector<size_t> waits(parts.size());
  std::vector<size_t> ready;
  for (size_t i = 0; i < parts.size(); ++i) {
    waits[i] = parts[i].needs.size();
    if (waits[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    const size_t done = ready.back();
    ready.pop_back();
    for (int waiting : parts[done].needed_by) {
      if (--waits[static_cast<size_t>(waiting)] == 0) ready.push_back(static_cast<size_t>(waiting));
    }
  }
  const auto stuck = std::find_if(waits.begin(), waits.end(), [](size_t count) { return count > 0; });
  if (stuck == waits.end()) return {};
  // Every stuck part needs a stuck one: following them comes round.
  std::vector<size_t> path;
  size_t at = static_cast<size_t>(stuck - waits.begin());
  while (std::find(path.begin(), path.end(), at) == path.end()) {
    path.push_back(at);
    for (int needed : parts[at].needs) {
      if (waits[static_cast<size_t>(needed)] > 0) at = static_cast<size_t>(needed);
    }
  }
  path.erase(path.begin(), std::find(path.begin(), path.end(), at));
  path.push_back(at);
  return path;
}

}  // namespace portico::compose
