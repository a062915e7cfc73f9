#include "tests/hostile/peer.h"

#include <algorithm>
#include <utility>

namespace hostile {
namespace {

using namespace std::chrono_literals;

constexpr size_t kReadBytes = 64 * 1024;

}  // namespace

Peer::Peer(std::unique_ptr<Transport> transport, const PeerOptions& options, Traffic& traffic)
    : transport_(std::move(transport)), options_(options), traffic_(traffic) {}

Peer::~Peer() = default;

Peer::Sent Peer::Send(std::string_view bytes, uint64_t frames, Duration stall) {
  const uint64_t bytes_before = traffic_.bytes;
  const size_t unsent_before = unsent_.size();
  unsent_ += bytes;
  std::string_view rest = unsent_;
  Clock::time_point deadline = Clock::now() + stall;
  while (is_open_ && !rest.empty()) {
    const size_t before = rest.size();
    WriteSome(&rest);
    if (rest.size() < before) {
      deadline = Clock::now() + stall;
    } else if (Clock::now() >= deadline) {
      break;
    } else if (is_open_ && !(options_.reads && ReadSome(kReadBytes))) {
      transport_->Wait(true, 10ms);
    }
  }
  CountFrames(frames, bytes.size(), traffic_.bytes - bytes_before, unsent_before);
  unsent_.erase(0, unsent_.size() - rest.size());
  if (!is_open_) return Sent::kClosed;
  if (!unsent_.empty()) return Sent::kBlocked;
  if (options_.reads) {
    ReadSome(kReadBytes);
    SendReplies();
  }
  return is_open_ ? Sent::kAll : Sent::kClosed;
}

// Only what got out counts: of a large chunk for a connection that ends, that is little.
void Peer::CountFrames(uint64_t frames, size_t size, uint64_t moved, size_t from_before) {
  if (size == 0 || moved <= from_before) return;
  const double part = static_cast<double>(moved - from_before) / static_cast<double>(size);
  traffic_.frames += static_cast<uint64_t>(static_cast<double>(frames) * part + 0.5);
}

void Peer::WriteSome(std::string_view* rest) {
  const IoStep step = transport_->Write(*rest);
  if (step.kind == IoStep::Kind::kMoved) {
    rest->remove_prefix(step.bytes);
    traffic_.bytes += step.bytes;
  } else if (step.kind == IoStep::Kind::kEnded) {
    // What the server said before it closed can still be read.
    while (ReadSome(kReadBytes)) {
    }
    is_open_ = false;
  }
}

Peer::Sent Peer::SendData(uint32_t stream, std::string_view payload, bool ends, size_t frame_bytes,
                          Duration stall) {
  std::string frames;
  uint64_t count = 0;
  do {
    const auto usable = [&] { return std::min(inbox_.connection_window, inbox_.WindowOf(stream)); };
    if (!payload.empty() && usable() <= 0) {
      const Sent sent = Send(std::exchange(frames, {}), std::exchange(count, 0), stall);
      if (sent != Sent::kAll) return sent;
      if (!WaitFor([&] { return usable() > 0; }, stall)) {
        return is_open_ ? Sent::kBlocked : Sent::kClosed;
      }
    }
    const size_t size = std::min(
        {payload.size(), frame_bytes, static_cast<size_t>(std::max<int64_t>(usable(), 0))});
    const bool is_last = size == payload.size();
    frames += Data(stream, payload.substr(0, size), ends && is_last);
    ++count;
    inbox_.SpendWindow(stream, size);
    payload.remove_prefix(size);
    if (frames.size() >= kReadBytes) {
      const Sent sent = Send(std::exchange(frames, {}), std::exchange(count, 0), stall);
      if (sent != Sent::kAll) return sent;
    }
  } while (!payload.empty());
  return Send(frames, count, stall);
}

bool Peer::ReadOnce(Duration timeout) {
  if (!ReadSome(kReadBytes)) {
    if (!is_open_ || timeout <= Duration::zero()) return false;
    transport_->Wait(false, timeout);
    if (!ReadSome(kReadBytes)) return is_open_;
  }
  SendReplies();
  return true;
}

void Peer::Sip(size_t bytes) { ReadSome(bytes); }

bool Peer::ReadSome(size_t limit) {
  static thread_local std::unique_ptr<char[]> buffer = std::make_unique<char[]>(kReadBytes);
  const IoStep step = transport_->Read(buffer.get(), std::min(limit, kReadBytes));
  if (step.kind == IoStep::Kind::kEnded) is_open_ = false;
  if (step.kind != IoStep::Kind::kMoved) return false;
  inbox_.Feed({buffer.get(), step.bytes});
  return true;
}

void Peer::SendReplies() {
  std::string replies = inbox_.TakeReplies();
  if (!options_.is_polite) return;
  unsent_ += replies;
  std::string_view rest = unsent_;
  while (is_open_ && !rest.empty()) {
    const size_t before = rest.size();
    WriteSome(&rest);
    if (rest.size() == before) break;  // goes out before whatever is sent next
  }
  unsent_.erase(0, unsent_.size() - rest.size());
}

}  // namespace hostile
