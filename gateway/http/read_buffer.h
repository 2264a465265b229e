#ifndef PORTICO_GATEWAY_HTTP_READ_BUFFER_H_
#define PORTICO_GATEWAY_HTTP_READ_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "absl/strings/string_view.h"

namespace portico::http {

// Bytes received and not yet done with: appended at the end, consumed at the front. Views of it are valid until the
// next Append(), Erase() or Clear().
class ReadBuffer {
 public:
  absl::string_view bytes() const { return absl::string_view(data_.get() + begin_, end_ - begin_); }
  size_t size() const { return end_ - begin_; }

  void Append(absl::string_view bytes) {
    if (bytes.empty()) return;
    Reserve(bytes.size());
    std::memcpy(data_.get() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  // Forgets the first `n` bytes.
  void Consume(size_t n) { begin_ += n; }

  // Forgets `n` bytes from the offset `at` on, moving what follows.
  void Erase(size_t at, size_t n) {
    if (n == 0) return;
    char* const to = data_.get() + begin_ + at;
    std::memmove(to, to + n, size() - at - n);
    end_ -= n;
  }

  // Forgets everything, and gives back what is larger than an idle connection should hold.
  void Clear() {
    begin_ = end_ = 0;
    if (capacity_ <= kLargestKept) return;
    data_.reset();
    capacity_ = 0;
  }

 private:
  static constexpr size_t kFirstSize = 1024;  // most requests of browsers fit
  static constexpr size_t kLargestKept = 4096;

  void Reserve(size_t n) {
    if (capacity_ - end_ >= n) return;
    if (capacity_ - size() >= std::max(n, capacity_ / 2)) {
      std::memmove(data_.get(), data_.get() + begin_, size());
    } else {
      capacity_ = std::max({kFirstSize, 2 * capacity_, size() + n});
      std::unique_ptr<char[]> data(new char[capacity_]);
      if (size() > 0) std::memcpy(data.get(), data_.get() + begin_, size());
      data_ = std::move(data);
    }
    end_ -= begin_;
    begin_ = 0;
  }

  std::unique_ptr<char[]> data_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace portico::http

#endif  // PORTICO_GATEWAY_HTTP_READ_BUFFER_H_
