// A socket that works but for what a test has planned.
#ifndef WEIR_TESTS_FAULTS_FAULTY_SOCKET_H_
#define WEIR_TESTS_FAULTS_FAULTY_SOCKET_H_

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "transport/net/socket.h"

namespace weir::faults {

// What happens in one direction. Calls and octets are counted from the beginning of the connection.
struct Plan {
  // The call with this number, from 1, has this result and moves nothing; 0 for none.
  int64_t call = 0;
  net::IoResult result;
  // Those after it, too.
  bool lasting = false;
  // No call moves more.
  size_t bytes_at_most = SIZE_MAX;
  // One call moves no octet from this one on, and the next would block. At once when it is 0.
  size_t cut_at = SIZE_MAX;
  // The stream of octets ends there. Of reads.
  size_t end_at = SIZE_MAX;
  // This octet arrives with a bit that was not sent. Of reads.
  size_t damage_at = SIZE_MAX;
};

class SocketPlan {
 public:
  Plan reads;
  Plan writes;

  // What has happened so far.
  int64_t read_calls = 0;
  int64_t write_calls = 0;
  size_t bytes_read = 0;
  size_t bytes_written = 0;
};

// `plan` must outlive the socket.
class FaultySocket final : public net::Socket {
 public:
  FaultySocket(std::unique_ptr<net::Socket> inner, SocketPlan& plan)
      : inner_(std::move(inner)), plan_(plan) {}

  net::IoResult Read(std::span<uint8_t> into) override {
    const auto fault = FaultOf(plan_.reads, ++plan_.read_calls, plan_.bytes_read);
    if (fault) return *fault;
    if (plan_.bytes_read >= plan_.reads.end_at) return net::IoResult::Closed();
    const size_t room =
        std::min(RoomOf(plan_.reads, plan_.bytes_read), plan_.reads.end_at - plan_.bytes_read);
    const net::IoResult result = inner_->Read(into.first(std::min(into.size(), room)));
    if (result.kind != net::IoResult::Kind::kOk) return result;
    const size_t place = plan_.reads.damage_at - plan_.bytes_read;
    if (plan_.reads.damage_at >= plan_.bytes_read && place < result.bytes) into[place] ^= 1;
    plan_.bytes_read += result.bytes;
    return result;
  }

  net::IoResult Write(std::span<const iovec> parts) override {
    const auto fault = FaultOf(plan_.writes, ++plan_.write_calls, plan_.bytes_written);
    if (fault) return *fault;
    size_t room = RoomOf(plan_.writes, plan_.bytes_written);
    std::vector<iovec> cut;
    for (const iovec& part : parts) {
      const size_t size = std::min(part.iov_len, room);
      if (size != 0) cut.push_back({part.iov_base, size});
      room -= size;
    }
    const net::IoResult result = inner_->Write(cut);
    if (result.kind == net::IoResult::Kind::kOk) plan_.bytes_written += result.bytes;
    return result;
  }

  void ShutdownWrite() override { inner_->ShutdownWrite(); }
  int fd() const override { return inner_->fd(); }
  const net::SocketAddress& peer_address() const override { return inner_->peer_address(); }
  net::SocketAddress LocalAddress() const override { return inner_->LocalAddress(); }
  std::optional<net::UnixCredentials> PeerCredentials() const override {
    return inner_->PeerCredentials();
  }

 private:
  static std::optional<net::IoResult> FaultOf(Plan& plan, int64_t call, size_t moved) {
    if (plan.call != 0 && (call == plan.call || (call > plan.call && plan.lasting))) {
      return plan.result;
    }
    if (moved != plan.cut_at) return std::nullopt;
    plan.cut_at = SIZE_MAX;
    return net::IoResult::WouldBlock();
  }

  static size_t RoomOf(const Plan& plan, size_t moved) {
    return moved < plan.cut_at ? std::min(plan.bytes_at_most, plan.cut_at - moved)
                               : plan.bytes_at_most;
  }

  std::unique_ptr<net::Socket> inner_;
  SocketPlan& plan_;
};

}  // namespace weir::faults

#endif  // WEIR_TESTS_FAULTS_FAULTY_SOCKET_H_
