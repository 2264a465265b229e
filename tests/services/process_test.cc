// The programs, as a user starts them.
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <map>

#include "tests/services/harness.h"

extern char** environ;

namespace shop::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// A program that runs, with its stderr to be read line by line.
class Process {
 public:
  Process(const std::string& program, std::vector<std::string> arguments) {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const std::string path = std::string(SHOP_BIN_DIR) + "/" + program;
    arguments.insert(arguments.begin(), path);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, path.c_str(), &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    stderr_ = ends[0];
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ > 0) {
      Signal(SIGKILL);
      Wait();
    }
    close(stderr_);
  }

  pid_t pid() const { return pid_; }
  void Signal(int signal) const { kill(pid_, signal); }

  // The exit code, or minus the signal that ended it.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  // The next line; empty at the end, or after 60 s.
  std::string Line() {
    for (;;) {
      if (const size_t end = read_.find('\n'); end != std::string::npos) {
        std::string line = read_.substr(0, end);
        read_.erase(0, end + 1);
        return line;
      }
      pollfd readable = {stderr_, POLLIN, 0};
      char bytes[4096];
      if (poll(&readable, 1, 60'000) <= 0) return "";
      const ssize_t count = read(stderr_, bytes, sizeof bytes);
      if (count <= 0) return "";
      read_.append(bytes, static_cast<size_t>(count));
    }
  }

 private:
  pid_t pid_ = 0;
  int stderr_ = -1;
  std::string read_;
};

// The text between two others.
std::string Between(const std::string& line, const std::string& before, const std::string& after) {
  const size_t at = line.find(before);
  if (at == std::string::npos) return "";
  const size_t begin = at + before.size();
  return line.substr(begin, line.find(after, begin) - begin);
}

std::string Address(const std::string& line) {
  return Between(line, "\"address\":\"", "\"");
}

grpc::Status GetPojos(const std::string& address) {
  const auto stub =
      catalog::v1::CatalogService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  context.set_wait_for_ready(true);
  catalog::v1::GetProductRequest request;
  request.set_product_id("pojos-in-action");
  catalog::v1::Product product;
  return stub->GetProduct(&context, request, &product);
}

TEST(ProcessTest, AServiceSaysWhereItListensAndStopsWhenTold) {
  Folder folder;
  Process process("shop-catalog", {"--listen", "127.0.0.1:0", "--data=" + folder.path().string()});
  const std::string line = process.Line();
  const std::string address = Address(line);
  EXPECT_EQ(line, "{\"event\":\"listening\",\"service\":\"catalog\",\"address\":\"" + address + "\"}");
  EXPECT_TRUE(GetPojos(address).ok());
  process.Signal(SIGTERM);
  EXPECT_EQ(process.Wait(), 0);
}

TEST(ProcessTest, AKilledServiceComesBackOnItsPort) {
  Folder folder;
  std::string address = "127.0.0.1:0";
  for (int i = 0; i < 3; ++i) {
    Process process("shop-catalog", {"--listen", address, "--data", folder.path().string()});
    address = Address(process.Line());
    EXPECT_TRUE(GetPojos(address).ok());
    process.Signal(SIGKILL);
    EXPECT_EQ(process.Wait(), -SIGKILL);
  }
}

TEST(ProcessTest, WrongCommandLinesAreRefused) {
  struct Case {
    const char* program;
    std::vector<std::string> arguments;
    const char* message;
  };
  const Case cases[] = {
      {"shop-catalog", {"--nonsense"}, "unknown flag --nonsense"},
      {"shop-catalog", {"--listen"}, "--listen needs a value"},
      {"shop-catalog", {"--listen", "5101"}, "is not HOST:PORT"},
      {"shop-pricing", {"--delay", "soon"}, "\"soon\" is not a time"},
      {"shop-reviews", {"--delay=-1s"}, "is not a time"},
      {"shop-orders", {"--no-seed=1"}, "takes no value"},
      {"shop-orders", {"what"}, "unknown argument what"},
      {"shop", {}, "which services?"},
      {"shop", {"bakery"}, "there is no service bakery"},
      {"shop", {"all", "--delay", "bakery=1s"}, "there is no such service"},
      {"shop", {"all", "--ports", "many"}, "is not a port"},
  };
  for (const Case& c : cases) {
    Process process(c.program, c.arguments);
    EXPECT_THAT(process.Line(), HasSubstr(c.message));
    EXPECT_EQ(process.Wait(), 2) << c.message;
  }
}

TEST(ProcessTest, AServiceThatCannotStartSaysWhy) {
  Folder folder;
  std::ofstream(folder.path() / "file") << "not a folder";
  Process process("shop-catalog", {"--listen=127.0.0.1:0", "--data", (folder.path() / "file").string()});
  EXPECT_THAT(process.Line(), HasSubstr("shop-catalog: "));
  EXPECT_EQ(process.Wait(), 1);
}

// Services by name, with their addresses, as the launcher's stderr tells them.
std::map<std::string, std::string> Listening(Process& launcher, int count) {
  std::map<std::string, std::string> services;
  for (int i = 0; i < count; ++i) {
    const std::string line = launcher.Line();
    services[Between(line, "\"service\":\"", "\"")] = Address(line);
  }
  return services;
}

TEST(ProcessTest, TheLauncherStartsAllAndStopsAll) {
  Folder folder;
  Process launcher("shop", {"all", "--ports", "0", "--data", folder.path().string(), "--delay", "10ms"});
  const auto services = Listening(launcher, 7);
  ASSERT_THAT(services, SizeIs(7));
  for (const char* name : {"catalog", "pricing", "reviews", "orders", "inventory", "recommendations", "sellers"}) {
    EXPECT_TRUE(services.contains(name)) << name;
  }
  EXPECT_TRUE(GetPojos(services.at("catalog")).ok());
  launcher.Signal(SIGTERM);
  EXPECT_EQ(launcher.Wait(), 0);
  EXPECT_EQ(launcher.Line(), "");
}

TEST(ProcessTest, TheLauncherLeavesTheOthersAloneWhenOneDies) {
  Folder folder;
  Process launcher("shop", {"catalog", "pricing", "--ports=0", "--data", folder.path().string()});
  const auto services = Listening(launcher, 2);
  ASSERT_THAT(services, SizeIs(2));
  const std::string pid = std::to_string(launcher.pid());
  std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
  pid_t child = 0;
  while (children >> child) {
    std::ifstream command("/proc/" + std::to_string(child) + "/comm");
    std::string name;
    command >> name;
    if (name == "shop-pricing") kill(child, SIGKILL);
  }
  EXPECT_EQ(launcher.Line(), "{\"event\":\"exited\",\"service\":\"pricing\",\"signal\":9}");
  EXPECT_TRUE(GetPojos(services.at("catalog")).ok());
  launcher.Signal(SIGTERM);
  EXPECT_EQ(launcher.Wait(), 1);
}

}  // namespace
}  // namespace shop::test
