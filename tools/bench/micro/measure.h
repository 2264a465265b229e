#ifndef PORTICO_TOOLS_BENCH_MICRO_MEASURE_H_
#define PORTICO_TOOLS_BENCH_MICRO_MEASURE_H_

#include <time.h>

#include <algorithm>
#include <functional>
#include <vector>

namespace portico::bench {

// Keeps the compiler from leaving out what computes `value`.
template <class T>
void Use(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

// Processor time of this thread in nanoseconds: what else the machine does counts less than it does on the wall clock.
inline double ThreadNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// The median time of one run of each of `bodies`, in nanoseconds. They take turns, round by round, so that whatever
// slows the machine for a while slows all of them.
inline std::vector<double> MedianNanoseconds(const std::vector<std::function<void()>>& bodies, int rounds = 21,
                                             double round_nanoseconds = 10e6) {
  std::vector<long> counts;
  for (const std::function<void()>& body : bodies) {
    long count = 1;
    for (;; count *= 2) {
      const double begin = ThreadNanoseconds();
      for (long i = 0; i < count; ++i) body();
      if (ThreadNanoseconds() - begin >= round_nanoseconds) break;
    }
    counts.push_back(count);
  }
  std::vector<std::vector<double>> times(bodies.size());
  for (int round = 0; round < rounds; ++round) {
    for (size_t at = 0; at < bodies.size(); ++at) {
      const double begin = ThreadNanoseconds();
      for (long i = 0; i < counts[at]; ++i) bodies[at]();
      times[at].push_back((ThreadNanoseconds() - begin) / static_cast<double>(counts[at]));
    }
  }
  std::vector<double> medians;
  for (std::vector<double>& of_body : times) {
    std::nth_element(of_body.begin(), of_body.begin() + rounds / 2, of_body.end());
    medians.push_back(of_body[static_cast<size_t>(rounds / 2)]);
  }
  return medians;
}

}  // namespace portico::bench

#endif  // PORTICO_TOOLS_BENCH_MICRO_MEASURE_H_
