// What may an HTTP/2 server say, and what must it, after what it has read? An account of one
// connection from RFC 9113 alone.
//
// It shares no code with the engine: it sees octets on their way through the server's socket, in
// the order in which the server reads and writes them. Three facts tie the two directions together:
//   1. SETTINGS count for what the server sends from its acknowledgement on (RFC 9113 §6.5.3).
//   2. When a write took all that was offered, what is written later was decided later: from then
//      on no frame can be excused by what the server had not read yet. The number of such writes is
//      the `fence`.
//   3. When the server has nothing to write at the end of a turn, it has reacted to all it has read
//      in the only way it ever will (OnSettled).
#ifndef WEIR_TESTS_SIM_REFERENCE_MODEL_H_
#define WEIR_TESTS_SIM_REFERENCE_MODEL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/sim/coverage.h"
#include "tests/sim/header_coder.h"
#include "tests/sim/referee.h"
#include "tests/sim/response_judge.h"
#include "tests/sim/trace.h"
#include "tests/sim/wire.h"
#include "transport/base/time.h"

namespace weir::sim {

// How often something may happen before the server may take it for an attack.
struct ModelAllowance {
  uint32_t burst = 0;
};

// What the server was configured to.
struct ModelLimits {
  uint32_t max_concurrent_streams = 100;
  int64_t stream_window = 0;
  int64_t stream_window_max = 0;  // what it may grow to
  int64_t connection_window = 0;
  uint32_t max_frame_size = kFrameSizeDefault;
  uint64_t header_list_size_max = 0;
  uint64_t header_fields_max = 0;
  uint32_t header_block_bytes_max = 0;
  uint32_t continuation_frames_max = 0;
  uint32_t settings_entries_max = 0;
  uint32_t queued_replies_max = 0;
  uint32_t ping_strikes_max = 0;
  ModelAllowance glitches;
  ModelAllowance premature_resets;
  ModelAllowance refusals;
  uint64_t message_max = 0;
  Duration preface_timeout = Duration::zero();
  Duration settings_ack_timeout = Duration::zero();
  Duration header_block_timeout = Duration::zero();
  Duration idle_release_delay = Duration::zero();
  Duration write_stall_timeout = Duration::zero();
  Duration keepalive_time = Duration::zero();
};

class ReferenceModel {
 public:
  // All references outlive the model; the connection begins now.
  ReferenceModel(const ModelLimits& limits, ResponseJudge& judge, Referee& referee, Trace& trace,
                 Coverage& coverage);

  // The server has accepted the connection (by default, when the model was made).
  void OnAdopted();

  // ---- what the server has read: the sink of a splitter (model_input.cc)
  void OnPreface(bool matches);
  void OnFrameHeader(const FrameHeader& frame, uint8_t pad_length);
  void OnFrame(const FrameHeader& frame, std::string_view payload);

  // ---- what the server has written (model_output.cc)
  void OnServerFrame(const FrameHeader& frame, std::string_view payload);
  // A write took everything that was offered.
  void OnOutputTaken() {
    ++fence_;
    replies_due_ = 0;
    last_taken_ = trace_.now();
  }

  // ---- turns and ends (reference_model.cc)
  // At the end of a turn: nothing is left to be written, or something is.
  void OnSettled();
  void OnUnsettled() { is_settled_ = false; }
  // A read begins: what follows arrives at once.
  void OnReadBegins();
  // The application ends the connection at once.
  void OnAbort() { is_aborted_ = true; }
  // The server ends its direction; closes its socket, told of the client's end or an error or not.
  void OnServerShutsDown();
  void OnServerCloses(bool was_told_of_end);

  // Of the last GOAWAY: streams above it may be tried anew elsewhere.
  uint32_t last_stream() const { return last_stream_; }
  uint64_t frames_judged() const { return frames_judged_; }

 private:
  struct Stream {
    // what the client said
    bool is_client_ended = false;
    bool is_client_reset = false;
    uint64_t client_over_fence = 0;  // the fence at that time
    uint64_t client_over_read = 0;   // the number of that read
    int64_t content_left = -1;       // by content-length; -1 for unknown
    int64_t received = 0;            // flow-controlled octets
    int64_t credited = 0;            // by WINDOW_UPDATE
    uint64_t received_in_read = 0;   // the read (number) in which DATA came last
    bool may_be_refused = false;
    bool is_malformed = false;
    // what the server said
    bool has_headers = false;
    bool is_server_ended = false;
    bool is_server_reset = false;
    bool is_ignored = false;  // above the last stream of a GOAWAY
    int64_t send_window = 0;

    bool is_closed() const {
      return is_client_reset || is_server_reset || (is_client_ended && is_server_ended);
    }
    bool is_server_over() const { return is_server_ended || is_server_reset; }
  };

  // What the client did that the server may, or must, answer with an error.
  struct Cause {
    uint32_t stream_id;
    uint32_t codes;  // bit per error code
    bool on_stream;
    bool on_connection;
    bool is_required;
    const char* rule;
    bool is_met = false;
  };
  enum Scope : uint8_t { kOnStream = 1, kOnConnection = 2, kOnEither = 3 };

  static constexpr uint32_t Bit(uint32_t code) { return 1u << code; }
  void Expect(Scope scope, uint32_t stream_id, uint32_t codes, const char* rule,
              bool is_required = true);
  // A connection error without doubt: nothing that follows is interpreted.
  void ExpectEnd(uint32_t codes, const char* rule) {
    Expect(kOnConnection, 0, codes, rule);
    is_input_over_ = true;
  }

  // model_input.cc
  bool IsSequenceLegal(const FrameHeader& frame);
  bool IsHeaderLegal(const FrameHeader& frame);
  void OnDataHeader(const FrameHeader& frame, uint8_t pad_length);
  void OnDataOnStream(const FrameHeader& frame, uint32_t padding, Stream& stream);
  void OnHeaders(const FrameHeader& frame, std::string_view payload);
  void OnBlock();
  void OnRequest(uint32_t id, const Fields& fields);
  void OnClosedStream(uint32_t id, const Stream* stream, bool is_headers);
  void OnIdleStream(const char* rule);
  void OnRstStream(uint32_t id);
  void OnSettingsFrame(const FrameHeader& frame, std::string_view payload);
  void OnWindowUpdate(uint32_t id, int64_t increment);
  void OnEndStream(uint32_t id, Stream& stream);
  bool IsMalformedRequest(const Fields& fields) const;
  size_t PossiblyLive() const;

  // model_output.cc
  void Fail(const FrameHeader& frame, const char* why);
  Stream* ResponseStream(const FrameHeader& frame);
  void OnServerData(const FrameHeader& frame, std::string_view payload);
  void OnServerBlock(const FrameHeader& frame);
  void OnServerReset(const FrameHeader& frame, uint32_t code);
  void OnServerSettings(const FrameHeader& frame, std::string_view payload);
  void OnServerAck();
  void OnServerPing(const FrameHeader& frame, std::string_view payload);
  void OnServerGoAway(const FrameHeader& frame, std::string_view payload);
  void OnServerWindowUpdate(const FrameHeader& frame, int64_t increment);
  bool MayTakeForAttack() const;
  // Whether the peer is so late that the server may, or has to, end the connection.
  bool HasTimedOut(bool is_required) const;

  // reference_model.cc
  void CheckCauses();
  void CheckStreams();
  int64_t InitialReceiveWindow() const;

  const ModelLimits limits_;
  ResponseJudge& judge_;
  Referee& referee_;
  Trace& trace_;
  Coverage& coverage_;
  TimePoint connected_;
  uint64_t frames_judged_ = 0;

  // Input.
  bool is_input_over_ = false;
  bool has_preface_ = false;
  bool has_settings_ = false;      // of the client
  bool has_settings_ack_ = false;  // from the client
  uint64_t reads_ = 0;
  TimePoint last_read_;
  bool may_have_forgotten_ = false;  // what became of closed streams, for lack of traffic
  uint32_t highest_id_ = 0;
  std::map<uint32_t, Stream> streams_;
  HeaderDecoder request_decoder_;
  uint32_t block_stream_ = 0;  // of the unfinished header block; 0 for none
  bool block_ends_stream_ = false;
  std::string block_;
  uint32_t block_octets_ = 0;
  uint32_t block_continuations_ = 0;
  uint32_t small_continuations_ = 0;
  TimePoint block_started_ = kNever;    // when its first octets came
  TimePoint block_continued_ = kNever;  // when its HEADERS were complete
  std::vector<Cause> causes_;
  std::deque<std::string> pings_;                                    // to be acknowledged
  std::deque<std::vector<std::pair<uint16_t, uint32_t>>> settings_;  // to be acknowledged
  uint64_t pings_read_ = 0;
  uint64_t glitches_ = 0;
  uint64_t refusals_ = 0;
  uint64_t resets_ = 0;
  uint64_t replies_due_ = 0;  // since all output was last taken: at least those that wait
  int64_t received_ = 0;
  int64_t credited_ = 0;
  int64_t unfinished_data_ = 0;  // of the DATA frame of which not all was read

  // Output.
  uint64_t fence_ = 0;
  TimePoint last_taken_;
  bool is_settled_ = false;
  bool was_settled_ = false;  // when the present read began
  bool has_server_settings_ = false;
  int64_t send_window_ = kWindowDefault;
  int64_t initial_window_ = kWindowDefault;
  uint32_t max_frame_ = kFrameSizeDefault;
  HeaderDecoder response_decoder_;
  uint32_t server_block_stream_ = 0;
  bool server_block_ends_ = false;
  std::string server_block_;
  uint32_t last_stream_ = kStreamIdMax;  // of the last GOAWAY
  uint32_t goaways_ = 0;
  bool has_failed_ = false;  // GOAWAY with an error
  bool is_said_all_ = false;
  bool is_aborted_ = false;
  bool is_shut_ = false;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_REFERENCE_MODEL_H_
