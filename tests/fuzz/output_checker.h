// May a server say this? An independent judge of the octets that a connection sends (RFC 9113 §4,
// §5.1, §5.2, §6), however broken what it receives may be.
#ifndef WEIR_TESTS_FUZZ_OUTPUT_CHECKER_H_
#define WEIR_TESTS_FUZZ_OUTPUT_CHECKER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "transport/base/bytes.h"

struct nghttp2_hd_inflater;

namespace weir::fuzz {

// Sees both directions, each at its own time: what the peer sent when the connection receives it,
// and the output when it is written. A window that the peer has made smaller meanwhile counts with
// the largest size it ever had, since the octets may have been framed before.
class OutputChecker {
 public:
  OutputChecker();
  ~OutputChecker();

  // The connection receives these octets next.
  void NoteReceived(ByteView octets);

  // The connection has written these octets.
  void CheckWritten(ByteView octets);

  // Everything is written, and the connection has not failed: nothing is cut short, and what had to
  // be acknowledged was.
  void CheckComplete() const;

  // What the peer was granted on a stream beyond the initial window.
  uint64_t GrantedTo(uint32_t stream_id) const;
  bool has_goaway() const { return goaway_limit_ != kNoGoaway; }
  // Settings of the peer that the connection has seen, or may have seen before it failed.
  uint32_t settings_received() const { return settings_received_; }

 private:
  static constexpr uint32_t kNoGoaway = UINT32_MAX;

  struct FrameView {
    uint8_t type;
    uint8_t flags;
    uint32_t stream_id;
    ByteView payload;
  };
  struct Stream {
    uint64_t widened_by_peer = 0;
    uint64_t granted_by_us = 0;
    uint64_t data_sent = 0;
    int headers = 0;
    bool has_ended = false;
    bool is_reset = false;
  };

  // Takes the first whole frame of `octets` off its front.
  static bool NextFrame(std::string_view* octets, FrameView* frame);

  void OnReceived(const FrameView& frame);
  void OnWritten(const FrameView& frame);
  void OnData(const FrameView& frame);
  void OnHeaderBlockPart(const FrameView& frame);
  void OnReset(const FrameView& frame);
  void OnGoAway(const FrameView& frame);
  Stream& Opened(const FrameView& frame);

  struct Deleter {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };

  // The peer's side.
  std::string received_;
  size_t preface_left_;
  uint32_t highest_received_ = 0;
  uint32_t settings_received_ = 0;
  uint32_t pings_received_ = 0;
  uint32_t max_frame_size_ = 16384;
  uint64_t initial_window_ = 65535;
  uint64_t widened_by_peer_ = 0;
  // Our side.
  std::string written_;
  bool is_first_frame_ = true;
  uint32_t settings_acks_ = 0;
  uint32_t ping_acks_ = 0;
  uint64_t data_sent_ = 0;
  uint32_t goaway_limit_ = kNoGoaway;
  bool has_goodbye_ = false;   // a GOAWAY with an error: the last frame
  uint32_t block_stream_ = 0;  // of the header block that goes on, or 0
  bool block_ends_stream_ = false;
  std::string block_;
  std::unique_ptr<nghttp2_hd_inflater, Deleter> inflater_;
  std::map<uint32_t, Stream> streams_;
};

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_OUTPUT_CHECKER_H_
