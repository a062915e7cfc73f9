#include "transport/driver/connection_driver.h"

#include <algorithm>
#include <array>
#include <utility>

#include "transport/driver/worker.h"

namespace weir::driver {
namespace {

constexpr int kWritesPerTurn = 4;
constexpr size_t kBlockedReadBytes = 8 * 1024;
// Of a connection about whose frames nothing is known yet, and of one whose frames are tiny.
constexpr size_t kFirstReadBytes = 16 * 1024;
constexpr size_t kReadBytesMin = 1024;
// A header block that has to be decoded takes as long as so many frames more.
constexpr uint64_t kFramesPerDecoding = 7;

uint64_t WeighedFrames(const http2::ConnectionCounters& counters) {
  return counters.frames_received + kFramesPerDecoding * counters.header_blocks_decoded;
}

}  // namespace

ConnectionDriver::ConnectionDriver(Worker& worker, std::unique_ptr<net::Socket> socket,
                                   std::unique_ptr<net::TlsSession> tls)
    : worker_(worker),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      read_bytes_max_(std::min(worker.read_buffer().size(), kFirstReadBytes)) {}

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
  if (tls_ == nullptr) {
    OpenHttp2();
  } else {
    phase_deadline_ = AddSaturated(worker_.loop().Now(), worker_.options().handshake_timeout);
  }
}

// Our SETTINGS leave with the next flush, and the engine's own timeouts begin now.
void ConnectionDriver::OpenHttp2() {
  connection_.emplace(worker_.options().http2, worker_.counters(), worker_.loop().Now());
  if (const Duration age = worker_.DrawConnectionAge(); age != kForever) connection_->LimitAge(age);
  phase_ = Phase::kOpen;
  phase_deadline_ = kNever;
  handler_ = worker_.factory().MakeHandler(*this);
}

void ConnectionDriver::MarkDirty() {
  if (!ListNode<DirtyListTag>::is_linked()) worker_.AddDirty(*this);
}

void ConnectionDriver::HandlerBecameIdle() { MarkDirty(); }

size_t ConnectionDriver::buffered_bytes() const {
  return (connection_.has_value() ? connection_->buffered_bytes() : 0) +
         (tls_ == nullptr ? 0 : tls_->PendingCiphertext().size());
}

// ---- input -------------------------------------------------------------------------------------

void ConnectionDriver::OnReady(bool readable, bool writable, bool hangup) {
  MarkDirty();
  RunOrClose([=, this] { HandleReadiness(readable, writable, hangup); });
}

void ConnectionDriver::HandleReadiness(bool readable, bool writable, bool hangup) {
  if (writable) is_write_blocked_ = false;
  if (readable) {
    if (phase_ == Phase::kLingering) {
      Discard();
    } else if (phase_ != Phase::kClosed) {
      ReadOnce();
    }
  }
  // Both directions are dead. What was readable has been read just now, or will never be wanted.
  if (hangup && (!readable || phase_ != Phase::kOpen || !connection_->WantsInput())) Close();
}

// One read a turn: with level-triggered readiness a connection that has more waits for its next
// turn behind the others.
void ConnectionDriver::ReadOnce() {
  // Who does not take the answers to earlier questions may ask few new ones at a time, since each
  // octet of a question can cost several of an answer.
  const size_t bytes_max =
      is_write_blocked_ ? std::min(read_bytes_max_, kBlockedReadBytes) : read_bytes_max_;
  const std::span<uint8_t> buffer = worker_.read_buffer().first(bytes_max);
  const net::IoResult result = socket_->Read(buffer);
  switch (result.kind) {
    case net::IoResult::Kind::kOk: {
      const uint64_t frames_before = WeighedFrames(worker_.counters());
      if (tls_ != nullptr) {
        ReceiveCiphertext(buffer.first(result.bytes));
      } else {
        Receive(buffer.first(result.bytes));
      }
      AdaptReadSize(result.bytes, WeighedFrames(worker_.counters()) - frames_before);
      return;
    }
    case net::IoResult::Kind::kWouldBlock:
      return;
    case net::IoResult::Kind::kClosed:
    case net::IoResult::Kind::kError:
      Close();
      return;
  }
}

// What a turn costs goes by frames, and what can be asked of the socket is bytes: who sends small
// frames is read in small pieces, so that the others wait for few of them. Who has done so once can
// do so again without warning: such a connection is never read in the largest pieces. (TLS yields a
// whole record or nothing; what a record of 16 KiB holds comes at once.)
void ConnectionDriver::AdaptReadSize(size_t bytes, uint64_t frames) {
  const uint64_t frames_max = worker_.options().turn_frames_max;
  const size_t buffer_bytes = worker_.read_buffer().size();
  if (frames > frames_max) {
    worker_.counters().Hit(http2::Limit::kTurnFrames);
    sends_small_frames_ = true;
    const size_t bytes_max = std::max<size_t>(bytes * frames_max / frames, kReadBytesMin);
    read_bytes_max_ = std::min(bytes_max, buffer_bytes);
  } else if (bytes == read_bytes_max_ && frames != 0 && frames <= frames_max / 2) {
    const size_t bytes_max = sends_small_frames_ ? kFirstReadBytes : buffer_bytes;
    read_bytes_max_ = std::min({2 * read_bytes_max_, bytes_max, buffer_bytes});
  }
}

void ConnectionDriver::ReceiveCiphertext(ByteView bytes) {
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

void ConnectionDriver::Flush() {
  RunOrClose([this] {
    WriteAll();
    UpdateWatch();
    UpdateTimer();
  });
}

void ConnectionDriver::WriteAll() {
  if (phase_ == Phase::kOpen || phase_ == Phase::kHandshake) {
    // A handler that writes as fast as the peer reads would keep this loop going: after a few
    // rounds the other connections of the worker come first.
    int rounds = 0;
    while (!is_write_blocked_ && rounds < kWritesPerTurn && WriteSome()) ++rounds;
    if (rounds == kWritesPerTurn) MarkDirty();
    if (is_aborted_ && is_write_blocked_) Close();  // nobody waits for a slow peer any more
    const bool has_ciphertext = tls_ != nullptr && !tls_->PendingCiphertext().empty();
    if (phase_ == Phase::kOpen && connection_->IsFinished() && !has_ciphertext) BeginLinger();
  }
}

bool ConnectionDriver::WriteSome() {
  std::array<iovec, 16> parts;
  size_t count = 0;
  size_t offered = 0;
  if (tls_ != nullptr) {
    if (tls_->PendingCiphertext().empty() && phase_ == Phase::kOpen) {
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
  } else {
    count = connection_->Output(parts);
    if (count == 0) return false;
  }
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
  if (written == offered) return phase_ != Phase::kClosed;

  is_write_blocked_ = true;
  if (phase_ == Phase::kOpen && phase_deadline_ == kNever) {
    phase_deadline_ = AddSaturated(worker_.loop().Now(), worker_.options().write_stall_timeout);
  }
  return false;
}

bool ConnectionDriver::HasCiphertextBacklog() const {
  return tls_ != nullptr &&
         tls_->PendingCiphertext().size() >= worker_.options().http2.output_pause_bytes;
}

void ConnectionDriver::UpdateWatch() {
  if (phase_ == Phase::kClosed) return;
  const bool wants_read =
      phase_ != Phase::kOpen || (connection_->WantsInput() && !HasCiphertextBacklog());
  worker_.loop().Modify(watch_, {.read = wants_read, .write = is_write_blocked_});
}

// ---- end ---------------------------------------------------------------------------------------

void ConnectionDriver::BeginDrain() {
  if (phase_ == Phase::kHandshake) {
    Close();
  } else if (phase_ == Phase::kOpen) {
    RunOrClose([this] {
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
  return phase_ == Phase::kOpen ? connection_->LargestStalledStream(stream) : 0;
}

void ConnectionDriver::GiveUpStalledStream(http2::StreamKey stream) {
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
  if (connection_.has_value()) connection_->Abandon();
  Close();
}

// ---- time --------------------------------------------------------------------------------------

void ConnectionDriver::UpdateTimer() {
  if (phase_ == Phase::kClosed) return;
  const TimePoint engine = phase_ == Phase::kOpen ? connection_->NextDeadline() : kNever;
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
      connection_->OnDeadline(now);
      PumpEvents();
    });
  }
}

}  // namespace weir::driver
