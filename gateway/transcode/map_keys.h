#ifndef PORTICO_GATEWAY_TRANSCODE_MAP_KEYS_H_
#define PORTICO_GATEWAY_TRANSCODE_MAP_KEYS_H_

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "gateway/wire/writer.h"

namespace portico::transcode {

// The keys of one map's entries, where they stand in the output, so that one that comes twice can be told without
// copies: by comparing each with each while they are few, by sorting when they are many.
class MapKeys {
 public:
  void Add(size_t offset, size_t length) { keys_.emplace_back(offset, length); }

  bool HasDuplicates(const wire::Writer& out) {
    const auto text = [&out](const std::pair<size_t, size_t>& key) { return out.view(key.first, key.second); };
    if (keys_.size() <= kFew) {
      for (size_t i = 1; i < keys_.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
          if (text(keys_[i]) == text(keys_[j])) return true;
        }
      }
      return false;
    }
    std::sort(keys_.begin(), keys_.end(), [&text](const auto& a, const auto& b) { return text(a) < text(b); });
    return std::adjacent_find(keys_.begin(), keys_.end(),
                              [&text](const auto& a, const auto& b) { return text(a) == text(b); }) != keys_.end();
  }

 private:
  static constexpr size_t kFew = 8;
  absl::InlinedVector<std::pair<size_t, size_t>, kFew> keys_;  // offset and length
};

}  // namespace portico::transcode

#endif  // PORTICO_GATEWAY_TRANSCODE_MAP_KEYS_H_
