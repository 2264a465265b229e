#ifndef PORTICO_GATEWAY_MIDDLEWARE_RECORD_RING_H_
#define PORTICO_GATEWAY_MIDDLEWARE_RECORD_RING_H_

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include "absl/strings/string_view.h"

namespace portico::middleware {

// A bounded queue of records, each a piece of bytes, from one thread to one other, without locks. A record lies in one
// piece, so what does not fit at the buffer's end begins anew at its start.
class RecordRing {
 public:
  // `bytes` is a power of two.
  explicit RecordRing(size_t bytes) : size_(bytes), buffer_(new char[bytes]) {}
  RecordRing(const RecordRing&) = delete;
  RecordRing& operator=(const RecordRing&) = delete;

  // Room for a record of up to `bytes`; nullptr when there is none. Producer only.
  char* Reserve(size_t bytes) {
    const size_t needed = kHead + RoundUp(bytes);
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    const size_t at = tail & (size_ - 1);
    skipped_ = size_ - at < needed ? size_ - at : 0;
    if (tail + skipped_ + needed - head_.load(std::memory_order_acquire) > size_) return nullptr;
    return buffer_.get() + ((tail + skipped_) & (size_ - 1)) + kHead;
  }

  // Hands over the record reserved last, which has become `bytes` long. Producer only.
  void Commit(size_t bytes) {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (skipped_ > 0) SetLength(tail & (size_ - 1), kSkip);
    SetLength((tail + skipped_) & (size_ - 1), static_cast<uint32_t>(bytes));
    // Sequentially consistent: a consumer about to sleep sees this, or the producer sees it asleep.
    tail_.store(tail + skipped_ + kHead + RoundUp(bytes), std::memory_order_seq_cst);
  }

  // Takes every record there is and hands each to `take`. Consumer only.
  template <class Take>
  void Drain(Take take) {
    uint64_t head = head_.load(std::memory_order_relaxed);
    const uint64_t tail = tail_.load(std::memory_order_seq_cst);
    while (head != tail) {
      const size_t at = head & (size_ - 1);
      uint32_t length = 0;
      std::memcpy(&length, buffer_.get() + at, sizeof(length));
      if (length == kSkip) {
        head += size_ - at;
        continue;
      }
      take(absl::string_view(buffer_.get() + at + kHead, length));
      head += kHead + RoundUp(length);
      head_.store(head, std::memory_order_release);
    }
  }

 private:
  static constexpr size_t kHead = 8;  // a length, and what aligns the record
  static constexpr uint32_t kSkip = UINT32_MAX;

  static size_t RoundUp(size_t bytes) { return (bytes + 7) & ~size_t{7}; }
  void SetLength(size_t at, uint32_t length) { std::memcpy(buffer_.get() + at, &length, sizeof(length)); }

  const size_t size_;
  const std::unique_ptr<char[]> buffer_;
  size_t skipped_ = 0;                         // at the buffer's end, by the last Reserve()
  alignas(64) std::atomic<uint64_t> tail_{0};  // bytes ever written; the producer's
  alignas(64) std::atomic<uint64_t> head_{0};  // bytes ever read; the consumer's
};

}  // namespace portico::middleware

#endif  // PORTICO_GATEWAY_MIDDLEWARE_RECORD_RING_H_
