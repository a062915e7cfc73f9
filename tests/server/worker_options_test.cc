// The defaults of ServerOptions and of the layers below are written down twice, since a public
// header includes no other: here they are compared, so that they cannot drift apart.
#include "server/worker_options.h"

#include <gtest/gtest.h>

#include <chrono>

namespace weir::server {
namespace {

using namespace std::chrono_literals;

// Every option of a server that a worker or its connections have, too, under some name.
void ExpectTheSame(const driver::WorkerOptions& worker, const ServerOptions& options) {
  EXPECT_EQ(worker.handshake_timeout, options.handshake_timeout);
  EXPECT_EQ(worker.write_stall_timeout, options.write_stall_timeout);
  const http2::ConnectionOptions& http2 = worker.http2;
  EXPECT_EQ(http2.preface_timeout, options.handshake_timeout);
  EXPECT_EQ(http2.max_concurrent_streams, options.max_concurrent_streams);
  EXPECT_EQ(http2.stream_window_max, options.stream_window_bytes);
  EXPECT_EQ(http2.receive_budget_bytes, options.receive_budget_bytes);
  EXPECT_EQ(http2.connection_window, options.connection_window_bytes);
  EXPECT_EQ(http2.header_list_size_max, options.max_metadata_bytes);
  EXPECT_EQ(http2.header_fields_max, options.max_metadata_entries);
  EXPECT_EQ(http2.header_block_bytes_max, 2 * options.max_metadata_bytes);
  EXPECT_EQ(http2.stream_high_mark_bytes, options.write_buffer_bytes);
  EXPECT_EQ(http2.stream_low_mark_bytes, options.write_buffer_bytes / 4);
  EXPECT_EQ(http2.stream_stall_timeout, options.stream_stall_timeout);
  EXPECT_EQ(http2.keepalive_time, options.keepalive_time);
  EXPECT_EQ(http2.keepalive_timeout, options.keepalive_timeout);
  EXPECT_EQ(http2.peer_ping_interval_min, options.min_client_ping_interval);
  EXPECT_EQ(http2.connection_idle_max, options.max_connection_idle);
  EXPECT_EQ(http2.connection_age_max, options.max_connection_age);
  EXPECT_EQ(http2.connection_age_grace, options.max_connection_age_grace);
  const auto expect_equal = [](const http2::Allowance& a, const Allowance& b) {
    EXPECT_EQ(a.burst, b.burst);
    EXPECT_EQ(a.per_second, b.per_second);
  };
  expect_equal(http2.glitches, options.glitches);
  expect_equal(http2.premature_resets, options.premature_resets);
  expect_equal(http2.refusals, options.refused_calls);
}

TEST(WorkerOptionsOf, DefaultsAreTheSameInEveryLayer) {
  const ServerOptions options;
  ExpectTheSame(driver::WorkerOptions(), options);
  // And of nothing else is there another default on the way.
  const driver::WorkerOptions result = WorkerOptionsOf(options);
  const driver::WorkerOptions own;
  EXPECT_TRUE(result.http2 == own.http2);
  EXPECT_EQ(result.handshake_timeout, own.handshake_timeout);
  EXPECT_EQ(result.write_stall_timeout, own.write_stall_timeout);
  EXPECT_EQ(result.linger_timeout, own.linger_timeout);
  EXPECT_EQ(result.linger_bytes_max, own.linger_bytes_max);
  EXPECT_EQ(result.read_buffer_bytes, own.read_buffer_bytes);
  EXPECT_EQ(result.handshakes_max, own.handshakes_max);
  EXPECT_EQ(result.turn_frames_max, own.turn_frames_max);
  EXPECT_EQ(result.service_time_max, own.service_time_max);
  EXPECT_EQ(kNoTimeout, kForever);
}

TEST(WorkerOptionsOf, EveryOptionReachesItsPlace) {
  ServerOptions options;
  options.handshake_timeout = 1s;
  options.write_stall_timeout = 2s;
  options.max_concurrent_streams = 3;
  options.stream_window_bytes = 400'000;
  options.receive_budget_bytes = 5;
  options.connection_window_bytes = 600'000;
  options.max_metadata_bytes = 70'000;
  options.max_metadata_entries = 8;
  options.write_buffer_bytes = 9;
  options.stream_stall_timeout = 10s;
  options.keepalive_time = 11s;
  options.keepalive_timeout = 12s;
  options.min_client_ping_interval = 13s;
  options.max_connection_idle = 14s;
  options.max_connection_age = 15s;
  options.max_connection_age_grace = 16s;
  options.glitches = {.burst = 17, .per_second = 18};
  options.premature_resets = {.burst = 19, .per_second = 20};
  options.refused_calls = {.burst = 21, .per_second = 22};
  ExpectTheSame(WorkerOptionsOf(options), options);
}

TEST(WorkerOptionsOf, PingsWithoutCallsMayBePermitted) {
  ServerOptions options;
  options.min_client_ping_interval = 13s;
  EXPECT_EQ(WorkerOptionsOf(options).http2.peer_ping_interval_min_idle, 2h);
  options.permit_pings_without_calls = true;
  EXPECT_EQ(WorkerOptionsOf(options).http2.peer_ping_interval_min_idle, 13s);
}

// A stream begins with what is asked for, if that is less than the initial window of the RFC.
TEST(WorkerOptionsOf, WindowsBeginNoLargerThanTheyMayBecome) {
  ServerOptions options;
  EXPECT_EQ(WorkerOptionsOf(options).http2.stream_window, 65'535u);
  options.stream_window_bytes = 2000;
  EXPECT_EQ(WorkerOptionsOf(options).http2.stream_window, 2000u);
}

// Metadata above its limit must be able to arrive, so that it can be answered.
TEST(WorkerOptionsOf, BlocksHaveRoomForTwiceTheMetadata) {
  ServerOptions options;
  options.max_metadata_bytes = 1000;
  EXPECT_EQ(WorkerOptionsOf(options).http2.header_block_bytes_max, 32u * 1024);
  EXPECT_EQ(WorkerOptionsOf(options).http2.continuation_frames_max, 8u);
  options.max_metadata_bytes = 1024 * 1024;
  EXPECT_EQ(WorkerOptionsOf(options).http2.header_block_bytes_max, 2u * 1024 * 1024);
  EXPECT_EQ(WorkerOptionsOf(options).http2.continuation_frames_max, 512u);
  options.max_metadata_bytes = UINT32_MAX;
  EXPECT_EQ(WorkerOptionsOf(options).http2.header_block_bytes_max, UINT32_MAX);
}

}  // namespace
}  // namespace weir::server
