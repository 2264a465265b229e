#ifndef PORTICO_GATEWAY_NET_FILE_WATCH_H_
#define PORTICO_GATEWAY_NET_FILE_WATCH_H_

#include <cstdint>
#include <string>
#include <vector>

namespace portico::net {

// Notices that files have changed, by looking: their names, sizes, times and inodes, folders with everything below
// them. Looking, unlike inotify, also sees changes behind mounted and network folders and swapped symbolic links, which
// is how orchestrators deliver configuration; for some hundred files it costs well under a millisecond.
//
// A change is reported once it has come to rest: the first look after which nothing changes any more. For one thread.
class FileWatch {
 public:
  // Begins to watch these files and folders (and no others any more); what they are like now is no change. Paths that
  // do not exist are watched for their appearance.
  void Watch(std::vector<std::string> paths);

  // Looks. True when something has changed since Watch(), or since the last true answer, and no more since the last
  // look.
  bool Changed();

 private:
  uint64_t Look() const;

  std::vector<std::string> paths_;
  uint64_t known_ = 0;  // what was reported
  uint64_t last_ = 0;   // what the last look saw
};

}  // namespace portico::net

#endif  // PORTICO_GATEWAY_NET_FILE_WATCH_H_
