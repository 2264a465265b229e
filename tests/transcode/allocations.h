#ifndef PORTICO_TESTS_TRANSCODE_ALLOCATIONS_H_
#define PORTICO_TESTS_TRANSCODE_ALLOCATIONS_H_

#include <cstddef>

namespace portico::transcode {

// What the test binary has asked operator new for since it began, what was given back included: tells work and memory
// apart from what they should be where a clock would not, on a busy machine.
struct Allocations {
  size_t calls;
  size_t bytes;

  static Allocations Now();
};

inline Allocations operator-(const Allocations& a, const Allocations& b) {
  return {a.calls - b.calls, a.bytes - b.bytes};
}

}  // namespace portico::transcode

#endif  // PORTICO_TESTS_TRANSCODE_ALLOCATIONS_H_
