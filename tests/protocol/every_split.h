#ifndef PORTICO_TESTS_PROTOCOL_EVERY_SPLIT_H_
#define PORTICO_TESTS_PROTOCOL_EVERY_SPLIT_H_

#include <string>
#include <vector>

namespace portico::protocol {

// Calls test(pieces) with `bytes` whole, in single bytes, and split in two and in three at every place.
template <class Test>
void ForEverySplit(const std::string& bytes, Test test) {
  std::vector<std::string> single;
  for (const char c : bytes) single.emplace_back(1, c);
  test(single);
  for (size_t first = 0; first <= bytes.size(); ++first) {
    for (size_t second = first; second <= bytes.size(); ++second) {
      test(std::vector<std::string>{bytes.substr(0, first), bytes.substr(first, second - first), bytes.substr(second)});
    }
  }
}

}  // namespace portico::protocol

#endif  // PORTICO_TESTS_PROTOCOL_EVERY_SPLIT_H_
