#include "tests/sim/scenario.h"

#include <errno.h>

#include <algorithm>
#include <chrono>

#include "tests/sim/wire.h"

namespace weir::sim {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Log-uniform, so that the order of two things is open whatever their usual distance.
Duration DurationUpTo(Random& random, Duration most) {
  return Duration(static_cast<int64_t>(random.Magnitude(static_cast<uint64_t>(most.count()))));
}

uint32_t Number(Random& random, uint64_t most) {
  return static_cast<uint32_t>(random.Magnitude(most));
}

// ---- the server

http2::Allowance MakeAllowance(Random& random) {
  return {.burst = static_cast<uint32_t>(random.Between(1, 12)),
          .per_second = static_cast<uint32_t>(random.Between(1, 20))};
}

void MakeHttp2Options(Random& random, http2::ConnectionOptions* options) {
  options->max_concurrent_streams = random.OneIn(2) ? 100 : 1 + Number(random, 6);
  if (random.OneIn(2)) options->stream_window = 1 + Number(random, 200'000);
  if (random.OneIn(3)) {
    options->stream_window_max = options->stream_window + Number(random, 200'000);
  }
  if (random.OneIn(3)) options->receive_budget_bytes = random.Magnitude(30'000);
  if (random.OneIn(2)) options->connection_window = 65'535 + Number(random, 1'000'000);
  if (random.OneIn(4)) options->max_frame_size = 16'384 + Number(random, 50'000);
  if (random.OneIn(12)) {
    // One frame can exceed the connection's window.
    options->connection_window = 65'535;
    options->max_frame_size = 70'000;
  }
  if (random.OneIn(2)) options->header_list_size_max = 700 + Number(random, 20'000);
  if (random.OneIn(2)) options->header_fields_max = 16 + Number(random, 100);
  if (random.OneIn(3)) options->output_batch_bytes = 1 + Number(random, 40'000);
  if (random.OneIn(3)) options->output_pause_bytes = 1 + Number(random, 60'000);
  if (random.OneIn(2)) options->stream_high_mark_bytes = 1 + Number(random, 60'000);
  options->stream_low_mark_bytes = options->stream_high_mark_bytes / 4;
  if (random.OneIn(4)) options->queued_replies_pause = 1 + Number(random, 20);
  if (random.OneIn(4)) {
    // A client that means well sends fewer than a dozen frames that want a reply.
    options->queued_replies_max = options->queued_replies_pause + 12 + Number(random, 50);
  }
  if (random.OneIn(6)) options->glitches = MakeAllowance(random);
  if (random.OneIn(6)) options->premature_resets = MakeAllowance(random);
  if (random.OneIn(6)) options->refusals = MakeAllowance(random);
  if (random.OneIn(8)) {
    options->peer_ping_interval_min = DurationUpTo(random, seconds(1));
    options->peer_ping_interval_min_idle = options->peer_ping_interval_min;
  }
  if (random.OneIn(3)) options->idle_release_delay = DurationUpTo(random, seconds(2));
  if (random.OneIn(3)) options->drain_ping_timeout = DurationUpTo(random, seconds(5));
}

ServerProfile MakeServer(Random& random) {
  ServerProfile profile;
  MakeHttp2Options(random, &profile.worker.http2);
  profile.worker.read_buffer_bytes = random.OneIn(2) ? 64 * 1024 : 64 + Number(random, 8'000);
  if (random.OneIn(3)) profile.worker.linger_bytes_max = 1 + Number(random, 64 * 1024);
  profile.receive_message_max = random.OneIn(2) ? 4 << 20 : 16'384 + Number(random, 100'000);
  profile.send_message_max = random.OneIn(4) ? 2'000 + Number(random, 50'000) : SIZE_MAX;
  if (random.OneIn(4)) {
    profile.interceptors = static_cast<int>(random.Between(1, 2));
    profile.refuses_some = random.OneIn(2);
  }
  if (random.OneIn(3)) profile.loop.spurious_one_in = 2 + Number(random, 20);
  if (random.OneIn(3)) profile.loop.overlooked_one_in = 2 + Number(random, 10);
  if (random.OneIn(40)) profile.loop.watch_fails_one_in = 2;
  if (random.OneIn(2)) profile.turn_delay_max = DurationUpTo(random, milliseconds(5));
  if (random.OneIn(12)) profile.long_pause_one_in = 20 + Number(random, 100);
  if (random.OneIn(3)) profile.loop.slow_service_one_in = 5 + Number(random, 60);
  return profile;
}

// ---- the network

NetworkProfile MakeNetwork(Random& random, bool is_calm) {
  NetworkProfile profile;
  if (random.OneIn(2)) profile.delay_max = DurationUpTo(random, milliseconds(100));
  if (random.OneIn(2)) profile.segments_max = 1 + Number(random, 8);
  // Octet by octet, a header block of 20 KB would take longer than the server waits for it.
  if (random.OneIn(4)) profile.read_max = (is_calm ? 64 : 1) + random.Magnitude(500);
  if (random.OneIn(3)) profile.write_max = 100 + random.Magnitude(20'000);
  // Slower than this, a response does not make the progress that the server asks for.
  if (random.OneIn(3)) profile.send_buffer = (is_calm ? 64 : 1) + random.Magnitude(60'000);
  if (random.OneIn(4)) profile.would_block_one_in = 2 + Number(random, 20);
  if (!is_calm && random.OneIn(4)) {
    uint32_t& fault = random.OneIn(2) ? profile.fail_read_at : profile.fail_write_at;
    fault = 1 + Number(random, 40);
    profile.error_number =
        random.Pick({ECONNRESET, ETIMEDOUT, EPIPE, ENOBUFS, ENOMEM, EHOSTUNREACH});
  }
  return profile;
}

// ---- calls

size_t MessageSize(Random& random, size_t budget) { return random.Magnitude(budget); }

std::vector<size_t> MessageSizes(Random& random, bool is_many, size_t budget) {
  std::vector<size_t> sizes;
  const uint64_t count = is_many ? random.Magnitude(8) : 1;
  for (uint64_t i = 0; i < count; ++i) sizes.push_back(MessageSize(random, budget / count));
  return sizes;
}

Flaw MakeFlaw(Random& random, const CallPlan& plan) {
  const auto flaw = static_cast<Flaw>(random.Between(1, static_cast<uint64_t>(Flaw::kCount) - 1));
  const bool needs_single = flaw == Flaw::kMessageMissing || flaw == Flaw::kMessageTwice;
  return needs_single && HasManyRequests(plan.shape) ? Flaw::kNone : flaw;
}

void MakeHandler(Random& random, CallPlan* plan) {
  plan->reply_sizes =
      MessageSizes(random, HasManyReplies(plan->shape), random.OneIn(3) ? 60'000 : 3'000);
  plan->answers_each = plan->shape == Shape::kChat && random.OneIn(2);
  if (HasManyRequests(plan->shape) && random.OneIn(4)) plan->reads_max = random.Below(4);
  plan->sends_headers_early = random.OneIn(5);
  plan->has_reply_metadata = random.OneIn(6);
  plan->has_large_reply_metadata = random.OneIn(100);
  if (random.OneIn(4)) plan->status = static_cast<int>(random.Between(1, 16));
  plan->throws = random.OneIn(30);
  if (random.OneIn(3)) plan->sleep_first = DurationUpTo(random, milliseconds(200));
  if (random.OneIn(6)) plan->sleep_between = DurationUpTo(random, milliseconds(50));
}

CallPlan MakeCall(Random& random, bool is_calm) {
  CallPlan plan;
  plan.shape = static_cast<Shape>(random.Below(4));
  plan.style = random.OneIn(4) ? Style::kInline : Style::kCoroutine;
  if (random.OneIn(30)) plan.style = Style::kPool;
  if (plan.style != Style::kCoroutine) plan.shape = Shape::kUnary;
  plan.request_sizes =
      MessageSizes(random, HasManyRequests(plan.shape), random.OneIn(3) ? 16'000 : 1'500);
  MakeHandler(random, &plan);
  if (random.OneIn(12)) plan.flaw = MakeFlaw(random, plan);
  plan.ends_with_trailers = random.OneIn(10);
  plan.has_large_metadata = random.OneIn(10);
  plan.is_id_in_metadata = HasManyRequests(plan.shape) || plan.request_sizes.front() < 4 ||
                           plan.flaw != Flaw::kNone || random.OneIn(3);
  if (is_calm) return plan;
  // In microseconds, since that is what the client writes.
  if (random.OneIn(5)) plan.timeout = microseconds(1 + random.Magnitude(300'000));
  if (random.OneIn(5)) {
    plan.is_cancelled = true;
    plan.cancel_after = DurationUpTo(random, milliseconds(300));
  }
  plan.cancels_itself = random.OneIn(20);
  if (random.OneIn(8)) plan.lingers = DurationUpTo(random, seconds(2));
  return plan;
}

// ---- clients

void AddSettings(Random& random, ClientProfile* client) {
  if (random.OneIn(2)) {
    client->initial_window = random.Pick({0u, 1u, 10u, 1'000u, 70'000u, 1u << 20});
    client->settings.emplace_back(setting_id::kInitialWindowSize, client->initial_window);
  }
  if (random.OneIn(4)) {
    client->settings.emplace_back(setting_id::kMaxFrameSize, 16'384 + Number(random, 60'000));
  }
  if (random.OneIn(4)) {
    client->settings.emplace_back(setting_id::kHeaderTableSize, Number(random, 8'192));
  }
  if (random.OneIn(6)) {
    client->settings.emplace_back(setting_id::kMaxHeaderListSize, 200 + Number(random, 4'000));
  }
  if (random.OneIn(4)) client->settings.emplace_back(setting_id::kEnablePush, 0);
  if (random.OneIn(8)) client->settings.emplace_back(0x1234, Number(random, UINT32_MAX));
}

void AddTrouble(Random& random, ClientProfile* client) {
  if (random.OneIn(2)) {
    client->breach =
        static_cast<Breach>(random.Between(1, static_cast<uint64_t>(Breach::kCount) - 1));
  }
  if (random.OneIn(6)) client->credit = Credit::kNever;
  client->patience = random.OneIn(8) ? Duration(seconds(400)) : DurationUpTo(random, seconds(40));
  if (client->breach == Breach::kTooManyPings) client->pings = 0;
  client->leave = static_cast<Departure>(random.Below(5));
}

ClientProfile MakeClient(Random& random, const ServerProfile& server) {
  ClientProfile client;
  // Credit of a few octets counts against a small allowance, too.
  client.is_calm = random.OneIn(2) && server.loop.watch_fails_one_in == 0 &&
                   server.worker.http2.glitches.burst > 100;
  client.network = MakeNetwork(random, client.is_calm);
  client.starts_at = DurationUpTo(random, milliseconds(50));
  client.pace_max = random.OneIn(2) ? Duration::zero() : DurationUpTo(random, milliseconds(20));
  client.patience = std::chrono::hours(2);
  AddSettings(random, &client);
  if (random.OneIn(2)) client.connection_credit = 1 + Number(random, 1 << 20);
  client.credit = static_cast<Credit>(random.Below(3));
  if (random.OneIn(4)) client.settings_changes = static_cast<uint32_t>(random.Between(1, 3));
  if (random.OneIn(5)) {
    client.stalls = static_cast<uint32_t>(random.Between(1, 3));
    // Shorter than the server's patience with a client that takes nothing.
    client.stall_max = client.is_calm ? milliseconds(2'500) : seconds(30);
  }
  const uint64_t calls = random.OneIn(20) ? 0 : 1 + random.Magnitude(random.OneIn(6) ? 16 : 5);
  for (uint64_t i = 0; i < calls; ++i) client.calls.push_back(MakeCall(random, client.is_calm));
  if (random.OneIn(2)) client.calls_at_once = 1 + Number(random, 4);
  const bool may_be_refused = !client.is_calm || server.worker.http2.refusals.burst > 100;
  client.ignores_concurrency_at_start = may_be_refused && random.OneIn(4);
  if (random.OneIn(3)) client.chunk_max = 1 + Number(random, 3'000);
  if (random.OneIn(4)) client.padded_one_in = 1 + Number(random, 4);
  if (random.OneIn(4)) client.continuation_one_in = 1 + Number(random, 3);
  // Frames without effect are an attack when there are more of them than a small allowance.
  const bool may_glitch = !client.is_calm || server.worker.http2.glitches.burst > 100;
  if (may_glitch && random.OneIn(6)) client.empty_data = Number(random, 12);
  if (may_glitch && random.OneIn(4)) client.priorities = Number(random, 4);
  if (may_glitch && random.OneIn(4)) client.unknown_frames = Number(random, 4);
  if (random.OneIn(3)) client.pings = static_cast<uint32_t>(random.Between(1, 2));
  client.leave = random.Pick({Departure::kGoAway, Departure::kClose, Departure::kStay});
  if (!client.is_calm) AddTrouble(random, &client);
  return client;
}

}  // namespace

const char* NameOf(Breach breach) {
  static constexpr const char* kNames[] = {"none",
                                           "bad preface",
                                           "first frame not SETTINGS",
                                           "stream window exceeded",
                                           "connection window exceeded",
                                           "WINDOW_UPDATE by 0",
                                           "stream window overflow",
                                           "connection window overflow",
                                           "SETTINGS out of range",
                                           "SETTINGS length",
                                           "SETTINGS ACK with payload",
                                           "SETTINGS ACK unexpected",
                                           "initial window overflow",
                                           "even stream id",
                                           "lower stream id",
                                           "frame on idle stream",
                                           "frame after END_STREAM",
                                           "frame after RST_STREAM",
                                           "frame too large",
                                           "frame on wrong stream",
                                           "frame length",
                                           "CONTINUATION alone",
                                           "header block interrupted",
                                           "PUSH_PROMISE",
                                           "padding",
                                           "compression",
                                           "trailers without END_STREAM",
                                           "self-dependency",
                                           "too many streams",
                                           "too many PINGs",
                                           "too many glitches",
                                           "too many resets",
                                           "too many settings",
                                           "too many CONTINUATIONs",
                                           "header block too large",
                                           "header list bomb",
                                           "unfinished header block",
                                           "no SETTINGS ACK",
                                           "no preface",
                                           "unread replies"};
  static_assert(std::size(kNames) == static_cast<size_t>(Breach::kCount));
  return kNames[static_cast<size_t>(breach)];
}

Scenario MakeScenario(Random& random) {
  Scenario scenario;
  scenario.server = MakeServer(random);
  const uint64_t clients = 1 + random.Magnitude(2);
  for (uint64_t i = 0; i < clients; ++i) {
    scenario.clients.push_back(MakeClient(random, scenario.server));
  }
  if (random.OneIn(3)) scenario.drain_at = DurationUpTo(random, milliseconds(500));
  if (random.OneIn(8)) scenario.abort_at = DurationUpTo(random, seconds(1));
  scenario.aborts_at_end = random.OneIn(4);
  return scenario;
}

}  // namespace weir::sim
