// A server that runs: its workers, its listening sockets, its handler pool, and their end.
#ifndef WEIR_SERVER_SERVER_CORE_H_
#define WEIR_SERVER_SERVER_CORE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/connections_by_address.h"
#include "server/handler_pool.h"
#include "server/memory_trimmer.h"
#include "server/worker_context.h"
#include "transport/driver/worker_thread.h"
#include "transport/http2/limit.h"
#include "transport/net/acceptor.h"
#include "transport/net/address.h"
#include "transport/net/listener.h"
#include "transport/net/memory_monitor.h"
#include "transport/net/task.h"
#include "transport/net/tls_context.h"
#include "weir/server.h"
#include "weir/status.h"

namespace weir::server {

// Sockets that listen for one AddListeningPort, and how their connections are secured.
struct ListeningPort {
  std::vector<std::unique_ptr<net::Listener>> listeners;
  std::unique_ptr<net::TlsContext> tls;  // null for plaintext
};

class ServerCore {
 public:
  explicit ServerCore(std::unique_ptr<const ServerConfig> config);
  ~ServerCore();

  // Starts everything; called once. On failure the object is to be destroyed.
  Status Start(std::vector<ListeningPort> ports);

  // See weir::Server. Thread-safe.
  void Wait();
  ShutdownReport Shutdown(std::chrono::steady_clock::time_point deadline);

  int port() const { return port_; }
  const std::vector<std::string>& addresses() const { return addresses_; }

  // How often a limit was met so far, by all connections together. Thread-safe.
  uint64_t LimitHits(http2::Limit limit) const;

 private:
  struct WorkerUnit {
    std::unique_ptr<WorkerContext> context;
    std::unique_ptr<driver::WorkerThread> thread;

    driver::Worker& worker() const { return thread->worker(); }
  };
  class PortAcceptor;
  enum class State { kStarting, kRunning, kStopping, kStopped };

  // Posted by whichever worker makes room, at most once until it has run, so that saying so needs
  // no memory.
  class ResumeTask final : public net::Task {
   public:
    explicit ResumeTask(ServerCore& core) : core_(core) {}

   private:
    void Run() override;

    ServerCore& core_;
  };

  driver::Worker& LeastLoadedWorker();
  size_t ConnectionCount() const;
  bool Admit(const net::SocketAddress& peer);
  void OnConnectionPromised();
  void OnConnectionGone(const net::SocketAddress& peer);
  void ResumeAccepting();
  driver::Worker& accepting_worker() { return workers_.front().worker(); }
  Status StartWorkers();
  Status StartAccepting(std::vector<ListeningPort> ports);
  ShutdownReport JoinShutdown(std::unique_lock<std::mutex>& lock);
  // Waits until no connection is left; past the deadline, ends them by force.
  ShutdownReport DrainConnections(std::unique_lock<std::mutex>& lock);
  void StopAccepting();
  void JoinThreads();

  const std::unique_ptr<const ServerConfig> config_;
  HandlerPool pool_;
  ConnectionsByAddress clients_;
  MemoryTrimmer trimmer_;
  std::unique_ptr<net::MemoryMonitor> memory_monitor_;  // null when there is no budget
  ResumeTask resume_task_{*this};  // outlives the loops, which may hold it to the end
  std::vector<WorkerUnit> workers_;
  std::atomic<bool> is_full_ = false;  // of connections, so that accepting pauses
  // Confined to the accepting worker's thread while it runs.
  std::vector<ListeningPort> ports_;
  std::vector<std::unique_ptr<PortAcceptor>> acceptors_;
  int port_ = 0;
  std::vector<std::string> addresses_;

  std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::kStarting;
  std::chrono::steady_clock::time_point stop_deadline_ =
      std::chrono::steady_clock::time_point::max();
  size_t workers_left_ = 0;
  size_t calls_cancelled_ = 0;
  ShutdownReport report_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_SERVER_CORE_H_
