#include "gateway/net/file_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/hash/hash.h"

namespace portico::net {
namespace {

namespace fs = std::filesystem;

// A bound on what one folder may hold, so that a path like "/" does not keep the watch busy for ever.
constexpr int kMaxEntries = 100000;

uint64_t LookAt(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return absl::HashOf(path);
  return absl::HashOf(path, status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                      status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
}

}  // namespace

uint64_t FileWatch::Look() const {
  uint64_t seen = 0;
  for (const std::string& path : paths_) {
    seen = absl::HashOf(seen, LookAt(path));
    std::error_code error;
    if (!fs::is_directory(path, error)) continue;
    // Folders list their entries in no certain order: sum what each of them adds.
    uint64_t sum = 0;
    int entries = 0;
    for (auto at = fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
         !error && at != fs::recursive_directory_iterator() && entries < kMaxEntries; at.increment(error), ++entries) {
      sum += LookAt(at->path().string());
    }
    seen = absl::HashOf(seen, sum);
  }
  return seen;
}

void FileWatch::Watch(std::vector<std::string> paths) {
  paths_ = std::move(paths);
  known_ = last_ = Look();
}

bool FileWatch::Changed() {
  const uint64_t now = Look();
  const bool at_rest = now == last_;
  last_ = now;
  if (!at_rest || now == known_) return false;
  known_ = now;
  return true;
}

}  // namespace portico::net
