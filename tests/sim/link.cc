#include "tests/sim/link.h"

#include <errno.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::sim {

// The server's end. The simulated kernel behind it is the Link.
class Link::Socket final : public net::Socket {
 public:
  explicit Socket(Link& link) : link_(link) {
    net::SocketAddress::ParseNumeric("192.0.2.1", static_cast<uint16_t>(link.fd()), address_);
  }
  ~Socket() override { link_.CloseSocket(); }

  net::IoResult Read(std::span<uint8_t> into) override { return link_.Read(into); }
  net::IoResult Write(std::span<const iovec> parts) override { return link_.Write(parts); }
  void ShutdownWrite() override { link_.ShutdownWrite(); }
  int fd() const override { return link_.fd(); }
  const net::SocketAddress& peer_address() const override { return address_; }
  net::SocketAddress LocalAddress() const override { return {}; }
  std::optional<net::UnixCredentials> PeerCredentials() const override { return std::nullopt; }

 private:
  Link& link_;
  net::SocketAddress address_;
};

std::unique_ptr<net::Socket> Link::MakeSocket() { return std::make_unique<Socket>(*this); }

// ---- the server's kernel -----------------------------------------------------------------------

Readiness Link::readiness() const {
  return {.readable = is_server_broken_ || !server_inbox_.empty() || has_client_end_arrived_,
          .writable = is_server_broken_ || bytes_to_client_ < profile_.send_buffer,
          .hangup = is_server_broken_ || (has_client_end_arrived_ && is_server_shut_)};
}

net::IoResult Link::Read(std::span<uint8_t> into) {
  if (++reads_ == profile_.fail_read_at) {
    trace_.Note("read fails with errno", index_, static_cast<uint64_t>(profile_.error_number));
    ++injected_errors_;
    BreakServer();
    BreakClient();
    user_.OnServerToldOfEnd();
    return net::IoResult::Error(profile_.error_number);
  }
  if (is_server_broken_) {
    user_.OnServerToldOfEnd();
    return net::IoResult::Error(ECONNRESET);
  }
  if (server_inbox_.empty()) {
    if (!has_client_end_arrived_) return net::IoResult::WouldBlock();
    user_.OnServerToldOfEnd();
    return net::IoResult::Closed();
  }
  if (IsTaken(profile_.would_block_one_in)) return net::IoResult::WouldBlock();
  size_t count = std::min({into.size(), server_inbox_.size(), profile_.read_max});
  if (count > 1 && random_.OneIn(4)) count = random_.Between(1, count);
  std::memcpy(into.data(), server_inbox_.data(), count);
  user_.OnServerReads(std::string_view(server_inbox_).substr(0, count));
  server_inbox_.erase(0, count);
  return net::IoResult::Ok(count);
}

net::IoResult Link::Write(std::span<const iovec> parts) {
  if (++writes_ == profile_.fail_write_at) {
    trace_.Note("write fails with errno", index_, static_cast<uint64_t>(profile_.error_number));
    ++injected_errors_;
    BreakServer();
    BreakClient();
  }
  if (is_server_shut_) {
    user_.OnServerWritesAfterShutdown();
    return net::IoResult::Error(EPIPE);
  }
  if (is_server_broken_) {
    user_.OnServerToldOfEnd();
    return net::IoResult::Error(ECONNRESET);
  }
  const size_t room = profile_.send_buffer - std::min(profile_.send_buffer, bytes_to_client_);
  if (room == 0 || IsTaken(profile_.would_block_one_in)) return net::IoResult::WouldBlock();
  size_t limit = std::min(room, profile_.write_max);
  if (profile_.write_max != SIZE_MAX && limit > 1) limit = random_.Between(1, limit);
  outgoing_.clear();
  size_t offered = 0;
  for (const iovec& part : parts) {
    const size_t size = std::min(part.iov_len, limit - outgoing_.size());
    outgoing_.append(static_cast<const char*>(part.iov_base), size);
    offered += part.iov_len;
  }
  const size_t taken = outgoing_.size();
  const std::string_view sent = user_.OnServerWrites(outgoing_);
  if (!sent.empty()) {
    bytes_to_client_ += sent.size();
    Send(to_client_, {std::string(sent)}, kAtClient);
  }
  if (taken == offered) user_.OnServerOutputTaken();
  if (taken != offered) ++partial_writes_;
  return net::IoResult::Ok(taken);
}

void Link::ShutdownWrite() {
  trace_.Note("server shuts its side", index_);
  is_server_shut_ = true;
  user_.OnServerShutsDown();
  Send(to_client_, {.octets = {}, .is_end = true}, kAtClient);
}

// With unread input the kernel sends RST instead of FIN, and so it does for what comes later.
void Link::CloseSocket() {
  trace_.Note("server closes", index_, server_inbox_.size());
  is_server_closed_ = true;
  if (readiness().hangup) user_.OnServerToldOfEnd();  // by the loop
  user_.OnServerCloses();
  if (!server_inbox_.empty() || !to_server_.segments.empty()) {
    events_.Schedule(ArrivalTime(to_client_), *this, kResetAtClient);
  } else if (!is_server_shut_ && !is_server_broken_) {
    Send(to_client_, {.octets = {}, .is_end = true}, kAtClient);
  }
}

// ---- the client's end --------------------------------------------------------------------------

void Link::ClientSends(std::string_view octets) {
  if (is_client_gone_ || is_client_shut_ || octets.empty()) return;
  if (is_server_closed_) {
    events_.Schedule(ArrivalTime(to_client_), *this, kResetAtClient);
    return;
  }
  for (uint64_t left = random_.Between(1, profile_.segments_max); !octets.empty(); --left) {
    const size_t size = left <= 1 ? octets.size() : random_.Between(1, octets.size());
    Send(to_server_, {std::string(octets.substr(0, size))}, kAtServer);
    octets.remove_prefix(size);
  }
}

void Link::ClientShutsDown() {
  if (is_client_gone_ || is_client_shut_) return;
  is_client_shut_ = true;
  Send(to_server_, {.octets = {}, .is_end = true}, kAtServer);
}

void Link::ClientCloses() {
  if (is_client_gone_) return;
  if (!client_inbox_.empty()) {
    Reset();
    return;
  }
  ClientShutsDown();
  is_client_gone_ = true;
}

void Link::Reset() {
  trace_.Note("connection is reset", index_);
  events_.Schedule(ArrivalTime(to_server_), *this, kResetAtServer);
  BreakClient();
}

void Link::StallClient(bool is_stalled) {
  is_client_stalled_ = is_stalled;
  if (!is_stalled) HandToClient();
}

// ---- the network -------------------------------------------------------------------------------

// Bytes of one direction never overtake each other.
TimePoint Link::ArrivalTime(Pipe& pipe) {
  const auto most = static_cast<uint64_t>(profile_.delay_max.count());
  const Duration delay(static_cast<int64_t>(most == 0 ? 0 : random_.Between(0, most)));
  pipe.last_arrival = std::max(pipe.last_arrival, trace_.now() + delay);
  return pipe.last_arrival;
}

void Link::Send(Pipe& pipe, Segment segment, What what) {
  pipe.segments.push_back(std::move(segment));
  events_.Schedule(ArrivalTime(pipe), *this, what);
}

void Link::OnEvent(uint32_t what) {
  switch (static_cast<What>(what)) {
    case kAtServer:
    case kAtClient: {
      Pipe& pipe = what == kAtServer ? to_server_ : to_client_;
      if (pipe.segments.empty()) return;  // lost with a reset
      Segment segment = std::move(pipe.segments.front());
      pipe.segments.pop_front();
      what == kAtServer ? DeliverToServer(std::move(segment)) : DeliverToClient(std::move(segment));
      return;
    }
    case kResetAtServer:
      BreakServer();
      return;
    case kResetAtClient:
      BreakClient();
      return;
  }
}

void Link::DeliverToServer(Segment segment) {
  if (is_server_broken_) return;
  if (is_server_closed_) {
    BreakClient();
    return;
  }
  server_inbox_ += segment.octets;
  if (segment.is_end) has_client_end_arrived_ = true;
}

void Link::DeliverToClient(Segment segment) {
  if (is_client_gone_) {
    // Whoever writes to a socket that its peer has closed is told so with a reset.
    if (!segment.octets.empty()) BreakServer();
    return;
  }
  client_inbox_ += segment.octets;
  if (segment.is_end) has_server_end_arrived_ = true;
  if (!is_client_stalled_) HandToClient();
}

void Link::HandToClient() {
  if (is_client_gone_) return;
  if (!client_inbox_.empty()) {
    const std::string octets = std::exchange(client_inbox_, {});
    bytes_to_client_ -= octets.size();
    user_.OnClientReceives(octets);
  }
  if (has_server_end_arrived_ && !is_client_gone_) user_.OnClientEnd();
}

void Link::BreakServer() {
  if (is_server_closed_) return;
  is_server_broken_ = true;
  server_inbox_.clear();
  to_server_.segments.clear();
}

void Link::BreakClient() {
  to_client_.segments.clear();
  client_inbox_.clear();
  if (std::exchange(is_client_gone_, true)) return;
  user_.OnClientBroken();
}

}  // namespace weir::sim
