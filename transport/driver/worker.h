// The connections of one event loop: adopts them, flushes them once a turn, drains and ends them.
#ifndef WEIR_TRANSPORT_DRIVER_WORKER_H_
#define WEIR_TRANSPORT_DRIVER_WORKER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <span>

#include "transport/base/intrusive_list.h"
#include "transport/driver/connection_driver.h"
#include "transport/driver/connection_handler.h"
#include "transport/driver/time_share.h"
#include "transport/http2/options.h"
#include "transport/net/address.h"
#include "transport/net/loop.h"
#include "transport/net/memory_monitor.h"
#include "transport/net/socket.h"
#include "transport/net/tls_context.h"

namespace weir::driver {

struct WorkerOptions {
  http2::ConnectionOptions http2;
  // From accept to the end of the TLS handshake. Longer is for slow lines; strangers hold a
  // descriptor meanwhile.
  Duration handshake_timeout = std::chrono::seconds(10);
  // A peer that takes none of the pending output for this long is disconnected: it is gone, or does
  // not read, and its output is held.
  Duration write_stall_timeout = std::chrono::seconds(20);
  // From the last write to close, for the peer to close first.
  Duration linger_timeout = std::chrono::seconds(1);
  size_t linger_bytes_max = 64 * 1024;
  // Size of the buffer that all connections of the worker read into; also the most that one of them
  // may read in one turn.
  size_t read_buffer_bytes = 64 * 1024;
  // Frames of one connection for which the others of the worker should wait in a turn: a connection
  // that brought more in one read is read in smaller pieces from then on. So a turn has about this
  // many, and those of 8 KiB, or of a TLS record, when they come without warning. A header block
  // that has to be decoded counts for eight. Less shortens the wait and makes more reads for
  // clients with many small frames.
  uint32_t turn_frames_max = 256;
  // How long a connection may keep the others of the worker waiting. After longer, and while others
  // have work that takes less, it rests as long as it took, and three times as long after a
  // millisecond (time_share.h). After twice as long, it is read in smaller pieces from then on.
  // Less shortens the wait and makes more reads for clients whose calls are costly. (The default is
  // what 50 to 100 small calls take.)
  // kForever: nobody rests, and processor time is not read.
  Duration service_time_max = std::chrono::microseconds(50);
  // Connections that may be without a finished preface at once: one more ends the oldest of them.
  size_t handshakes_max = 1024;
  // What makes the ages of connections differ, by up to a tenth of
  // http2::ConnectionOptions::connection_age_max. Each worker should have another.
  uint32_t random_seed = 1;
  // Asked at the end of each turn. May be null; must outlive the worker. Its level is what
  // http2.memory_pressure should point to.
  net::MemoryMonitor* memory_monitor = nullptr;
  // Called when a promised connection is no more and its descriptor is closed, if set. On the
  // worker's thread.
  std::function<void(const net::SocketAddress& peer)> on_connection_gone = {};
  // Called when connections have fallen silent and freed what they needed for calls, many of them
  // or much, if set: that memory may go back to the system. On the worker's thread.
  std::function<void()> on_connections_idle = {};
};

// Everything but the methods marked thread-safe is confined to the loop's thread.
class Worker final : private net::TurnEnd {
 public:
  // `factory` and `loop` must outlive the worker, which becomes the loop's TurnEnd.
  Worker(const WorkerOptions& options, ConnectionHandlerFactory& factory, net::Loop& loop);
  // Destroys the connections that are left. Their handlers must be idle, and the loop not running.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  net::Loop& loop() { return loop_; }
  const WorkerOptions& options() const { return options_; }
  ConnectionHandlerFactory& factory() { return factory_; }
  http2::ConnectionCounters& counters() { return counters_; }

  // Takes over an accepted connection, or closes it when memory is exhausted. `tls` may be null.
  void Adopt(std::unique_ptr<net::Socket> socket, const net::TlsContext* tls);

  // Thread-safe: connections this worker owns or has been promised, for choosing the least loaded.
  // Sequentially consistent: who counts down and then looks for somebody to tell, and who says that
  // it wants to be told and then counts, cannot miss each other.
  size_t load() const { return load_.load(); }
  // Thread-safe: counts a connection that is on its way to Adopt.
  void PromiseConnection() { load_.fetch_add(1); }
  // Thread-safe if WorkerOptions::on_connection_gone is: a promised connection, of `peer`, does not
  // come.
  void BreakPromise(const net::SocketAddress& peer);

  // Begins to drain every connection, present and future.
  void BeginDrain();
  // Cancels every call and closes every connection, present and future.
  void Abort();
  // Calls `done` once, as soon as no connection is left (at once if there is none).
  void NotifyWhenEmpty(std::function<void()> done);
  bool is_empty() const { return connection_count_ == 0; }

  // ---- for ConnectionDriver
  std::span<uint8_t> read_buffer() { return {read_buffer_.get(), options_.read_buffer_bytes}; }
  std::span<uint8_t> plaintext_buffer();
  // The age at which a new connection is to be drained; kForever for none.
  Duration DrawConnectionAge();
  // The peer has finished its preface, or is gone. Idempotent.
  void RemoveStranger(ConnectionDriver& connection);
  void AddDirty(ConnectionDriver& connection) { dirty_.PushBack(connection); }
  // Whether `connection`, which is ready, has to rest instead of being served, for what others
  // took.
  bool Postpones(ConnectionDriver& connection);
  // `connection` is about to be served.
  void BeginService(ConnectionDriver& connection);
  // It has been, after whatever one of these was last called for: returns how long that took, and
  // has it rest if it must.
  Duration EndService(ConnectionDriver& connection);
  // The same, for output. That of others may have been written since, without measuring it.
  void BeginOutput(ConnectionDriver& connection);
  void EndOutput(ConnectionDriver& connection);
  // What was done since then was no connection's.
  void EndLap() { time_share_.Lap(loop_.Now(), loop_.ReadClock()); }

  // Visits every connection.
  template <typename Visit>
  void ForEachConnection(Visit visit) {
    connections_.ForEach(visit);
  }

 private:
  TimePoint OnTurnEnd() override;
  // Null when memory is exhausted.
  std::unique_ptr<ConnectionDriver> MakeConnection(std::unique_ptr<net::Socket> socket,
                                                   const net::TlsContext* tls);
  void FlushDirty();
  ConnectionDriver* NextLarge();
  void DestroyIfDone(ConnectionDriver& connection);
  void AddStranger(ConnectionDriver& connection);
  // What the thread has done since BeginService.
  TimeShare::Service TakeService();
  void Charge(ConnectionDriver& connection, const TimeShare::Service& service);
  // It is not read until its rest is over.
  void Rest(ConnectionDriver& connection);
  TimePoint RestEnd(ConnectionDriver& connection) const;
  void EndRests();
  TimePoint NextRestEnd();
  void WatchIdle();
  void WatchMemory();
  void ReapLargestResponse();

  const WorkerOptions options_;
  ConnectionHandlerFactory& factory_;
  net::Loop& loop_;
  http2::ConnectionCounters counters_;
  // Both are zeroed, and with that there: what a connection costs is not to depend on whether one
  // before it has filled them.
  std::unique_ptr<uint8_t[]> read_buffer_;
  std::unique_ptr<uint8_t[]> plaintext_buffer_;  // made by the first TLS connection
  IntrusiveList<ConnectionDriver, ConnectionListTag> connections_;
  IntrusiveList<ConnectionDriver, DirtyListTag> dirty_;
  IntrusiveList<ConnectionDriver, LargeListTag> large_;  // those that wait to write a large piece
  IntrusiveList<ConnectionDriver, StrangerListTag> strangers_;  // the oldest first
  size_t stranger_count_ = 0;
  TimeShare time_share_;
  uint64_t idle_releases_seen_ = 0;
  uint64_t idle_releases_told_ = 0;
  TimeShare::Service service_;               // the present one, as far as is known when it begins
  Duration thread_time_ = Duration::zero();  // as it was read last
  TimePoint thread_time_at_ = TimePoint::min();
  IntrusiveList<ConnectionDriver, RestingListTag> suspects_;  // those of them that rest, in a queue
  size_t suspects_a_turn_ = 1;                                // whose rests may end in the next
  IntrusiveList<ConnectionDriver, RestingListTag> resting_;
  std::minstd_rand random_;
  size_t connection_count_ = 0;
  bool is_draining_ = false;
  bool is_aborting_ = false;
  std::function<void()> when_empty_;
  alignas(64) std::atomic<size_t> load_ = 0;
};

}  // namespace weir::driver

#endif  // WEIR_TRANSPORT_DRIVER_WORKER_H_
