#include "tests/hostile/server_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <thread>
#include <utility>

#include "tests/hostile/cores.h"

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr Duration kStartTimeout = 10s;

// In the child. Never returns.
[[noreturn]] void Become(const ServerCommand& command, int output, int errors) {
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // the bench may be killed itself
  if (command.core >= 0) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(static_cast<size_t>(command.core), &cores);
    sched_setaffinity(0, sizeof cores, &cores);
  }
  // The bench raises its own limit, which the server must not inherit by accident.
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = command.max_files > 0 ? static_cast<rlim_t>(command.max_files) : 4096;
  setrlimit(RLIMIT_NOFILE, &files);

  std::vector<char*> arguments;
  for (const std::string& each : command.arguments) {
    arguments.push_back(const_cast<char*>(each.c_str()));
  }
  arguments.push_back(nullptr);
  execv(arguments[0], arguments.data());
  _exit(127);
}

// The port in "listening on ADDRESS:PORT"; 0 when there is none.
int PortOf(std::string_view line) {
  if (!line.starts_with("listening on ")) return 0;
  const std::string_view text = line.substr(line.rfind(':') + 1);
  int port = 0;
  std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

std::string ReadLine(int fd) {
  std::string line;
  const Clock::time_point deadline = Clock::now() + kStartTimeout;
  while (line.empty() || line.back() != '\n') {
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    if (Clock::now() >= deadline || poll(&waiting, 1, 1000) < 0) break;
    char byte = 0;
    if (waiting.revents != 0 && read(fd, &byte, 1) <= 0) break;
    if (waiting.revents != 0) line += byte;
  }
  return line;
}

// Empty when there is no such file, or when the process it is about ends meanwhile.
std::string ReadFile(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text(8192, '\0');
  const ssize_t size = file.is_valid() ? read(file.get(), text.data(), text.size()) : 0;
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

// The number behind `key` in /proc/PID/smaps_rollup, which is in KiB.
uint64_t BytesOf(std::string_view rollup, std::string_view key) {
  const size_t at = rollup.find(key);
  if (at == std::string_view::npos) return 0;
  std::string_view text = rollup.substr(at + key.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  uint64_t kib = 0;
  std::from_chars(text.data(), text.data() + text.size(), kib);
  return kib * 1024;
}

}  // namespace

std::optional<ServerProcess> ServerProcess::Start(const ServerCommand& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  ServerProcess server;
  server.output_ = Fd(ends[0]);
  Fd write_end(ends[1]);
  server.errors_ = Fd(memfd_create("server errors", MFD_CLOEXEC));
  server.pid_ = fork();
  if (server.pid_ == 0) Become(command, write_end.get(), server.errors_.get());
  write_end.Reset();
  if (server.pid_ < 0) return std::nullopt;
  server.port_ = PortOf(ReadLine(server.output_.get()));
  if (server.port_ == 0) return std::nullopt;
  return server;
}

ServerProcess::ServerProcess(ServerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      port_(other.port_),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      exit_(other.exit_) {}

ServerProcess::~ServerProcess() {
  if (pid_ < 0 || exit_.has_value()) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

ProcessSample ServerProcess::Sample() const {
  const std::string process = "/proc/" + std::to_string(pid_);
  const std::string rollup = ReadFile(process + "/smaps_rollup");
  ProcessSample sample{.resident_bytes = BytesOf(rollup, "\nRss:"),
                       .anonymous_bytes = BytesOf(rollup, "\nAnonymous:"),
                       .cpu_ns = 0,
                       .wait_ns = 0};
  std::error_code ignored;
  std::filesystem::directory_iterator thread(process + "/task", ignored);
  for (; thread != std::filesystem::directory_iterator(); thread.increment(ignored)) {
    const ThreadTimes times = ReadThreadTimes(thread->path().string());
    sample.cpu_ns += times.run_ns;
    sample.wait_ns += times.wait_ns;
  }
  return sample;
}

size_t ServerProcess::CountFiles() const {
  size_t count = 0;
  std::error_code ignored;
  std::filesystem::directory_iterator each("/proc/" + std::to_string(pid_) + "/fd", ignored);
  for (; each != std::filesystem::directory_iterator(); each.increment(ignored)) ++count;
  return count;
}

bool ServerProcess::WaitForFiles(const std::function<bool(size_t)>& is_wanted,
                                 Duration timeout) const {
  const Clock::time_point deadline = Clock::now() + timeout;
  while (!is_wanted(CountFiles())) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

void ServerProcess::Signal(int number) const { kill(pid_, number); }

std::optional<int> ServerProcess::WaitForEnd(Duration timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  while (!exit_.has_value()) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    } else if (Clock::now() >= deadline) {
      return std::nullopt;
    } else {
      std::this_thread::sleep_for(2ms);
    }
  }
  return exit_;
}

std::string ServerProcess::ErrorText() const {
  std::string text(4096, '\0');
  const ssize_t size = pread(errors_.get(), text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

}  // namespace hostile
