#include "gateway/middleware/access_log_sink.h"

#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "gateway/http/json_text.h"

namespace portico::middleware {
namespace {

// How long lines are gathered before they are written: long enough that a busy gateway makes few system calls, too
// short for a reader to notice.
constexpr std::chrono::milliseconds kGather{20};
constexpr size_t kWriteBytes = size_t{1} << 16;
// How often a thread that cannot write looks whether it should give up.
constexpr int kPatienceMs = 100;

bool IsFile(int fd) {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

AccessLogSink::AccessLogSink(int fd, size_t workers, size_t ring_bytes)
    : fd_(fd), at_once_(IsFile(fd) ? kWriteBytes : PIPE_BUF) {
  for (size_t i = 0; i < workers; ++i) rings_.push_back(std::make_unique<RecordRing>(ring_bytes));
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "access-log");
}

AccessLogSink::~AccessLogSink() {
  stopping_ = true;
  awake_ = true;
  awake_.notify_one();
  thread_.join();
}

const std::string* AccessLogSink::Name(absl::string_view name) {
  std::string json;
  http::AppendJsonText(name, &json);
  const std::lock_guard<std::mutex> lock(names_mutex_);
  return &*names_.insert(std::move(json)).first;
}

void AccessLogSink::Write(size_t worker, const AccessEntry& entry) {
  RecordRing& ring = *rings_[worker];
  const size_t size = entry.EncodedSize();
  char* const record = ring.Reserve(size);
  if (record == nullptr) {
    lost_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  entry.EncodeTo(record);
  ring.Commit(size);
  // The thread sleeps only after it has said so and looked once more.
  if (!awake_.load() && !awake_.exchange(true)) awake_.notify_one();
}

void AccessLogSink::Flush() {
  Drain();
}

void AccessLogSink::Run() {
  while (true) {
    awake_.wait(false);
    if (!stopping_) std::this_thread::sleep_for(kGather);
    const bool last = stopping_;
    if (!last) awake_ = false;
    Drain();
    if (last) return;
  }
}

void AccessLogSink::Drain() {
  const std::lock_guard<std::mutex> lock(drain_mutex_);
  for (const std::unique_ptr<RecordRing>& ring : rings_) {
    ring->Drain([this](absl::string_view record) {
      lines_.Append(AccessEntry::Decode(record), &text_);
      if (text_.size() >= kWriteBytes) Out(&text_);
    });
  }
  Out(&text_);
}

void AccessLogSink::Out(std::string* text) {
  absl::string_view left = *text;
  while (!left.empty()) {
    // A pipe that says it is writable takes this much without blocking, so that a reader who has stopped reading holds
    // up neither the process's end nor anything but the log.
    pollfd ready{fd_, POLLOUT, 0};
    if (::poll(&ready, 1, kPatienceMs) == 0) {
      if (stopping_) break;
      continue;
    }
    const ssize_t written = ::write(fd_, left.data(), std::min(left.size(), at_once_));
    if (written >= 0) {
      left.remove_prefix(static_cast<size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      break;  // nobody reads any more
    }
  }
  lost_.fetch_add(static_cast<uint64_t>(std::count(left.begin(), left.end(), '\n')), std::memory_order_relaxed);
  text->clear();
}

}  // namespace portico::middleware
