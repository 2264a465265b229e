// Counts the memory allocations of a process: a library to be preloaded, which hands every call on to the allocator
// that the program would have had.
//
//   BENCH_ALLOCATIONS=FILE    where the counts are kept, laid out as Counts below; read by load/counts.py
//   BENCH_STACKS=N            also keeps the stack of every Nth allocation; 0 or absent: of none
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

constexpr size_t kDepth = 30;
constexpr size_t kStacks = 8192;

struct Stack {
  std::atomic<uint64_t> hash;  // 0: free
  std::atomic<uint64_t> count;
  void* frames[kDepth];  // from the inside; null after the last
};

// All words are little-endian, as the machine's are.
struct Counts {
  std::atomic<uint64_t> calls;
  std::atomic<uint64_t> bytes;
  std::atomic<uint64_t> frees;
  std::atomic<uint64_t> lost;  // stacks that found no place
  Stack stacks[kStacks];
};

Counts* counts = nullptr;
uint64_t every = 0;
std::atomic<uint64_t> turn{0};

// Set while this library works, for what it calls allocates as well. The TLS model needs no allocation itself.
__attribute__((tls_model("initial-exec"))) thread_local bool inside = false;

// What is asked for before the real allocator is found, by the search for it. Never given back.
alignas(16) char early[64 * 1024];
std::atomic<size_t> early_used{0};

bool IsEarly(const void* p) {
  return p >= early && p < early + sizeof(early);
}

void* Early(size_t size) {
  const size_t at = early_used.fetch_add((size + 15) & ~size_t{15});
  if (at + size > sizeof(early)) _exit(127);
  return early + at;
}

template <class F>
F Next(std::atomic<F>& kept, const char* name) {
  F found = kept.load(std::memory_order_relaxed);
  if (found == nullptr) {
    found = reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
    if (found == nullptr) _exit(127);
    kept.store(found, std::memory_order_relaxed);
  }
  return found;
}

void KeepStack() {
  void* frames[kDepth + 3];
  const int found = backtrace(frames, kDepth + 3);
  uint64_t hash = 14695981039346656037u;
  for (int i = 3; i < found; ++i) hash = (hash ^ reinterpret_cast<uint64_t>(frames[i])) * 1099511628211u;
  if (hash == 0) hash = 1;
  for (size_t probe = 0; probe < 64; ++probe) {
    Stack& stack = counts->stacks[(hash + probe) % kStacks];
    uint64_t owner = 0;
    if (stack.hash.load(std::memory_order_relaxed) == hash) {
      stack.count.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (stack.hash.compare_exchange_strong(owner, hash)) {
      // The first two or three frames are this library's.
      if (found > 3) std::memcpy(stack.frames, frames + 3, static_cast<size_t>(found - 3) * sizeof(void*));
      stack.count.fetch_add(1, std::memory_order_relaxed);
      return;
    }
  }
  counts->lost.fetch_add(1, std::memory_order_relaxed);
}

__attribute__((noinline)) void Count(size_t size) {
  if (counts == nullptr || inside) return;
  counts->calls.fetch_add(1, std::memory_order_relaxed);
  counts->bytes.fetch_add(size, std::memory_order_relaxed);
  if (every != 0 && turn.fetch_add(1, std::memory_order_relaxed) % every == 0) {
    inside = true;
    KeepStack();
    inside = false;
  }
}

__attribute__((constructor)) void Open() {
  const char* path = std::getenv("BENCH_ALLOCATIONS");
  if (path == nullptr) return;
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, sizeof(Counts)) != 0) return;
  void* mapped = mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (mapped == MAP_FAILED) return;
  const char* stacks = std::getenv("BENCH_STACKS");
  if (stacks != nullptr) every = std::strtoull(stacks, nullptr, 10);
  void* warm[1];
  backtrace(warm, 1);  // loads what it needs, now rather than inside an allocation
  counts = static_cast<Counts*>(mapped);
}

std::atomic<void*(*)(size_t)> next_malloc, next_new, next_new_array;
std::atomic<void*(*)(size_t, size_t)> next_calloc, next_aligned_alloc, next_memalign;
std::atomic<void* (*)(void*, size_t)> next_realloc;
std::atomic<void (*)(void*)> next_free;
std::atomic<int (*)(void**, size_t, size_t)> next_posix_memalign;
std::atomic<void* (*)(size_t, std::align_val_t)> next_new_aligned;
std::atomic<void* (*)(size_t, const std::nothrow_t&)> next_new_nothrow;
bool searching = false;

}  // namespace

extern "C" {

void* malloc(size_t size) {
  if (next_malloc.load(std::memory_order_relaxed) == nullptr) {
    if (searching) return Early(size);
    searching = true;
    Next(next_malloc, "malloc");
    Next(next_calloc, "calloc");
    Next(next_realloc, "realloc");
    Next(next_free, "free");
    searching = false;
  }
  Count(size);
  return next_malloc.load(std::memory_order_relaxed)(size);
}

void* calloc(size_t number, size_t size) {
  const auto next = next_calloc.load(std::memory_order_relaxed);
  if (next == nullptr) return Early(number * size);  // zero, for it is used once
  Count(number * size);
  return next(number, size);
}

void* realloc(void* old, size_t size) {
  if (IsEarly(old)) {
    void* moved = malloc(size);
    const size_t rest = static_cast<size_t>(early + sizeof(early) - static_cast<char*>(old));
    std::memcpy(moved, old, size < rest ? size : rest);
    return moved;
  }
  Count(size);
  return Next(next_realloc, "realloc")(old, size);
}

void free(void* p) {
  if (p == nullptr || IsEarly(p)) return;
  if (counts != nullptr) counts->frees.fetch_add(1, std::memory_order_relaxed);
  Next(next_free, "free")(p);
}

void* aligned_alloc(size_t alignment, size_t size) {
  Count(size);
  return Next(next_aligned_alloc, "aligned_alloc")(alignment, size);
}

void* memalign(size_t alignment, size_t size) {
  Count(size);
  return Next(next_memalign, "memalign")(alignment, size);
}

int posix_memalign(void** out, size_t alignment, size_t size) {
  Count(size);
  return Next(next_posix_memalign, "posix_memalign")(out, alignment, size);
}

}  // extern "C"

// Handed on under their own names: an allocator may want to know which one frees.
void* operator new(size_t size) {
  Count(size);
  return Next(next_new, "_Znwm")(size);
}

void* operator new[](size_t size) {
  Count(size);
  return Next(next_new_array, "_Znam")(size);
}

void* operator new(size_t size, const std::nothrow_t& tag) noexcept {
  Count(size);
  return Next(next_new_nothrow, "_ZnwmRKSt9nothrow_t")(size, tag);
}

void* operator new(size_t size, std::align_val_t alignment) {
  Count(size);
  return Next(next_new_aligned, "_ZnwmSt11align_val_t")(size, alignment);
}
