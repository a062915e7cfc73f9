// One simulated TCP connection: two pipes of bytes between a client and the server's socket, with
// all that a network and two kernels may do to them.
#ifndef WEIR_TESTS_SIM_LINK_H_
#define WEIR_TESTS_SIM_LINK_H_

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tests/sim/event_queue.h"
#include "tests/sim/random.h"
#include "tests/sim/sim_loop.h"
#include "tests/sim/trace.h"
#include "transport/net/socket.h"

namespace weir::sim {

struct NetworkProfile {
  Duration delay_max = Duration::zero();  // of one segment, in each direction
  uint32_t segments_max = 1;              // that one write of a client falls into
  size_t read_max = SIZE_MAX;             // most bytes that one read of the server gives
  size_t write_max = SIZE_MAX;            // most bytes that one write of the server takes
  size_t send_buffer = SIZE_MAX;          // bytes under way to the client
  uint32_t would_block_one_in = 0;        // reads and writes that fail though the socket is ready

  // One fault, at this read or write of the server, counted from 1; 0 for none.
  uint32_t fail_read_at = 0;
  uint32_t fail_write_at = 0;
  int error_number = 0;
};

// What the simulation keeps to watch a link, and to be its client.
class LinkUser {
 public:
  // ---- as the server's kernel sees it
  virtual void OnServerReads(std::string_view octets) = 0;
  // Returns what goes on the wire instead.
  virtual std::string_view OnServerWrites(std::string_view octets) = 0;
  // Everything that was offered has been taken.
  virtual void OnServerOutputTaken() = 0;
  // An error or the client's end of stream was reported to the server.
  virtual void OnServerToldOfEnd() = 0;
  virtual void OnServerShutsDown() = 0;
  virtual void OnServerWritesAfterShutdown() = 0;
  virtual void OnServerCloses() = 0;

  // ---- as the client sees it
  virtual void OnClientReceives(std::string_view octets) = 0;
  // The server sends nothing more.
  virtual void OnClientEnd() = 0;
  // Both directions are dead.
  virtual void OnClientBroken() = 0;

 protected:
  ~LinkUser() = default;
};

class Link final : private Actor {
 public:
  // All references outlive the link; the link outlives its socket.
  Link(int index, const NetworkProfile& profile, LinkUser& user, Random& random, EventQueue& events,
       Trace& trace)
      : index_(index),
        profile_(profile),
        user_(user),
        random_(random),
        events_(events),
        trace_(trace) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  int fd() const { return 100 + index_; }
  std::unique_ptr<net::Socket> MakeSocket();
  Readiness readiness() const;
  uint64_t partial_writes() const { return partial_writes_; }
  uint64_t injected_errors() const { return injected_errors_; }

  // ---- the client's end
  void ClientSends(std::string_view octets);
  // Ends the client's direction only.
  void ClientShutsDown();
  void ClientCloses();
  // The network or the client drops the connection.
  void Reset();
  // While it is stalled, the client reads nothing.
  void StallClient(bool is_stalled);

 private:
  class Socket;
  enum What : uint32_t { kAtServer, kAtClient, kResetAtServer, kResetAtClient };

  struct Segment {
    std::string octets;
    bool is_end = false;
  };
  struct Pipe {
    std::deque<Segment> segments;
    TimePoint last_arrival = TimePoint::min();
  };

  // Actor
  void OnEvent(uint32_t what) override;

  void Send(Pipe& pipe, Segment segment, What what);
  TimePoint ArrivalTime(Pipe& pipe);
  void DeliverToServer(Segment segment);
  void DeliverToClient(Segment segment);
  void HandToClient();
  void BreakServer();
  void BreakClient();

  // The server's socket.
  net::IoResult Read(std::span<uint8_t> into);
  net::IoResult Write(std::span<const iovec> parts);
  void ShutdownWrite();
  void CloseSocket();
  bool IsTaken(uint32_t one_in) { return one_in != 0 && random_.OneIn(one_in); }

  const int index_;
  const NetworkProfile profile_;
  LinkUser& user_;
  Random& random_;
  EventQueue& events_;
  Trace& trace_;

  Pipe to_server_;
  Pipe to_client_;
  std::string server_inbox_;
  bool has_client_end_arrived_ = false;
  bool is_server_broken_ = false;
  bool is_server_shut_ = false;
  bool is_server_closed_ = false;
  std::string client_inbox_;
  bool has_server_end_arrived_ = false;
  bool is_client_stalled_ = false;
  bool is_client_shut_ = false;
  bool is_client_gone_ = false;  // closed or broken
  size_t bytes_to_client_ = 0;   // written and not yet read by the client
  std::string outgoing_;
  uint32_t reads_ = 0;
  uint32_t writes_ = 0;
  uint64_t partial_writes_ = 0;
  uint64_t injected_errors_ = 0;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_LINK_H_
