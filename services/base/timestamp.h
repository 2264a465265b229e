// Times as the services store them: microseconds since 1970-01-01T00:00:00Z.
#ifndef PORTICO_SERVICES_BASE_TIMESTAMP_H_
#define PORTICO_SERVICES_BASE_TIMESTAMP_H_

#include <cstdint>

#include "absl/time/clock.h"
#include "google/protobuf/timestamp.pb.h"

namespace shop {

inline int64_t NowMicros() {
  return absl::GetCurrentTimeNanos() / 1000;
}

// REQUIRES: micros >= 0.
inline google::protobuf::Timestamp ToTimestamp(int64_t micros) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(micros / 1'000'000);
  timestamp.set_nanos(static_cast<int32_t>(micros % 1'000'000) * 1000);
  return timestamp;
}

}  // namespace shop

#endif  // PORTICO_SERVICES_BASE_TIMESTAMP_H_
