// The server under attack: a child process with a core of its own, watched through /proc.
#ifndef WEIR_TESTS_HOSTILE_SERVER_PROCESS_H_
#define WEIR_TESTS_HOSTILE_SERVER_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/hostile/transport.h"

namespace hostile {

struct ServerCommand {
  std::vector<std::string> arguments;  // the program first
  int core = -1;                       // -1: wherever the system likes
  int max_files = 0;                   // RLIMIT_NOFILE; 0: the system's
};

// What the process costs at one moment.
struct ProcessSample {
  uint64_t resident_bytes = 0;   // Rss
  uint64_t anonymous_bytes = 0;  // of it what is no file: heap and stacks
  uint64_t cpu_ns = 0;           // of all threads, user and system
  uint64_t wait_ns = 0;          // that threads were ready to run, and did not
};

class ServerProcess {
 public:
  // Starts the program and waits for its line "listening on ADDRESS:PORT". Not valid when that does
  // not come.
  static std::optional<ServerProcess> Start(const ServerCommand& command);
  ServerProcess(ServerProcess&& other) noexcept;
  ServerProcess& operator=(ServerProcess&&) = delete;
  // Ends the process, the hard way if it still runs.
  ~ServerProcess();

  int port() const { return port_; }
  pid_t pid() const { return pid_; }

  ProcessSample Sample() const;
  size_t CountFiles() const;  // open descriptors
  // Waits until `is_wanted(CountFiles())`; false after `timeout`.
  bool WaitForFiles(const std::function<bool(size_t)>& is_wanted, Duration timeout) const;

  void Signal(int number) const;
  // Waits for the end. The exit code, or minus the number of the signal that killed it; nullopt
  // when it still runs after `timeout`.
  std::optional<int> WaitForEnd(Duration timeout);
  // What it has written to standard error.
  std::string ErrorText() const;

 private:
  ServerProcess() = default;

  pid_t pid_ = -1;
  int port_ = 0;
  Fd output_;  // kept open, so that the server never writes to a broken pipe
  Fd errors_;  // an unlinked file
  std::optional<int> exit_;
};

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_SERVER_PROCESS_H_
