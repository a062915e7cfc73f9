#include "transport/driver/worker.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "transport/base/large_blocks.h"

namespace weir::driver {
namespace {

// So many connections that have fallen silent leave some hundred KiB behind.
constexpr uint64_t kManyIdle = 256;
// For how long, within a turn, a reading of the thread's time is good enough: it takes a system
// call. If the thread is stopped meanwhile, the next service seems to take less by as much.
constexpr Duration kThreadTimeAge = std::chrono::microseconds(100);

}  // namespace

Worker::Worker(const WorkerOptions& options, ConnectionHandlerFactory& factory, net::Loop& loop)
    : options_(options),
      factory_(factory),
      loop_(loop),
      read_buffer_(std::make_unique<uint8_t[]>(options.read_buffer_bytes)),
      time_share_(options.service_time_max),
      random_(options.random_seed) {
  loop_.SetTurnEnd(this);
}

Worker::~Worker() {
  loop_.SetTurnEnd(nullptr);
  connections_.ForEach([](ConnectionDriver& connection) { delete &connection; });
}

std::span<uint8_t> Worker::plaintext_buffer() {
  if (plaintext_buffer_ == nullptr) {
    plaintext_buffer_ = std::make_unique<uint8_t[]>(options_.read_buffer_bytes);
  }
  return {plaintext_buffer_.get(), options_.read_buffer_bytes};
}

void Worker::Adopt(std::unique_ptr<net::Socket> socket, const net::TlsContext* tls) {
  loop_.CheckOnThread();
  const net::SocketAddress peer = socket->peer_address();
  ConnectionDriver* const connection = MakeConnection(std::move(socket), tls).release();
  if (connection == nullptr) {
    ++counters_.connections_out_of_memory;
    BreakPromise(peer);
    return;
  }
  connections_.PushBack(*connection);
  ++connection_count_;
  AddStranger(*connection);
  connection->Start();
  if (is_aborting_) {
    connection->Abort();
  } else if (is_draining_) {
    connection->BeginDrain();
  }
  EndLap();
}

std::unique_ptr<ConnectionDriver> Worker::MakeConnection(std::unique_ptr<net::Socket> socket,
                                                         const net::TlsContext* tls) {
  try {
    return std::make_unique<ConnectionDriver>(*this, std::move(socket), tls);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void Worker::BreakPromise(const net::SocketAddress& peer) {
  load_.fetch_sub(1);
  if (options_.on_connection_gone) options_.on_connection_gone(peer);
}

// Who makes strangers wait costs the oldest of them their place, not clients theirs.
void Worker::AddStranger(ConnectionDriver& connection) {
  strangers_.PushBack(connection);
  if (++stranger_count_ <= options_.handshakes_max) return;
  counters_.Hit(http2::Limit::kHandshakes);
  strangers_.Front().DismissStranger();
}

void Worker::RemoveStranger(ConnectionDriver& connection) {
  auto& node = static_cast<ListNode<StrangerListTag>&>(connection);
  if (!node.is_linked()) return;
  node.Unlink();
  --stranger_count_;
}

// gRFC A9: connections that began together must not end together.
Duration Worker::DrawConnectionAge() {
  const Duration age = options_.http2.connection_age_max;
  if (age == kForever) return kForever;
  const double factor = std::uniform_real_distribution(0.9, 1.1)(random_);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(age) * factor);
}

void Worker::BeginDrain() {
  loop_.CheckOnThread();
  is_draining_ = true;
  connections_.ForEach([](ConnectionDriver& connection) { connection.BeginDrain(); });
}

void Worker::Abort() {
  loop_.CheckOnThread();
  is_aborting_ = true;
  connections_.ForEach([](ConnectionDriver& connection) { connection.Abort(); });
}

void Worker::NotifyWhenEmpty(std::function<void()> done) {
  loop_.CheckOnThread();
  if (connection_count_ == 0) {
    done();
  } else {
    when_empty_ = std::move(done);
  }
}

TimePoint Worker::OnTurnEnd() {
  factory_.HandOverWork();
  EndRests();
  FlushDirty();
  factory_.HandOverWork();
  if (options_.memory_monitor != nullptr) WatchMemory();
  if (counters_.idle_releases != idle_releases_seen_) WatchIdle();
  return dirty_.empty() && large_.empty() ? NextRestEnd() : TimePoint::min();
}

// One pass over what is dirty now. Flushing can make connections dirty again (a stream became
// writable and its handler wrote): they get their turn after every other connection.
//
// Large payloads leave in large pieces, which cost the kernel half as much as small ones, but only
// one in each turn, behind everything else: so nobody waits for more than one of them but those
// who have as much, each in its turn.
void Worker::FlushDirty() {
  IntrusiveList<ConnectionDriver, DirtyListTag> batch;
  batch.TakeAll(dirty_);
  ConnectionDriver* large = NextLarge();
  for (bool is_first = true; !batch.empty(); is_first = false) {
    ConnectionDriver& connection = batch.PopFront();
    if (&connection == large) continue;
    if (!connection.HasLargeOutput()) {
      const bool is_alone = is_first && batch.empty() && large == nullptr;
      connection.Flush(is_alone ? ConnectionDriver::Piece::kLarge
                                : ConnectionDriver::Piece::kSmall);
    } else if (large == nullptr) {
      large = &connection;
      continue;
    } else {
      if (!connection.is_waiting_for_large()) large_.PushBack(connection);
      connection.Flush(ConnectionDriver::Piece::kFramed);
    }
    DestroyIfDone(connection);
  }
  if (large == nullptr) return;
  large->Flush(ConnectionDriver::Piece::kLarge);
  if (large->HasLargeOutput()) large_.PushBack(*large);
  DestroyIfDone(*large);
}

// Whose turn it is among those that wait for one; nullptr when nobody does. Who does not need it
// any more has been served as everybody is.
ConnectionDriver* Worker::NextLarge() {
  while (!large_.empty()) {
    ConnectionDriver& connection = large_.PopFront();
    if (connection.HasLargeOutput()) return &connection;
  }
  return nullptr;
}

bool Worker::Postpones(ConnectionDriver& connection) {
  if (!connection.CanRest()) return false;
  const TimePoint now = time_share_.lap_began(loop_.Now());
  if (!time_share_.Postpones(&connection, connection.time_entry(), now)) return false;
  Rest(connection);
  return true;
}

void Worker::Rest(ConnectionDriver& connection) {
  (TimeShare::WasVeryLong(connection.time_entry()) ? suspects_ : resting_).PushBack(connection);
  suspects_a_turn_ = 1;
  connection.MarkDirty();
}

void Worker::BeginService(ConnectionDriver& connection) {
  service_.is_handshake = connection.is_in_handshake();
  service_.is_measured = options_.service_time_max != kForever &&
                         TimeShare::IsWatched(connection.time_entry(), loop_.Now());
  if (!service_.is_measured) return;
  const TimePoint began = time_share_.lap_began(loop_.Now());
  const bool is_of_this_turn = thread_time_at_ >= loop_.Now();
  if (is_of_this_turn && began < thread_time_at_ + kThreadTimeAge) return;
  thread_time_ = loop_.ReadThreadTime();
  thread_time_at_ = began;
}

Duration Worker::EndService(ConnectionDriver& connection) {
  const TimeShare::Service service = TakeService();
  Charge(connection, service);
  return service.used;
}

void Worker::BeginOutput(ConnectionDriver& connection) {
  EndLap();
  BeginService(connection);
}

// Who has costly input and little output must not pass for somebody who takes little.
void Worker::EndOutput(ConnectionDriver& connection) {
  const TimeShare::Service service = TakeService();
  if (service.used > options_.service_time_max) Charge(connection, service);
}

TimeShare::Service Worker::TakeService() {
  const TimePoint now = loop_.ReadClock();
  const Duration passed = time_share_.Lap(loop_.Now(), now);
  TimeShare::Service service = service_;
  service.end = now;
  service.used = passed;
  // What is short by the clock is not long for the thread.
  if (!service.is_measured || passed <= options_.service_time_max) return service;
  // What ran since the thread's time was read, without what ran before the service.
  const Duration before = (now - passed) - thread_time_at_;
  const Duration used = loop_.ReadThreadTime() - thread_time_ - before;
  service.used = std::clamp(used, Duration::zero(), passed);
  return service;
}

void Worker::Charge(ConnectionDriver& connection, const TimeShare::Service& service) {
  const bool rests = time_share_.Charge(&connection, connection.time_entry(), service);
  if (!rests || !connection.CanRest()) return;
  counters_.Hit(http2::Limit::kServiceTime);
  Rest(connection);
}

TimePoint Worker::RestEnd(ConnectionDriver& connection) const {
  return time_share_.RestEnd(&connection, connection.time_entry());
}

// Suspects have their turn one after another: each may take so long that the others have to rest
// again, and who rests goes to the end. As long as nobody takes long, twice as many of them have it
// next time: where a hundred have waited, most are innocent.
void Worker::EndRests() {
  if (resting_.empty() && suspects_.empty()) return;
  const TimePoint now = loop_.ReadClock();
  resting_.ForEach([&](ConnectionDriver& connection) {
    if (RestEnd(connection) <= now) connection.EndRest();
  });
  size_t ended = 0;
  while (ended < suspects_a_turn_ && !suspects_.empty() && RestEnd(suspects_.Front()) <= now) {
    suspects_.Front().EndRest();
    ++ended;
  }
  if (ended == suspects_a_turn_) suspects_a_turn_ *= 2;
}

// TimePoint::min() is for work that is left.
TimePoint Worker::NextRestEnd() {
  TimePoint end = suspects_.empty() ? kNever : RestEnd(suspects_.Front());
  resting_.ForEach([&](ConnectionDriver& connection) { end = std::min(end, RestEnd(connection)); });
  return end;
}

// What one connection leaves behind is not worth while, unless it is the memory of large messages.
void Worker::WatchIdle() {
  idle_releases_seen_ = counters_.idle_releases;
  const bool are_many = idle_releases_seen_ - idle_releases_told_ >= kManyIdle;
  if (!are_many && LargeBlocks::OfProcess().kept_bytes() == 0) return;
  idle_releases_told_ = idle_releases_seen_;
  if (options_.on_connections_idle) options_.on_connections_idle();
}

void Worker::WatchMemory() {
  net::MemoryMonitor& monitor = *options_.memory_monitor;
  const MemoryPressure before = monitor.level().load(std::memory_order_relaxed);
  if (!monitor.Sample(loop_.Now())) return;
  const MemoryPressure level = monitor.level().load(std::memory_order_relaxed);
  if (before == MemoryPressure::kNone && level != MemoryPressure::kNone) {
    counters_.Hit(http2::Limit::kMemoryGrowth);
  }
  // One a time: what that gives back shows in the next sample.
  if (level == MemoryPressure::kReap) ReapLargestResponse();
}

void Worker::ReapLargestResponse() {
  ConnectionDriver* holder = nullptr;
  http2::StreamKey largest;
  size_t largest_bytes = 0;
  connections_.ForEach([&](ConnectionDriver& connection) {
    http2::StreamKey stream;
    const size_t bytes = connection.LargestStalledStream(&stream);
    if (bytes <= largest_bytes) return;
    holder = &connection;
    largest = stream;
    largest_bytes = bytes;
  });
  if (holder != nullptr) holder->GiveUpStalledStream(largest);
}

// Its descriptor is closed.
void Worker::DestroyIfDone(ConnectionDriver& connection) {
  if (!connection.is_destructible()) return;
  const net::SocketAddress peer = connection.socket().peer_address();
  delete &connection;
  --connection_count_;
  BreakPromise(peer);
  EndLap();
  if (connection_count_ == 0 && when_empty_) std::exchange(when_empty_, nullptr)();
}

}  // namespace weir::driver
