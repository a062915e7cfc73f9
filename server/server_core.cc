#include "server/server_core.h"

#include <algorithm>
#include <new>
#include <random>
#include <utility>

#include "server/worker_options.h"
#include "transport/net/clock.h"
#include "transport/net/process_limits.h"
#include "transport/net/socket.h"

namespace weir::server {
namespace {

constexpr size_t kPoolThreadsPerCpu = 4;
constexpr size_t kPoolThreadsMin = 16;

size_t PoolThreads(const ServerOptions& options) {
  if (options.handler_threads != 0) return options.handler_threads;
  return std::max(kPoolThreadsPerCpu * net::ProcessorsOfProcess(), kPoolThreadsMin);
}

}  // namespace

// Hands what one listening socket accepts to the least loaded worker.
class ServerCore::PortAcceptor final : private net::AcceptedSink {
 public:
  PortAcceptor(ServerCore& core, const net::Listener& listener, const net::TlsContext* tls)
      : core_(core), tls_(tls), acceptor_(core.accepting_worker().loop(), listener.fd(), *this) {}

  bool Start() { return !acceptor_.Start().has_value(); }
  void Pause() { acceptor_.Pause(); }
  void Resume() { acceptor_.Resume(); }

 private:
  void OnAccepted(net::UniqueFd fd, const net::SocketAddress& peer) override {
    Receive(std::move(fd), peer);
    // Accepting is no connection's doing.
    core_.accepting_worker().EndLap();
  }

  void Receive(net::UniqueFd fd, const net::SocketAddress& peer) {
    if (!core_.Admit(peer)) return;  // closes it
    driver::Worker& worker = core_.LeastLoadedWorker();
    worker.PromiseConnection();
    core_.OnConnectionPromised();
    try {
      HandOver(worker, std::move(fd), peer);
    } catch (const std::bad_alloc&) {
      ++core_.accepting_worker().counters().connections_out_of_memory;
      worker.BreakPromise(peer);
    }
  }

  void HandOver(driver::Worker& worker, net::UniqueFd fd, const net::SocketAddress& peer) {
    auto socket = std::make_unique<net::TcpSocket>(std::move(fd), peer);
    if (&worker == &core_.accepting_worker()) {
      worker.Adopt(std::move(socket), tls_);
      return;
    }
    worker.loop().PostFunction([&worker, tls = tls_, socket = std::move(socket)]() mutable {
      worker.Adopt(std::move(socket), tls);
    });
  }

  ServerCore& core_;
  const net::TlsContext* tls_;
  net::Acceptor acceptor_;
};

ServerCore::ServerCore(std::unique_ptr<const ServerConfig> config)
    : config_(std::move(config)),
      pool_(PoolThreads(config_->options), config_->options.handler_queue_max,
            config_->compressors),
      clients_(config_->options.max_connections_per_address),
      trimmer_([this] {
        try {
          for (WorkerUnit& unit : workers_) {
            unit.thread->loop().PostFunction(
                [context = unit.context.get()] { context->ReleaseIdleMemory(); });
          }
        } catch (const std::bad_alloc&) {
          // Then the rest is released when the next connection ends.
        }
      }) {
  size_t budget = config_->options.memory_budget_bytes;
  if (budget == 0) budget = net::MemoryLimitOfProcess();
  if (budget != 0 && budget != SIZE_MAX) {
    memory_monitor_ = std::make_unique<net::MemoryMonitor>(budget);
  }
}

ServerCore::~ServerCore() {
  bool is_running = false;
  {
    const std::lock_guard lock(mutex_);
    is_running = state_ != State::kStarting;
  }
  if (is_running) {
    Shutdown(net::MonotonicNow());
  } else {
    JoinThreads();
  }
}

// ---- start -------------------------------------------------------------------------------------

Status ServerCore::Start(std::vector<ListeningPort> ports) {
  if (Status status = StartWorkers(); !status.ok()) return status;
  if (Status status = StartAccepting(std::move(ports)); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  state_ = State::kRunning;
  return Status::OK;
}

Status ServerCore::StartWorkers() {
  const size_t wanted = config_->options.worker_threads;
  const size_t count = wanted == 0 ? net::ProcessorsOfProcess() : wanted;
  driver::WorkerOptions options = WorkerOptionsOf(config_->options);
  if (config_->ignores_service_time) options.service_time_max = kForever;
  options.on_connection_gone = [this](const net::SocketAddress& peer) { OnConnectionGone(peer); };
  options.on_connections_idle = [this] { trimmer_.Ask(); };
  if (memory_monitor_ != nullptr) {
    options.memory_monitor = memory_monitor_.get();
    options.http2.memory_pressure = &memory_monitor_->level();
  }
  std::random_device random;
  for (size_t i = 0; i < count; ++i) {
    WorkerUnit unit;
    unit.context = std::make_unique<WorkerContext>(*config_, pool_);
    options.random_seed = random();
    auto thread = driver::WorkerThread::Create(options, *unit.context);
    if (!thread.ok()) {
      return Status(StatusCode::UNAVAILABLE,
                    "cannot start worker " + std::to_string(i) + ": " + thread.error().Describe());
    }
    unit.thread = std::move(thread).value();
    workers_.push_back(std::move(unit));
  }
  return Status::OK;
}

Status ServerCore::StartAccepting(std::vector<ListeningPort> ports) {
  ports_ = std::move(ports);
  for (const ListeningPort& port : ports_) {
    for (const std::unique_ptr<net::Listener>& listener : port.listeners) {
      const net::SocketAddress& address = listener->local_address();
      if (port_ == 0) port_ = address.port();
      addresses_.push_back(address.is_unix() ? address.ToString() : address.ToDisplayString());
      acceptors_.push_back(std::make_unique<PortAcceptor>(*this, *listener, port.tls.get()));
      // No worker runs yet, so this thread may use their loops.
      if (!acceptors_.back()->Start()) {
        return Status(StatusCode::UNAVAILABLE,
                      "cannot watch the listening socket of " + addresses_.back());
      }
    }
  }
  trimmer_.Start();
  // The accepting worker comes last: if the system refuses a thread, no connection is lost.
  for (size_t i = workers_.size(); i-- > 0;) {
    if (!workers_[i].thread->Start("weir-" + std::to_string(i))) {
      return Status(StatusCode::UNAVAILABLE, "cannot start worker " + std::to_string(i) +
                                                 ": the system has no thread to give");
    }
  }
  return Status::OK;
}

driver::Worker& ServerCore::LeastLoadedWorker() {
  const auto least = std::min_element(workers_.begin(), workers_.end(),
                                      [](const WorkerUnit& a, const WorkerUnit& b) {
                                        return a.worker().load() < b.worker().load();
                                      });
  return least->worker();
}

size_t ServerCore::ConnectionCount() const {
  size_t count = 0;
  for (const WorkerUnit& unit : workers_) count += unit.worker().load();
  return count;
}

uint64_t ServerCore::LimitHits(http2::Limit limit) const {
  uint64_t hits = 0;
  for (const WorkerUnit& unit : workers_) hits += unit.worker().counters().limits.hits(limit);
  return hits;
}

// On the accepting worker's thread, before anything is made for the connection.
bool ServerCore::Admit(const net::SocketAddress& peer) {
  try {
    if (clients_.Add(peer)) return true;
    accepting_worker().counters().Hit(http2::Limit::kConnectionsPerAddress);
  } catch (const std::bad_alloc&) {
    ++accepting_worker().counters().connections_out_of_memory;
  }
  return false;
}

// On the accepting worker's thread. The flag goes up before the connections are counted again, and
// OnConnectionGone counts down before it looks at the flag: one of them sees the other.
void ServerCore::OnConnectionPromised() {
  const size_t connections_max = config_->options.max_connections;
  if (ConnectionCount() < connections_max) return;
  for (const auto& acceptor : acceptors_) acceptor->Pause();
  accepting_worker().counters().Hit(http2::Limit::kConnections);
  is_full_.store(true);
  if (ConnectionCount() < connections_max) ResumeAccepting();
}

// On the thread of any worker.
void ServerCore::OnConnectionGone(const net::SocketAddress& peer) {
  clients_.Remove(peer);
  trimmer_.Ask();
  ResumeAccepting();
}

void ServerCore::ResumeAccepting() {
  if (!is_full_.load() || ConnectionCount() >= config_->options.max_connections) return;
  if (!is_full_.exchange(false)) return;
  accepting_worker().loop().Post(resume_task_);
}

void ServerCore::ResumeTask::Run() {
  for (const auto& acceptor : core_.acceptors_) acceptor->Resume();
}

// ---- end ---------------------------------------------------------------------------------------

void ServerCore::Wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return state_ == State::kStopped; });
}

ShutdownReport ServerCore::Shutdown(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  stop_deadline_ = std::min(stop_deadline_, deadline);
  if (state_ != State::kRunning) return JoinShutdown(lock);
  state_ = State::kStopping;
  workers_left_ = workers_.size();
  lock.unlock();
  StopAccepting();
  lock.lock();
  const ShutdownReport report = DrainConnections(lock);
  lock.unlock();
  JoinThreads();
  lock.lock();
  report_ = report;
  state_ = State::kStopped;
  changed_.notify_all();
  return report;
}

ShutdownReport ServerCore::JoinShutdown(std::unique_lock<std::mutex>& lock) {
  changed_.notify_all();  // the deadline may have come nearer
  changed_.wait(lock, [this] { return state_ == State::kStopped; });
  return report_;
}

// Connections accepted before this returns have been handed over: what is posted to a worker from
// now on comes after them.
void ServerCore::StopAccepting() {
  bool is_done = false;
  accepting_worker().loop().PostFunction([this, &is_done] {
    acceptors_.clear();
    for (ListeningPort& port : ports_) port.listeners.clear();
    const std::lock_guard lock(mutex_);
    is_done = true;
    changed_.notify_all();
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&is_done] { return is_done; });
}

ShutdownReport ServerCore::DrainConnections(std::unique_lock<std::mutex>& lock) {
  const auto for_each_worker = [this](auto action) {
    for (WorkerUnit& unit : workers_) {
      unit.thread->loop().PostFunction([worker = &unit.worker(), action] { action(*worker); });
    }
  };
  for_each_worker([this](driver::Worker& worker) {
    worker.BeginDrain();
    worker.NotifyWhenEmpty([this] {
      const std::lock_guard guard(mutex_);
      --workers_left_;
      changed_.notify_all();
    });
  });

  ShutdownReport report;
  while (workers_left_ != 0) {
    if (stop_deadline_ == std::chrono::steady_clock::time_point::max()) {
      changed_.wait(lock);
      continue;
    }
    if (net::MonotonicNow() < stop_deadline_) {
      changed_.wait_until(lock, stop_deadline_);
      continue;
    }
    report.was_graceful = false;
    for_each_worker([this](driver::Worker& worker) {
      size_t cancelled = 0;
      worker.ForEachConnection([&cancelled](driver::ConnectionDriver& connection) {
        cancelled += connection.open_streams();
      });
      worker.Abort();
      const std::lock_guard guard(mutex_);
      calls_cancelled_ += cancelled;
    });
    changed_.wait(lock, [this] { return workers_left_ == 0; });
  }
  report.calls_cancelled = calls_cancelled_;
  if (calls_cancelled_ == 0) report.was_graceful = true;
  return report;
}

void ServerCore::JoinThreads() {
  trimmer_.StopAndJoin();
  pool_.StopAndJoin();
  for (WorkerUnit& unit : workers_) unit.thread->StopAndJoin();
}

}  // namespace weir::server
