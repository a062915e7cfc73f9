// Everything about one HTTP/2 connection that can be tuned, and what is counted.
#ifndef WEIR_TRANSPORT_HTTP2_OPTIONS_H_
#define WEIR_TRANSPORT_HTTP2_OPTIONS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "transport/base/memory_pressure.h"
#include "transport/base/time.h"
#include "transport/http2/limit.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

// How often something may happen: `burst` times at once, and `per_second` times in the long run.
// Both at least 1.
struct Allowance {
  uint32_t burst;
  uint32_t per_second;

  friend bool operator==(const Allowance& a, const Allowance& b) = default;
};

struct ConnectionOptions {
  // SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 §5.1.2). Counts streams until they are closed *and*
  // released by the layer above, so a handler that outlives its reset stream still holds its place:
  // opening and resetting streams in a loop cannot start more work (CVE-2023-44487). Streams above
  // the limit get RST_STREAM(REFUSED_STREAM).
  uint32_t max_concurrent_streams = 100;

  // SETTINGS_INITIAL_WINDOW_SIZE: bytes a stream may send before we consume any. At most 2^31-1.
  // Every stream may hold that much, so the initial size of the RFC is not exceeded by default.
  uint32_t stream_window = 65535;

  // What the window of a stream grows to while its bytes are consumed as they come, as far as
  // receive_budget_bytes allows. At most 2^31-1.
  uint32_t stream_window_max = 256 * 1024;

  // What all streams together may be granted beyond their initial windows. A message that is larger
  // than its stream's window gets what it lacks out of this, or waits until others have arrived;
  // one that alone exceeds the budget comes when no other is under way. So a connection holds at
  // most max_concurrent_streams * stream_window + receive_budget_bytes (12.3 MiB by default), or
  // one message more if messages may be larger than the budget.
  uint64_t receive_budget_bytes = 6 * 1024 * 1024;

  // Receive window of the whole connection, given back as soon as bytes arrive, so that one unread
  // stream cannot stop the others. 65,535 to 2^31-1.
  uint32_t connection_window = 1024 * 1024;

  // SETTINGS_MAX_FRAME_SIZE: 2^14 to 2^24-1 (RFC 9113 §6.5.2).
  uint32_t max_frame_size = 16384;

  // SETTINGS_MAX_HEADER_LIST_SIZE and a limit on the number of field lines. A section above either
  // arrives marked FieldSection::is_over_limit(); above four times either the connection ends with
  // ENHANCE_YOUR_CALM (HPACK bombs, CVE-2016-6581).
  uint32_t header_list_size_max = 16 * 1024;
  uint32_t header_fields_max = 128;

  // Compressed bytes and CONTINUATION frames of one header block (CVE-2024-27316 and relatives).
  // Of the CONTINUATION frames that do not end the block, two may be shorter than 1 KiB.
  uint32_t header_block_bytes_max = 32 * 1024;
  uint32_t continuation_frames_max = 8;

  // Entries in one SETTINGS frame: each is work for six octets, and there are hardly ten to set.
  uint32_t settings_entries_max = 32;

  // Replies to the peer's control frames (PING ACK, SETTINGS ACK, RST_STREAM) waiting to be
  // written. At the first number reading stops (CVE-2019-9512, -9514, -9515); at the second the
  // connection is closed.
  uint32_t queued_replies_pause = 100;
  uint32_t queued_replies_max = 1000;

  // What is legal once and an attack when it never ends. Above one of these the connection ends
  // with ENHANCE_YOUR_CALM. Glitches are stream errors, and frames without effect such as PRIORITY,
  // empty DATA, or a window update too small for what waits (CVE-2019-9511, -9513, -9518).
  // Premature resets are requests the peer takes back before the first byte of the response, but
  // for those that ExcuseReset() speaks for; each response that does complete makes up for one
  // (CVE-2023-44487). Refusals are streams opened above max_concurrent_streams. What is ours to
  // bear costs the peer nothing: streams refused or given up for want of memory, and stalled
  // responses.
  Allowance glitches = {.burst = 1000, .per_second = 100};
  Allowance premature_resets = {.burst = 1000, .per_second = 100};
  Allowance refusals = {.burst = 1000, .per_second = 100};

  // A PING that comes sooner after the one before than this is a strike; sending HEADERS or DATA
  // forgives all strikes, since a peer may measure its path with a PING for each burst it receives.
  // With more strikes than the maximum the connection ends with ENHANCE_YOUR_CALM and the debug
  // data "too_many_pings" (CVE-2019-9512; gRFC A8). The longer interval holds without open streams.
  Duration peer_ping_interval_min = std::chrono::minutes(5);
  Duration peer_ping_interval_min_idle = std::chrono::hours(2);
  uint32_t peer_ping_strikes_max = 2;

  // Bytes framed and not yet written at which reading stops until the peer takes some of them.
  // Asked after writing: so much is left only when the socket takes no more.
  size_t output_pause_bytes = 48 * 1024;

  // Bytes that Output() frames ahead of the socket, unless it is told to lend more. More makes
  // fewer system calls, less keeps the choice between streams late.
  size_t output_batch_bytes = 64 * 1024;

  // A stream with DATA to send that its peer's window, and nothing else, lets this little of
  // through in this time is reset, since it holds memory and a place for nothing. Judged in steps
  // of that time, so it can take up to twice as long. Long enough for a client that pauses for a
  // minute.
  Duration stream_stall_timeout = std::chrono::seconds(120);
  size_t stream_stall_bytes = 1024;

  // A stream whose queued DATA reaches the high mark is not writable until it falls to the low.
  size_t stream_high_mark_bytes = 64 * 1024;
  size_t stream_low_mark_bytes = 16 * 1024;

  // From the start of the connection to the end of the client's preface with its SETTINGS. Longer
  // is for slow lines; strangers hold a descriptor meanwhile.
  Duration preface_timeout = std::chrono::seconds(10);
  // From HEADERS to the frame with END_HEADERS: no other frame may come before that, and what has
  // come of the block is held.
  Duration header_block_timeout = std::chrono::seconds(10);
  // From our SETTINGS to its acknowledgement: SETTINGS_TIMEOUT (RFC 9113 §6.5.3). Our limits hold
  // only from then on.
  Duration settings_ack_timeout = std::chrono::seconds(10);
  // Without a read for this long the peer is sent a PING, and when nothing arrives for that long
  // after it the connection is closed (gRFC A8). Shorter finds dead peers sooner and costs traffic
  // on idle connections. kForever: never.
  Duration keepalive_time = std::chrono::hours(2);
  Duration keepalive_timeout = std::chrono::seconds(20);

  // Without a stream for this long, the connection is drained with the debug data "max_idle"
  // (gRFC A9). kForever: never.
  Duration connection_idle_max = kForever;
  // This long after its start it is drained with "max_age", and once the final GOAWAY is out its
  // streams have that long to end (gRFC A9). LimitAge() sets another age for one connection.
  Duration connection_age_max = kForever;
  Duration connection_age_grace = kForever;

  // From the first GOAWAY of a drain to the final one, when the PING between them is not answered.
  Duration drain_ping_timeout = std::chrono::seconds(5);
  // After this long without traffic the connection gives its buffers and caches back. Longer saves
  // allocations on connections with pauses and costs memory on idle ones.
  Duration idle_release_delay = std::chrono::seconds(1);

  // Measured by the owner of the process's memory; may be null. Must outlive the connections.
  const MemoryPressureLevel* memory_pressure = nullptr;

  friend bool operator==(const ConnectionOptions& a, const ConnectionOptions& b) = default;
};

// One set per worker; written by its thread only.
struct ConnectionCounters {
  uint64_t connections_opened = 0;
  uint64_t connections_failed = 0;  // ended by a violation
  // Ended, or never begun, because memory was exhausted.
  uint64_t connections_out_of_memory = 0;
  uint64_t streams_opened = 0;
  uint64_t streams_refused = 0;
  uint64_t streams_reset_by_peer = 0;
  uint64_t streams_reset_by_us = 0;
  uint64_t frames_received = 0;
  uint64_t header_blocks_memoised = 0;  // received blocks answered from the memo
  uint64_t header_blocks_decoded = 0;
  uint64_t output_templates_memoised = 0;
  uint64_t output_blocks_encoded = 0;
  uint64_t reads_paused = 0;
  uint64_t idle_releases = 0;                 // see ConnectionOptions::idle_release_delay
  uint64_t dormancies = 0;                    // see Connection::FallDormant
  uint64_t violations[kViolationCount] = {};  // by Violation
  LimitCounters limits;

  void Hit(Limit limit) { limits.Hit(limit); }
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_OPTIONS_H_
