#ifndef PORTICO_TOOLS_BENCH_BACKEND_REPLIES_H_
#define PORTICO_TOOLS_BENCH_BACKEND_REPLIES_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace bench {

// What one method answers, as gRPC messages with their five bytes of frame in front.
struct Method {
  // To any request not named below.
  std::string reply;

  // To requests whose field 1, a string, has this value.
  absl::flat_hash_map<std::string, std::string> by_key;

  // The answer to a request, framed as it arrived. The view lives as long as the method.
  absl::string_view ReplyTo(absl::string_view framed_request) const;
};

// The shop's methods that the benchmark calls, by their HTTP/2 path. Built once; the same bytes on every machine.
absl::flat_hash_map<std::string, Method> MakeMethods();

}  // namespace bench

#endif  // PORTICO_TOOLS_BENCH_BACKEND_REPLIES_H_
