#include "transport/driver/worker.h"

#include <algorithm>
#include <new>
#include <utility>

namespace weir::driver {
namespace {

// So many connections that have fallen silent leave some hundred KiB behind.
constexpr uint64_t kManyIdle = 256;

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
  if (counters_.idle_releases - idle_releases_told_ >= kManyIdle) TellOfIdle();
  return dirty_.empty() ? NextRestEnd() : TimePoint::min();
}

// One pass over what is dirty now. Flushing can make connections dirty again (a stream became
// writable and its handler wrote): they get their turn after every other connection.
//
// What is large leaves in large pieces, which cost the kernel half as much as small ones: one in
// each turn, so that nobody waits for more than one of them. The others that have as much wait for
// the turn that is theirs, and who had it comes last in the next one.
void Worker::FlushDirty() {
  IntrusiveList<ConnectionDriver, DirtyListTag> batch;
  batch.TakeAll(dirty_);
  if (batch.empty()) return;
  EndLap();
  ConnectionDriver* large = nullptr;
  for (bool is_first = true; !batch.empty(); is_first = false) {
    ConnectionDriver& connection = batch.PopFront();
    const bool is_large = connection.HasLargeOutput();
    if (is_large && large != nullptr) {
      connection.Flush(ConnectionDriver::Piece::kNone);
      if (!connection.is_dirty()) dirty_.PushBack(connection);
      continue;
    }
    if (is_large) large = &connection;
    const bool is_alone = is_first && batch.empty();
    connection.Flush(is_large || is_alone ? ConnectionDriver::Piece::kLarge
                                          : ConnectionDriver::Piece::kSmall);
    if (DestroyIfDone(connection) && is_large) large = nullptr;
  }
  if (large != nullptr && large->is_dirty()) {
    static_cast<ListNode<DirtyListTag>&>(*large).Unlink();
    dirty_.PushBack(*large);
  }
}

bool Worker::Postpones(ConnectionDriver& connection) {
  if (!connection.CanRest()) return false;
  const TimePoint now = time_share_.lap_began(loop_.Now());
  if (!time_share_.Postpones(&connection, connection.time_entry(), now)) return false;
  suspects_.PushBack(connection);
  return true;
}

void Worker::BeginService(ConnectionDriver& connection) {
  const bool is_watched = options_.service_time_max != kForever &&
                          TimeShare::IsWatched(connection.time_entry(), loop_.Now());
  thread_time_ = is_watched ? loop_.ReadThreadTime() : kNotMeasured;
}

Duration Worker::EndService(ConnectionDriver& connection) {
  const TimeShare::Service service = TakeService();
  Charge(connection, service);
  return service.used;
}

// Who has costly input and little output must not pass for somebody who takes little.
void Worker::EndOutput(ConnectionDriver& connection) {
  const TimeShare::Service service = TakeService();
  if (service.used > options_.service_time_max) Charge(connection, service);
}

TimeShare::Service Worker::TakeService() {
  const TimePoint now = loop_.ReadClock();
  const Duration passed = time_share_.Lap(loop_.Now(), now);
  const Duration began = std::exchange(thread_time_, kNotMeasured);
  if (began == kNotMeasured) return {.end = now, .used = passed};
  const Duration used = std::min(passed, loop_.ReadThreadTime() - began);
  return {.end = now, .used = used, .is_measured = true};
}

void Worker::Charge(ConnectionDriver& connection, const TimeShare::Service& service) {
  const bool rests = time_share_.Charge(&connection, connection.time_entry(), service);
  if (!rests || !connection.CanRest()) return;
  counters_.Hit(http2::Limit::kServiceTime);
  (TimeShare::WasVeryLong(connection.time_entry()) ? suspects_ : resting_).PushBack(connection);
  connection.MarkDirty();
}

TimePoint Worker::RestEnd(ConnectionDriver& connection) const {
  return time_share_.RestEnd(&connection, connection.time_entry());
}

// Suspects have their turn one after another: each may take so long that the others have to rest
// again, and whose turn it was goes to the end.
void Worker::EndRests() {
  if (resting_.empty() && suspects_.empty()) return;
  const TimePoint now = loop_.ReadClock();
  resting_.ForEach([&](ConnectionDriver& connection) {
    if (RestEnd(connection) <= now) connection.EndRest();
  });
  if (!suspects_.empty() && RestEnd(suspects_.Front()) <= now) suspects_.Front().EndRest();
}

// TimePoint::min() is for work that is left.
TimePoint Worker::NextRestEnd() {
  TimePoint end = suspects_.empty() ? kNever : RestEnd(suspects_.Front());
  resting_.ForEach([&](ConnectionDriver& connection) { end = std::min(end, RestEnd(connection)); });
  return end;
}

void Worker::TellOfIdle() {
  idle_releases_told_ = counters_.idle_releases;
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

// Its descriptor is closed. True when it was done.
bool Worker::DestroyIfDone(ConnectionDriver& connection) {
  if (!connection.is_destructible()) return false;
  const net::SocketAddress peer = connection.socket().peer_address();
  delete &connection;
  --connection_count_;
  BreakPromise(peer);
  EndLap();
  if (connection_count_ == 0 && when_empty_) std::exchange(when_empty_, nullptr)();
  return true;
}

}  // namespace weir::driver
