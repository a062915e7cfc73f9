// A client of the simulation: a random one, with a frame writer of its own, that keeps the rules of
// HTTP/2 and gRPC except where its profile says otherwise.
#ifndef WEIR_TESTS_SIM_CLIENT_H_
#define WEIR_TESTS_SIM_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/call.h"
#include "tests/sim/coverage.h"
#include "tests/sim/event_queue.h"
#include "tests/sim/header_coder.h"
#include "tests/sim/link.h"
#include "tests/sim/random.h"
#include "tests/sim/scenario.h"
#include "tests/sim/trace.h"
#include "tests/sim/wire.h"

namespace weir::sim {

class Client final : private Actor {
 public:
  // All references outlive the client. `calls` are this client's, in the order to be made.
  Client(int index, const ClientProfile& profile, const ServerProfile& server,
         std::vector<CallRecord*> calls, Link& link, Random& random, EventQueue& events,
         Trace& trace, Coverage& coverage);

  // Connected: begins to act.
  void Start();

  // From the link.
  void Receive(std::string_view octets);
  void OnServerEnd();
  void OnBroken();

  // Nothing more comes from it, or only in answer to the server's end.
  bool is_done() const { return phase_ != Phase::kActive; }

 private:
  friend class FrameSplitter;
  friend class BreachMaker;

  enum What : uint32_t { kTick, kPatienceOver, kStallOver, kClose, kCancelFirst };
  enum class Phase : uint8_t { kActive, kStaying, kGone };

  struct Stream {
    CallRecord* call = nullptr;
    std::string body;
    size_t sent = 0;
    bool is_ended = false;  // our half
    bool is_reset = false;  // by either side
    bool is_response_over = false;
    int64_t send_window = 0;
    int64_t receive_window = 0;  // what the server may still send, as we have told it
    int64_t owed = 0;            // received and not given back
    uint32_t grants = 0;

    bool is_over() const { return is_reset || (is_response_over && is_ended); }
    bool can_send() const { return !is_ended && !is_reset && !is_response_over; }
  };

  // Actor
  void OnEvent(uint32_t what) override;

  // ---- acting (client.cc)
  void Tick();
  void TickSoon();
  bool DoSomething();
  bool DoSomethingOptional();
  void SendPreface();
  bool HasCallToOpen() const;
  void OpenCall();
  void SendHeaders(uint32_t id, const std::string& block, bool ends_stream);
  void SendBody(uint32_t id, Stream& stream);
  void EndBody(uint32_t id, Stream& stream);
  void Cancel(size_t call_index);
  void ChangeSettings();
  void Leave();
  void LeaveNow();
  bool IsFinished() const;
  void Write(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload);
  void WriteNumber(uint8_t type, uint32_t stream_id, uint32_t number) {
    std::string payload;
    AppendNumber(number, 4, &payload);
    Write(type, 0, stream_id, payload);
  }
  void Flush();

  // ---- flow-control credit (client_receive.cc)
  bool GrantSomething();
  void Grant(uint32_t id, int64_t increment);
  void GiveBack(uint32_t id, int64_t* owed, uint32_t* grants);
  void OnConsumed(uint32_t id, Stream* stream, int64_t size);

  // ---- receiving: the sink of the splitter (client_receive.cc)
  void OnPreface(bool) {}
  void OnFrameHeader(const FrameHeader&, uint8_t) {}
  void OnFrame(const FrameHeader& frame, std::string_view payload);
  void OnSettings(const FrameHeader& frame, std::string_view payload);
  void OnGoAway(std::string_view payload);
  void OnResponseEnd(Stream& stream);
  void MarkReset(Stream& stream);

  const int index_;
  const ClientProfile& profile_;
  const ServerProfile& server_;
  const std::vector<CallRecord*> calls_;
  Link& link_;
  Random& random_;
  EventQueue& events_;
  Trace& trace_;
  Coverage& coverage_;

  Phase phase_ = Phase::kActive;
  bool is_tick_scheduled_ = false;
  bool has_sent_preface_ = false;
  bool is_silent_ = false;  // a breach that consists of sending nothing more
  bool is_breach_due_ = false;
  bool has_breached_ = false;
  bool is_server_going_ = false;
  std::string output_;
  HeaderEncoder encoder_;
  FrameSplitter input_{/*expects_preface=*/false};

  size_t next_call_ = 0;
  uint32_t next_stream_id_ = 1;
  std::map<uint32_t, Stream> streams_;
  uint32_t ticks_ = 0;

  // The server's rules for us.
  bool has_server_settings_ = false;
  int64_t send_window_ = kWindowDefault;
  int64_t server_initial_window_ = kWindowDefault;
  uint32_t server_max_frame_ = kFrameSizeDefault;
  uint32_t server_max_streams_ = UINT32_MAX;

  // Ours for the server.
  std::deque<std::optional<uint32_t>> unacknowledged_windows_;  // one for each SETTINGS sent
  int64_t initial_window_ = kWindowDefault;                     // as acknowledged
  int64_t receive_window_ = kWindowDefault;
  int64_t owed_ = 0;
  uint32_t grants_ = 0;

  uint32_t pings_left_;
  uint32_t priorities_left_;
  uint32_t unknown_left_;
  uint32_t empty_left_;
  uint32_t settings_left_;
  uint32_t stalls_left_;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_CLIENT_H_
