#ifndef PORTICO_TESTS_INTEGRATION_ACTIVITY_H_
#define PORTICO_TESTS_INTEGRATION_ACTIVITY_H_

#include <cstdint>
#include <string>

namespace portico::integration {

// Waits until the streams server, asked through the gateway at `address`, sends no more; how many numbers it has sent.
int64_t SentAtRest(const std::string& address);

}  // namespace portico::integration

#endif  // PORTICO_TESTS_INTEGRATION_ACTIVITY_H_
