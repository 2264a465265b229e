#include "gateway/net/http2_memory.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace portico::net {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PORTICO_SANITIZED 1
#endif
#endif
#ifdef PORTICO_SANITIZED
constexpr bool kKeep = false;  // a block that is used again hides who used it too late
#else
constexpr bool kKeep = true;
#endif

constexpr size_t kClasses = 5;
constexpr size_t kSmallest = 64;  // classes of 64, 128, 256, 512 and 1024 bytes
constexpr uint32_t kLargeClass = kClasses;
// Per thread and size: at most 256 kB of each.
constexpr size_t kKeptBytes = 256 << 10;

// Before each block.
struct alignas(std::max_align_t) Head {
  union {
    size_t capacity;  // in use
    Head* next;       // in a list
  };
  uint32_t size_class;
};

constexpr size_t CapacityOf(uint32_t size_class) {
  return kSmallest << size_class;
}

uint32_t ClassOf(size_t size) {
  uint32_t size_class = 0;
  while (size_class < kClasses && CapacityOf(size_class) < size) ++size_class;
  return size_class;
}

// Apart from the lists, since it is looked at after their end: sessions may be freed while the thread ends.
thread_local bool lists_gone = false;

class Lists {
 public:
  ~Lists() {
    lists_gone = true;
    for (List& list : lists_) {
      while (Head* const head = list.first) {
        list.first = head->next;
        std::free(head);
      }
    }
  }

  void* Allocate(size_t size) {
    const uint32_t size_class = ClassOf(size);
    Head* head = nullptr;
    if (size_class < kClasses && lists_[size_class].first != nullptr) {
      List& list = lists_[size_class];
      head = list.first;
      list.first = head->next;
      --list.count;
    } else {
      if (size > SIZE_MAX - sizeof(Head)) return nullptr;
      ++misses_;
      const size_t capacity = size_class < kClasses && kKeep ? CapacityOf(size_class) : size;
      head = static_cast<Head*>(std::malloc(sizeof(Head) + capacity));
      if (head == nullptr) return nullptr;
    }
    head->capacity = size_class < kClasses && kKeep ? CapacityOf(size_class) : size;
    head->size_class = size_class;
    return head + 1;
  }

  void Free(void* block) {
    if (block == nullptr) return;
    Head* const head = static_cast<Head*>(block) - 1;
    if (kKeep && !lists_gone && head->size_class != kLargeClass) {
      List& list = lists_[head->size_class];
      if (list.count < kKeptBytes / CapacityOf(head->size_class)) {
        head->next = list.first;
        list.first = head;
        ++list.count;
        return;
      }
    }
    std::free(head);
  }

  void* Grow(void* block, size_t size) {
    if (block == nullptr) return Allocate(size);
    const size_t capacity = (static_cast<Head*>(block) - 1)->capacity;
    if (kKeep && size <= capacity) return block;
    void* const grown = Allocate(size);
    if (grown == nullptr) return nullptr;
    std::memcpy(grown, block, std::min(size, capacity));
    Free(block);
    return grown;
  }

  uint64_t misses() const { return misses_; }

 private:
  struct List {
    Head* first = nullptr;
    size_t count = 0;
  };

  std::array<List, kClasses> lists_;
  uint64_t misses_ = 0;
};

thread_local Lists lists;

}  // namespace

nghttp2_mem Http2Memory() {
  return {nullptr, [](size_t size, void*) { return lists.Allocate(size); },
          [](void* block, void*) { lists.Free(block); },
          [](size_t count, size_t size, void*) -> void* {
            if (size != 0 && count > SIZE_MAX / size) return nullptr;
            void* const block = lists.Allocate(count * size);
            if (block != nullptr) std::memset(block, 0, count * size);
            return block;
          },
          [](void* block, size_t size, void*) { return lists.Grow(block, size); }};
}

uint64_t Http2MemoryMisses() {
  return lists.misses();
}

}  // namespace portico::net
