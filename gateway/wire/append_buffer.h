#ifndef PORTICO_GATEWAY_WIRE_APPEND_BUFFER_H_
#define PORTICO_GATEWAY_WIRE_APPEND_BUFFER_H_

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"

namespace portico::wire {

// Appends to a std::string through plain pointers, which costs a fraction of std::string::append for many small pieces:
// the string is kept larger than what is written, and cut to size by Finish(). Until then its content behind the old
// end is unspecified. Not thread-safe. REQUIRES: nobody else touches the string meanwhile.
class AppendBuffer {
 public:
  // `expected` bytes are made room for at once.
  AppendBuffer(std::string* out, size_t expected) : out_(out), start_(out->size()) {
    out_->resize(start_ + expected);
    base_ = out_->data();
    at_ = base_ + start_;
    end_ = base_ + out_->size();
  }
  AppendBuffer(const AppendBuffer&) = delete;
  AppendBuffer& operator=(const AppendBuffer&) = delete;

  // Cuts the string behind the last byte written. Call once, at the end.
  void Finish() { out_->resize(size()); }
  // Cuts the string to what it was at the beginning.
  void Abandon() { out_->resize(start_); }

  // Offset of the next byte in the string. Offsets stay valid while the buffer grows; pointers do not.
  size_t size() const { return static_cast<size_t>(at_ - base_); }
  absl::string_view view(size_t from, size_t length) const { return absl::string_view(base_ + from, length); }
  char* data(size_t offset) { return base_ + offset; }

  // Forgets everything behind `offset`.
  void Truncate(size_t offset) { at_ = base_ + offset; }

  // A place for at least `n` bytes; write some of them and Advance() behind the last.
  char* Reserve(size_t n) {
    if (static_cast<size_t>(end_ - at_) < n) Grow(n);
    return at_;
  }
  void Advance(char* behind) { at_ = behind; }

  void Append(char c) {
    *Reserve(1) = c;
    ++at_;
  }
  void Append(absl::string_view bytes) {
    char* const to = Reserve(bytes.size());
    if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    at_ = to + bytes.size();
  }

 private:
  void Grow(size_t n) {
    const size_t used = size();
    out_->resize(std::max(used + n, 2 * used + 64));
    base_ = out_->data();
    at_ = base_ + used;
    end_ = base_ + out_->size();
  }

  std::string* out_;
  const size_t start_;
  char* base_;
  char* at_;
  char* end_;
};

}  // namespace portico::wire

#endif  // PORTICO_GATEWAY_WIRE_APPEND_BUFFER_H_
