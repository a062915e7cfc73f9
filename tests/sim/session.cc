#include "tests/sim/session.h"

#include <algorithm>

namespace weir::sim {
namespace {

bool LimitsHeaderLists(const ClientProfile& profile) {
  return std::any_of(profile.settings.begin(), profile.settings.end(), [](const auto& setting) {
    return setting.first == setting_id::kMaxHeaderListSize;
  });
}

}  // namespace

ModelLimits LimitsOf(const ServerProfile& profile) {
  const http2::ConnectionOptions& options = profile.worker.http2;
  ModelLimits limits;
  limits.max_concurrent_streams = options.max_concurrent_streams;
  limits.stream_window = options.stream_window;
  limits.stream_window_max = options.stream_window_max;
  limits.connection_window = options.connection_window;
  limits.max_frame_size = options.max_frame_size;
  limits.header_list_size_max = options.header_list_size_max;
  limits.header_fields_max = options.header_fields_max;
  limits.header_block_bytes_max = options.header_block_bytes_max;
  limits.continuation_frames_max = options.continuation_frames_max;
  limits.settings_entries_max = options.settings_entries_max;
  limits.queued_replies_max = options.queued_replies_max;
  limits.ping_strikes_max = options.peer_ping_strikes_max;
  limits.glitches.burst = options.glitches.burst;
  limits.premature_resets.burst = options.premature_resets.burst;
  limits.refusals.burst = options.refusals.burst;
  limits.message_max = profile.receive_message_max;
  limits.preface_timeout = options.preface_timeout;
  limits.settings_ack_timeout = options.settings_ack_timeout;
  limits.header_block_timeout = options.header_block_timeout;
  limits.idle_release_delay = options.idle_release_delay;
  limits.write_stall_timeout = profile.worker.write_stall_timeout;
  limits.keepalive_time = options.keepalive_time;
  return limits;
}

Session::Session(int index, const ClientProfile& profile, std::vector<CallRecord*> calls,
                 const World& world)
    : index_(index),
      profile_(profile),
      calls_(calls),
      world_(world),
      judge_(calls, world.server.send_message_max, !LimitsHeaderLists(profile), world.referee,
             world.trace, world.coverage),
      model_(LimitsOf(world.server), judge_, world.referee, world.trace, world.coverage),
      link_(index, profile.network, *this, world.random, world.events, world.trace),
      client_(index, profile, world.server, calls, link_, world.random, world.events, world.trace,
              world.coverage) {}

void Session::OnServerReads(std::string_view octets) {
  world_.coverage.Add(Behaviour::kClientByte, octets.size());
  model_.OnReadBegins();
  ClientTap tap{*this};
  client_frames_.Feed(octets, tap);
}

std::string_view Session::OnServerWrites(std::string_view octets) {
  world_.coverage.Add(Behaviour::kServerByte, octets.size());
  if (world_.tamper) {
    tampered_.clear();
    TamperTap tamper{world_.tamper, tampered_};
    untouched_frames_.Feed(octets, tamper);
    octets = tampered_;
  }
  ServerTap tap{*this};
  server_frames_.Feed(octets, tap);
  return octets;
}

}  // namespace weir::sim
