#include "server/worker_options.h"

#include <algorithm>
#include <cstdint>

namespace weir::server {
namespace {

// What a client may be expected to put into a CONTINUATION frame: a quarter of the smallest maximum
// frame size.
constexpr uint32_t kContinuationBytesMin = 4096;

uint32_t SaturatedDouble(uint32_t value) { return value > UINT32_MAX / 2 ? UINT32_MAX : 2 * value; }

http2::Allowance ToAllowance(const Allowance& allowance) {
  return {.burst = allowance.burst, .per_second = allowance.per_second};
}

}  // namespace

driver::WorkerOptions WorkerOptionsOf(const ServerOptions& options) {
  driver::WorkerOptions result;
  result.handshake_timeout = options.handshake_timeout;
  result.write_stall_timeout = options.write_stall_timeout;
  http2::ConnectionOptions& http2 = result.http2;
  http2.preface_timeout = options.handshake_timeout;
  http2.max_concurrent_streams = options.max_concurrent_streams;
  http2.stream_window = std::min(options.stream_window_bytes, http2.stream_window);
  http2.stream_window_max = options.stream_window_bytes;
  http2.receive_budget_bytes = options.receive_budget_bytes;
  http2.connection_window = options.connection_window_bytes;
  http2.header_list_size_max = options.max_metadata_bytes;
  http2.header_fields_max = options.max_metadata_entries;
  // Room for metadata somewhat above its limit to arrive and be answered: a block that is larger
  // still ends the connection. (HPACK makes a block smaller than what it says, or hardly larger.)
  http2.header_block_bytes_max =
      std::max(http2.header_block_bytes_max, SaturatedDouble(options.max_metadata_bytes));
  http2.continuation_frames_max =
      std::max(http2.continuation_frames_max, http2.header_block_bytes_max / kContinuationBytesMin);
  http2.stream_high_mark_bytes = options.write_buffer_bytes;
  http2.stream_low_mark_bytes = options.write_buffer_bytes / 4;
  http2.stream_stall_timeout = options.stream_stall_timeout;
  http2.glitches = ToAllowance(options.glitches);
  http2.premature_resets = ToAllowance(options.premature_resets);
  http2.refusals = ToAllowance(options.refused_calls);
  http2.keepalive_time = options.keepalive_time;
  http2.keepalive_timeout = options.keepalive_timeout;
  http2.peer_ping_interval_min = options.min_client_ping_interval;
  if (options.permit_pings_without_calls) {
    http2.peer_ping_interval_min_idle = options.min_client_ping_interval;
  }
  http2.connection_idle_max = options.max_connection_idle;
  http2.connection_age_max = options.max_connection_age;
  http2.connection_age_grace = options.max_connection_age_grace;
  return result;
}

}  // namespace weir::server
