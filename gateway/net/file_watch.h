#ifndef PORTICO_GATEWAY_NET_FILE_WATCH_H_
#define PORTICO_GATEWAY_NET_FILE_WATCH_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace portico::net {

// A file or folder to watch. Of a folder with a `suffix`, only the files whose names end in it count, and nothing
// hidden: what else is written there is nobody's change.
struct Watched {
  Watched(std::string where, std::string ending = {}) : path(std::move(where)), suffix(std::move(ending)) {}
  auto operator<=>(const Watched&) const = default;

  std::string path;
  std::string suffix;
};

// Notices that files have changed, by looking: their names, sizes, times and inodes, folders with everything below
// them, also behind links to other folders. Looking, unlike inotify, also sees changes behind mounted and network
// folders and swapped symbolic links, which is how orchestrators deliver configuration; for some hundred files it costs
// well under a millisecond.
//
// A change is reported once it has come to rest: the first look after which nothing changes any more. What does not
// come to rest is reported all the same, every kMostRestless looks: somebody who keeps writing must not keep the rest
// from being read. For one thread.
class FileWatch {
 public:
  static constexpr int kMostRestless = 10;

  // Begins to watch these files and folders (and no others any more); what they are like now is no change. Paths that
  // do not exist are watched for their appearance.
  void Watch(std::vector<Watched> watched);

  // Looks. True when something has changed since Watch(), or since the last true answer, and either no more since the
  // last look or at every one of the last kMostRestless.
  bool Changed();

 private:
  uint64_t Look() const;

  std::vector<Watched> watched_;
  uint64_t known_ = 0;  // what was reported
  uint64_t last_ = 0;   // what the last look saw
  int restless_ = 0;    // looks in a row that each saw something else
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_FILE_WATCH_H_
