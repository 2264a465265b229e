#include "gateway/net/file_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/match.h"

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

// Looks at what is below a folder. One that is reached again through a link to one of its own parents is not entered
// again.
class FolderLook {
 public:
  explicit FolderLook(const std::string& suffix) : suffix_(suffix) {}

  uint64_t At(const std::string& folder) {
    struct stat status = {};
    if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return 0;
    const std::pair<dev_t, ino_t> id(status.st_dev, status.st_ino);
    if (std::find(parents_.begin(), parents_.end(), id) != parents_.end()) return 0;
    parents_.push_back(id);
    // Folders list their entries in no certain order: sum what each of them adds.
    uint64_t sum = 0;
    std::error_code error;
    fs::directory_iterator at(folder, error);
    for (; !error && at != fs::directory_iterator() && entries_ < kMaxEntries; at.increment(error), ++entries_) {
      const std::string leaf = at->path().filename().string();
      if (!suffix_.empty() && absl::StartsWith(leaf, ".")) continue;
      std::error_code unreadable;
      const bool is_folder = at->is_directory(unreadable);
      if (is_folder) sum += At(at->path().string());
      // A folder's own times change with everything in it, also with what does not count.
      if (suffix_.empty() || (!is_folder && absl::EndsWith(leaf, suffix_))) sum += LookAt(at->path().string());
    }
    parents_.pop_back();
    return sum + static_cast<uint64_t>(error.value());
  }

 private:
  const std::string& suffix_;
  std::vector<std::pair<dev_t, ino_t>> parents_;
  int entries_ = 0;
};

}  // namespace

uint64_t FileWatch::Look() const {
  uint64_t seen = 0;
  for (const Watched& watched : watched_) {
    if (watched.suffix.empty()) seen = absl::HashOf(seen, LookAt(watched.path));
    std::error_code error;
    seen = absl::HashOf(seen, fs::is_directory(watched.path, error), FolderLook(watched.suffix).At(watched.path));
  }
  return seen;
}

void FileWatch::Watch(std::vector<Watched> watched) {
  watched_ = std::move(watched);
  known_ = last_ = Look();
  restless_ = 0;
}

bool FileWatch::Changed() {
  const uint64_t now = Look();
  restless_ = now == last_ ? 0 : restless_ + 1;
  last_ = now;
  if (now == known_ || (restless_ > 0 && restless_ < kMostRestless)) return false;
  known_ = now;
  restless_ = 0;
  return true;
}

}  // namespace portico::net
