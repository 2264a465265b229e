#include "gateway/reloader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/schema/temp_folder.h"

namespace portico {
namespace {

using Paths = std::vector<net::Watched>;

constexpr std::chrono::seconds kPatience(10);

// The next reason, or what says that there was none.
class Reasons {
 public:
  Reloader::Reload Taking(Paths paths) {
    return [this, paths](const std::string& reason) {
      const std::lock_guard<std::mutex> lock(mutex_);
      reasons_.push_back(reason);
      changed_.notify_all();
      return paths;
    };
  }
  std::string Next() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!changed_.wait_for(lock, kPatience, [this] { return taken_ < reasons_.size(); })) return "no reload";
    return reasons_[taken_++];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> reasons_;
  size_t taken_ = 0;
};

TEST(ReloaderTest, ReloadsWhenFilesChangeAndWhenAsked) {
  const testing::TempFolder folder;
  const Paths paths = {folder.Write("a", "1")};
  Reasons reasons;
  Reloader reloader(paths, reasons.Taking(paths), [] {});
  reloader.Start(paths);
  folder.Write("a", "22");
  EXPECT_EQ(reasons.Next(), "files changed");
  reloader.Request("SIGHUP");
  EXPECT_EQ(reasons.Next(), "SIGHUP");
}

TEST(ReloaderTest, AnEditWhileTheFirstSnapshotIsBuiltIsNotLost) {
  const testing::TempFolder folder;
  const Paths paths = {folder.Write("a", "1")};
  Reasons reasons;
  Reloader reloader(paths, reasons.Taking(paths), [] {});
  folder.Write("a", "22");
  reloader.Start(paths);
  EXPECT_EQ(reasons.Next(), "files changed");
}

// What was read first has led to other files, which nobody has watched meanwhile.
TEST(ReloaderTest, OtherFilesAreReadOnceMore) {
  const testing::TempFolder folder;
  const Paths paths = {folder.Write("a", "1"), folder.Write("b", "1")};
  Reasons reasons;
  Reloader reloader({paths[0]}, reasons.Taking(paths), [] {});
  reloader.Start(paths);
  EXPECT_EQ(reasons.Next(), "other files are watched");
  folder.Write("b", "22");
  EXPECT_EQ(reasons.Next(), "files changed");
}

// Whoever learns contracts may do so until it has been stopped itself, after the reloader.
TEST(ReloaderTest, RequestsWhileItStopsAndLaterAreForgotten) {
  std::promise<void> began;
  std::promise<void> go_on;
  const std::shared_future<void> released = go_on.get_future().share();
  std::atomic<int> reloads{0};
  Reloader reloader(
      {},
      [&](const std::string&) {
        if (++reloads == 1) began.set_value();
        released.wait();
        return Paths{};
      },
      [] {});
  reloader.Start({});
  reloader.Request("first");
  began.get_future().wait();
  std::thread stopping([&] { reloader.Stop(); });
  reloader.Request("while it stops");
  go_on.set_value();
  stopping.join();
  // The second request may have been in time; a third cannot be.
  const int before = reloads;
  reloader.Request("when it has stopped");
  EXPECT_EQ(reloads, before);
  reloader.Stop();
}

TEST(ReloaderTest, OneThatNeverStartedEnds) {
  Reloader reloader(
      {}, [](const std::string&) { return Paths{}; }, [] {});
  reloader.Request("nobody hears it");
}

}  // namespace
}  // namespace portico
