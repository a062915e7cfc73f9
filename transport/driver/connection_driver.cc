#include "transport/driver/connection_driver.h"

#include <algorithm>
#include <array>
#include <utility>

#include "transport/driver/worker.h"

namespace weir::driver {
namespace {

// Each is of 64 KiB at most, and takes up to 50 us with what the kernel does on loopback.
constexpr int kWritesPerTurn = 2;
// For one connection in each turn, the first of them is of that size for large payloads: for each
// write the kernel wakes the reader, which for 16 pieces of 64 KiB takes as long as it takes to
// copy them.
constexpr size_t kLentBytesMax = 1024 * 1024;
// Two for each of their frames, and what is in front and behind.
constexpr size_t kPartsMax = 2 * (kLentBytesMax / http2::OutputBuffer::kLoanMin) + 4;
// To write so much takes less time than is worth to be measured, unless the peer has asked for tiny
// segments: even then about as much as a short service.
constexpr size_t kLittleOutputMax = 4 * 1024;
constexpr size_t kBlockedReadBytes = 8 * 1024;
// Of a connection about whose frames nothing is known yet, and of one whose frames are tiny.
constexpr size_t kFirstReadBytes = 8 * 1024;
constexpr size_t kReadBytesMin = 1024;
// Of one whose octets are costly: next to what they cost, a read is cheap.
constexpr size_t kCostlyReadBytesMin = 256;
// Of any with TLS: a part of a record yields nothing, so what is gained by smaller pieces is only
// more reads (of 1 KiB each, sixteen for one record of resets; all others waited for them).
constexpr size_t kTlsReadBytesMin = 8 * 1024;
// A read whose handling takes so many times WorkerOptions::service_time_max was too large. (Each
// piece costs a read and a write more, so that to halve those of 50 us would cost ten per cent.)
constexpr int kLongServices = 2;
// A header block that has to be decoded takes as long as so many frames more.
constexpr uint64_t kFramesPerDecoding = 7;

uint64_t WeighedFrames(const http2::ConnectionCounters& counters) {
  return counters.frames_received + kFramesPerDecoding * counters.header_blocks_decoded;
}

}  // namespace

ConnectionDriver::ConnectionDriver(Worker& worker, std::unique_ptr<net::Socket> socket,
                                   const net::TlsContext* tls)
    : worker_(worker),
      socket_(std::move(socket)),
      tls_context_(tls),
      read_bytes_max_(std::min(worker.read_buffer().size(), kFirstReadBytes)),
      time_entry_(TimeShare::EntryOfNew(worker.loop().Now())) {}

ConnectionDriver::~ConnectionDriver() { worker_.loop().Unwatch(watch_); }

void ConnectionDriver::Start() {
  MarkDirty();
  RunOrClose([this] { Open(); });
}

void ConnectionDriver::Open() {
  auto watch = worker_.loop().Watch(socket_->fd(), {.read = true, .write = false}, *this);
  if (!watch.ok()) {
    Close();
    return;
  }
  watch_ = watch.value();
  const http2::ConnectionOptions& http2 = worker_.options().http2;
  if (http2.keepalive_time != kForever) socket_->SetUserTimeout(http2.keepalive_timeout);
  if (tls_context_ == nullptr) {
    OpenHttp2();
  } else {
    phase_deadline_ = AddSaturated(worker_.loop().Now(), worker_.options().handshake_timeout);
  }
}

// Our SETTINGS leave with the next flush, and the engine's own timeouts begin now.
void ConnectionDriver::OpenHttp2() {
  connection_ = std::make_unique<http2::Connection>(worker_.options().http2, worker_.counters(),
                                                    worker_.loop().Now());
  if (const Duration age = worker_.DrawConnectionAge(); age != kForever) connection_->LimitAge(age);
  phase_ = Phase::kOpen;
  phase_deadline_ = kNever;
  handler_ = worker_.factory().MakeHandler(*this);
}

void ConnectionDriver::MarkDirty() {
  if (!is_dirty()) worker_.AddDirty(*this);
}

void ConnectionDriver::HandlerBecameIdle() { MarkDirty(); }

size_t ConnectionDriver::buffered_bytes() const {
  return (connection_ == nullptr ? 0 : connection_->buffered_bytes()) +
         (tls_ == nullptr ? 0 : tls_->PendingCiphertext().size());
}

// ---- input -------------------------------------------------------------------------------------

void ConnectionDriver::OnReady(bool readable, bool writable, bool hangup) {
  MarkDirty();
  if (readable && worker_.Postpones(*this) && !hangup) return;
  Input input;
  worker_.BeginService(*this);
  RunOrClose([&] { input = HandleReadiness(readable, writable, hangup); });
  const Duration used = worker_.EndService(*this);
  if (input.bytes != 0 && phase_ == Phase::kOpen) AdaptReadSize(input, used);
}

ConnectionDriver::Input ConnectionDriver::HandleReadiness(bool readable, bool writable,
                                                          bool hangup) {
  Input input;
  // Who hangs up to be read at once would not have to rest, and there is nobody to be answered.
  if (hangup && is_resting()) {
    Close();
    return input;
  }
  if (writable) is_write_blocked_ = false;
  if (readable) {
    if (phase_ == Phase::kLingering) {
      Discard();
    } else if (phase_ != Phase::kClosed) {
      input = ReadOnce();
    }
  }
  // Both directions are dead. What was readable has been read just now, or will never be wanted.
  if (hangup && (!readable || !WantsInput())) Close();
  return input;
}

// One read a turn: with level-triggered readiness a connection that has more waits for its next
// turn behind the others.
ConnectionDriver::Input ConnectionDriver::ReadOnce() {
  // Who does not take the answers to earlier questions may ask few new ones at a time, since each
  // octet of a question can cost several of an answer.
  const size_t bytes_max =
      is_write_blocked_ ? std::min(read_bytes_max_, kBlockedReadBytes) : read_bytes_max_;
  const std::span<uint8_t> buffer = worker_.read_buffer().first(bytes_max);
  const net::IoResult result = socket_->Read(buffer);
  switch (result.kind) {
    case net::IoResult::Kind::kOk: {
      const uint64_t frames_before = WeighedFrames(worker_.counters());
      if (tls_context_ != nullptr) {
        ReceiveCiphertext(buffer.first(result.bytes));
      } else {
        Receive(buffer.first(result.bytes));
      }
      return {.bytes = result.bytes, .frames = WeighedFrames(worker_.counters()) - frames_before};
    }
    case net::IoResult::Kind::kWouldBlock:
      break;
    case net::IoResult::Kind::kClosed:
    case net::IoResult::Kind::kError:
      Close();
      break;
  }
  return {};
}

// What a service costs is known when it is over, and what can be asked of the socket is bytes: who
// sends small frames, or what takes long, is read in small pieces, so that the others wait for few
// of them. Who has sent small frames once can do so again without warning: such a connection is
// never read in the largest pieces. (What a TLS record of 16 KiB holds comes at once.)
void ConnectionDriver::AdaptReadSize(const Input& input, Duration used) {
  const WorkerOptions& options = worker_.options();
  const size_t buffer_bytes = worker_.read_buffer().size();
  const bool is_many = input.frames > options.turn_frames_max;
  const Duration long_time =
      options.service_time_max == kForever ? kForever : kLongServices * options.service_time_max;
  const size_t bytes_min = tls_context_ == nullptr ? 0 : kTlsReadBytesMin;
  if (is_many) {
    worker_.counters().Hit(http2::Limit::kTurnFrames);
    sends_small_frames_ = true;
    const size_t bytes = input.bytes * options.turn_frames_max / input.frames;
    read_bytes_max_ = std::min(std::max({bytes, kReadBytesMin, bytes_min}), buffer_bytes);
  }
  if (used > long_time) {
    const double part = static_cast<double>(long_time.count()) / static_cast<double>(used.count());
    const auto bytes = static_cast<size_t>(static_cast<double>(input.bytes) * part);
    read_bytes_max_ = std::min(std::max({bytes, kCostlyReadBytesMin, bytes_min}), read_bytes_max_);
  }
  const bool is_small = input.frames <= options.turn_frames_max / 2 && used <= long_time / 2;
  if (input.bytes == read_bytes_max_ && input.frames != 0 && is_small) {
    const size_t bytes_max = sends_small_frames_ ? kFirstReadBytes : buffer_bytes;
    read_bytes_max_ = std::min({2 * read_bytes_max_, bytes_max, buffer_bytes});
  }
}

void ConnectionDriver::ReceiveCiphertext(ByteView bytes) {
  if (tls_ == nullptr) {
    tls_ = net::TlsSession::Create(*tls_context_);
    if (tls_ == nullptr) {
      CloseForLackOfMemory();
      return;
    }
  }
  tls_->Feed(bytes);
  const std::span<uint8_t> buffer = worker_.plaintext_buffer();
  for (;;) {
    const net::TlsReadResult result = tls_->ReadPlaintext(buffer);
    if (phase_ == Phase::kHandshake && tls_->IsHandshakeDone()) OpenHttp2();
    switch (result.kind) {
      case net::TlsReadResult::Kind::kOk:
        Receive(buffer.first(result.bytes));
        if (phase_ != Phase::kOpen) return;
        continue;
      case net::TlsReadResult::Kind::kWantMore:
        return;
      case net::TlsReadResult::Kind::kClosed:
        Close();
        return;
      case net::TlsReadResult::Kind::kFailed:
        // The alert that says why leaves with the flush that comes before closing.
        if (phase_ == Phase::kHandshake) {
          BeginLinger();
        } else {
          Close();
        }
        return;
    }
  }
}

void ConnectionDriver::Receive(ByteView bytes) {
  WakeUp();
  connection_->Receive(bytes, worker_.loop().Now());
  PumpEvents();
  if (ListNode<StrangerListTag>::is_linked() && connection_->is_established()) {
    worker_.RemoveStranger(*this);
  }
}

void ConnectionDriver::PumpEvents() {
  http2::Event event;
  while (connection_->Next(&event)) {
    if (handler_ == nullptr) continue;
    handler_->OnEvent(event);
    if (event.kind == http2::Event::Kind::kDrainBegun) handler_->OnDrain();
  }
}

void ConnectionDriver::Discard() {
  const std::span<uint8_t> buffer = worker_.read_buffer();
  const net::IoResult result = socket_->Read(buffer);
  if (result.kind == net::IoResult::Kind::kWouldBlock) return;
  if (result.kind != net::IoResult::Kind::kOk || result.bytes >= linger_bytes_left_) {
    Close();
    return;
  }
  linger_bytes_left_ -= result.bytes;
}

// ---- output ------------------------------------------------------------------------------------

void ConnectionDriver::Flush(Piece piece) {
  RunOrClose([this, piece] {
    if (HasLittleOutput()) {
      WriteAll(piece);
    } else {
      worker_.BeginOutput(*this);
      WriteAll(piece);
      worker_.EndOutput(*this);
    }
    if (is_awake() && connection_->CanFallDormant()) TryFallDormant();
    UpdateWatch();
    UpdateTimer();
  });
}

void ConnectionDriver::WriteAll(Piece piece) {
  if (phase_ == Phase::kHandshake && tls_ == nullptr) return;
  if (phase_ == Phase::kOpen || phase_ == Phase::kHandshake) {
    // A handler that writes as fast as the peer reads would keep this loop going: after a few
    // rounds the other connections of the worker come first.
    int rounds = 0;
    while (!is_write_blocked_ && rounds < kWritesPerTurn && WriteSome(piece)) {
      ++rounds;
      if (piece == Piece::kLarge) piece = Piece::kSmall;
    }
    if (rounds == kWritesPerTurn && HasOutput()) MarkDirty();
    if (is_aborted_ && is_write_blocked_) Close();  // nobody waits for a slow peer any more
    if (is_awake() && connection_->IsFinished() && !HasCiphertext()) BeginLinger();
  }
}

bool ConnectionDriver::WriteSome(Piece piece) {
  std::array<iovec, kPartsMax> parts;
  size_t count = 0;
  size_t offered = 0;
  if (tls_ != nullptr) {
    if (tls_->PendingCiphertext().empty() && is_awake()) {
      count = connection_->Output(parts);
      if (count == 0) return false;
      for (size_t i = 0; i < count; ++i) offered += parts[i].iov_len;
      if (!tls_->Write(std::span<const iovec>(parts.data(), count))) {
        Close();
        return false;
      }
      connection_->OutputWritten(std::exchange(offered, 0));
      PumpEvents();
    }
    const ByteView ciphertext = tls_->PendingCiphertext();
    if (ciphertext.empty()) return false;
    parts[0] = {const_cast<uint8_t*>(ciphertext.data()), ciphertext.size()};
    count = 1;
  } else if (is_awake()) {
    count = piece == Piece::kFramed
                ? connection_->FramedOutput(parts)
                : connection_->Output(parts, piece == Piece::kLarge ? kLentBytesMax : 0);
  }
  if (count == 0) return false;
  for (size_t i = 0; i < count; ++i) offered += parts[i].iov_len;

  const net::IoResult result = socket_->Write({parts.data(), count});
  // A socket that takes nothing and does not ask to wait would be tried again for ever.
  if (result.kind == net::IoResult::Kind::kError ||
      (result.kind == net::IoResult::Kind::kOk && result.bytes == 0)) {
    Close();
    return false;
  }
  const size_t written = result.kind == net::IoResult::Kind::kOk ? result.bytes : 0;
  if (tls_ != nullptr) {
    tls_->CiphertextWritten(written);
  } else {
    connection_->OutputWritten(written);
    PumpEvents();  // streams that became writable
  }
  if (written > 0 && phase_ == Phase::kOpen) phase_deadline_ = kNever;
  if (written == offered) return phase_ != Phase::kClosed && HasOutput();

  is_write_blocked_ = true;
  if (phase_ == Phase::kOpen && phase_deadline_ == kNever) {
    phase_deadline_ = AddSaturated(worker_.loop().Now(), worker_.options().write_stall_timeout);
  }
  return false;
}

// None of it waits in a queue, so no handler is told that there is room in one. (That the socket is
// broken, and all calls are cancelled, may show here, too. It can show once.)
bool ConnectionDriver::HasLittleOutput() const {
  return !is_awake() || (connection_->queued_bytes() == 0 && buffered_bytes() <= kLittleOutputMax);
}

bool ConnectionDriver::HasCiphertext() const {
  return tls_ != nullptr && !tls_->PendingCiphertext().empty();
}

bool ConnectionDriver::HasOutput() const {
  return HasCiphertext() || (is_awake() && connection_->HasOutput());
}

bool ConnectionDriver::HasCiphertextBacklog() const {
  return tls_ != nullptr &&
         tls_->PendingCiphertext().size() >= worker_.options().http2.output_pause_bytes;
}

void ConnectionDriver::UpdateWatch() {
  if (phase_ == Phase::kClosed) return;
  const bool wants_read =
      !is_resting() && (phase_ != Phase::kOpen || (WantsInput() && !HasCiphertextBacklog()));
  worker_.loop().Modify(watch_, {.read = wants_read, .write = is_write_blocked_});
}

void ConnectionDriver::EndRest() {
  ListNode<RestingListTag>::Unlink();
  time_entry_.rest_end = TimePoint::min();
  MarkDirty();
}

// ---- end ---------------------------------------------------------------------------------------

void ConnectionDriver::BeginDrain() {
  if (phase_ == Phase::kHandshake) {
    Close();
  } else if (phase_ == Phase::kOpen) {
    RunOrClose([this] {
      WakeUp();
      connection_->BeginDrain("graceful_stop");
      if (handler_ != nullptr) handler_->OnDrain();
      PumpEvents();
    });
  }
  MarkDirty();
}

void ConnectionDriver::Abort() {
  if (phase_ == Phase::kOpen) {
    is_aborted_ = true;
    RunOrClose([this] {
      WakeUp();
      if (handler_ != nullptr) handler_->OnAbort();
      connection_->CloseNow(http2::ErrorCode::kNoError, "server stopped");
      PumpEvents();
    });
  } else {
    Close();
  }
  MarkDirty();
}

size_t ConnectionDriver::LargestStalledStream(http2::StreamKey* stream) {
  return is_awake() ? connection_->LargestStalledStream(stream) : 0;
}

void ConnectionDriver::GiveUpStalledStream(http2::StreamKey stream) {
  if (!is_awake()) return;
  RunOrClose([this, stream] {
    connection_->GiveUpStalledStream(stream);
    PumpEvents();
  });
  MarkDirty();
}

void ConnectionDriver::BeginLinger() {
  if (tls_ != nullptr) {
    // Best effort: the peer is told, but its answer is not waited for.
    tls_->SendCloseNotify();
    const ByteView rest = tls_->PendingCiphertext();
    if (!rest.empty() && !is_write_blocked_) {
      const iovec part = {const_cast<uint8_t*>(rest.data()), rest.size()};
      const net::IoResult result = socket_->Write({&part, 1});
      if (result.kind == net::IoResult::Kind::kOk) tls_->CiphertextWritten(result.bytes);
    }
  }
  socket_->ShutdownWrite();
  ListNode<RestingListTag>::Unlink();
  phase_ = Phase::kLingering;
  is_write_blocked_ = false;
  linger_bytes_left_ = worker_.options().linger_bytes_max;
  phase_deadline_ = AddSaturated(worker_.loop().Now(), worker_.options().linger_timeout);
  if (handler_ != nullptr) handler_->OnClosed();
}

void ConnectionDriver::Close() {
  if (phase_ == Phase::kClosed) return;
  const bool was_lingering = phase_ == Phase::kLingering;
  phase_ = Phase::kClosed;
  worker_.RemoveStranger(*this);
  ListNode<RestingListTag>::Unlink();
  is_write_blocked_ = false;
  phase_deadline_ = kNever;
  worker_.loop().Unwatch(watch_);
  watch_ = {};
  worker_.loop().Disarm(*this);
  MarkDirty();
  if (handler_ != nullptr && !was_lingering) handler_->OnClosed();
}

void ConnectionDriver::CloseForLackOfMemory() {
  if (phase_ != Phase::kClosed) ++worker_.counters().connections_out_of_memory;
  if (connection_ != nullptr) connection_->Abandon();
  Close();
}

// ---- time --------------------------------------------------------------------------------------

void ConnectionDriver::UpdateTimer() {
  if (phase_ == Phase::kClosed) return;
  TimePoint engine = kNever;
  if (phase_ == Phase::kOpen) {
    engine = connection_ != nullptr ? connection_->NextDeadline() : dormant_->NextDeadline();
  }
  const TimePoint deadline = std::min(engine, phase_deadline_);
  if (is_armed() && this->deadline() == deadline) return;
  worker_.loop().Arm(*this, deadline);
}

void ConnectionDriver::OnTimer(TimePoint now) {
  MarkDirty();
  if (now >= phase_deadline_) {
    if (phase_ == Phase::kHandshake) worker_.counters().Hit(http2::Limit::kTlsHandshakeTime);
    if (phase_ == Phase::kOpen) worker_.counters().Hit(http2::Limit::kWriteStall);
    Close();
    return;
  }
  if (phase_ == Phase::kOpen) {
    RunOrClose([this, now] {
      WakeUp();
      connection_->OnDeadline(now);
      PumpEvents();
    });
  }
}

// ---- sleep -------------------------------------------------------------------------------------

void ConnectionDriver::TryFallDormant() {
  if (HasCiphertext() || (handler_ != nullptr && !handler_->is_idle())) return;
  try {
    dormant_ = connection_->FallDormant();
    connection_.reset();
  } catch (const std::bad_alloc&) {
    // It stays awake, and costs what it did.
  }
}

void ConnectionDriver::MakeConnectionAgain() {
  connection_ = std::make_unique<http2::Connection>(*dormant_);
  dormant_.reset();
}

}  // namespace weir::driver
