// SETTINGS, PING, and the replies to them.
#include <chrono>
#include <string>

#include "tests/limits/engine_scene.h"

namespace weir::limits {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using http2::ConnectionOptions;
using http2::Limit;

std::string Repeat(uint32_t count, const std::string& octets) {
  std::string all;
  for (uint32_t i = 0; i < count; ++i) all += octets;
  return all;
}

// ---- Queued replies (L9): at the first number reading stops, at the second all is over.

Outcome CausesReplies(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation);
  scene.Sends(Repeat(UpTo(100 - 1, step), Settings()));
  return scene.Finish();
}

Outcome CausesRepliesInOneRead(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation);
  scene.Sends(Repeat(UpTo(1000 - 1, step), Settings()));
  return scene.Finish();
}

// Causes them without end, and reads them.
Outcome ReadsItsReplies(Segmentation segmentation) {
  ConnectionOptions options;
  options.queued_replies_pause = 3;
  options.queued_replies_max = 5;
  EngineScene scene(segmentation, options);
  for (int i = 0; i < 1000; ++i) {
    scene.Sends(Repeat(2, Settings()));
    scene.Hear();
  }
  return scene.Finish();
}

// ---- Entries of SETTINGS (L16).

Outcome SendsSettings(Step step, Segmentation segmentation) {
  constexpr uint16_t kUnknownSetting = 0x0a0a;
  EngineScene scene(segmentation);
  const std::string entry = Octets(kUnknownSetting, 2) + Octets(1, 4);
  scene.Sends(RawFrame(frame_type::kSettings, 0, 0, Repeat(UpTo(32, step), entry)));
  return scene.Finish();
}

// What browsers and load generators begin with.
Outcome BeginsLikeABrowser(Segmentation segmentation) {
  EngineScene scene(
      segmentation, {},
      Settings({{1, 65536}, {2, 0}, {3, 1000}, {4, 6'291'456}, {5, 16384}, {6, 262'144}}) +
          WindowUpdate(0, 15'663'105));
  for (const uint32_t id : {3, 5, 7, 9, 11}) scene.Sends(Priority(id, 0));
  scene.Sends(Headers(13).DependsOn(11).Post("/a.B/C").EndStream());
  scene.Answer(13);
  scene.Hear();
  return scene.Finish();
}

// ---- Time for the acknowledgement of our SETTINGS (L17).

Outcome AcknowledgesAfter(Duration time, Segmentation segmentation) {
  EngineScene scene(segmentation, {}, EngineScene::Silent());
  scene.Sends(std::string(kPreface) + Settings());
  scene.Hear();
  scene.Passes(time);
  if (!scene.connection().has_failed()) scene.Sends(SettingsAck());
  return scene.Finish();
}

Outcome AcknowledgesLate(Step step, Segmentation segmentation) {
  return AcknowledgesAfter(UpTo(10s, step), segmentation);
}

// Far away, and on a line that loses packets.
Outcome AcknowledgesInNineSeconds(Segmentation segmentation) {
  return AcknowledgesAfter(9s, segmentation);
}

// ---- PINGs (L25): one in an interval, and two strikes.

Outcome Pings(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation);
  for (uint32_t i = 0; i < UpTo(3, step); ++i) scene.Sends(Ping(i));
  return scene.Finish();
}

// The interval itself is long enough; a nanosecond less is not.
Outcome PingsAtTheInterval(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.peer_ping_strikes_max = 0;
  EngineScene scene(segmentation, options);
  scene.Sends(OpenRequest(1));
  scene.Sends(Ping(1));
  scene.Passes(5min - OffsetOf(step) * 1ns);
  scene.Sends(Ping(2));
  return scene.Finish();
}

Outcome PingsAtTheIdleInterval(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.peer_ping_strikes_max = 0;
  options.keepalive_time = kForever;
  EngineScene scene(segmentation, options);
  scene.Sends(Ping(1));
  scene.Passes(2h - OffsetOf(step) * 1ns);
  scene.Sends(Ping(2));
  return scene.Finish();
}

// A client that measures its line with a PING for each burst of DATA, and another that asks for a
// sign of life as often as it may.
Outcome MeasuresItsLine(Segmentation segmentation) {
  ConnectionOptions options;
  options.peer_ping_interval_min = 10s;
  EngineScene scene(segmentation, options);
  scene.Sends(Request(1));
  scene.AnswerWith(1, 1);
  for (int i = 0; i < 500; ++i) {
    scene.connection().SendData(scene.peer().Key(1), Buffer::CopyOf(AsBytes("burst")));
    scene.Hear();
    scene.Sends(Ping(7) + WindowUpdate(1, 5) + WindowUpdate(0, 5));
    scene.Hear();
  }
  for (int i = 0; i < 100; ++i) {
    scene.Passes(10s);
    scene.Sends(Ping(8));
    scene.Hear();
  }
  return scene.Finish();
}

}  // namespace

std::vector<LimitCase> ControlFrameCases() {
  const std::string too_many_pings = "GOAWAY 0 ENHANCE_YOUR_CALM 'too_many_pings'";
  return {
      {.limit = Limit::kQueuedRepliesPause,
       .goes = CausesReplies,
       .beyond = {"reading stops", "served"},
       .innocent = ReadsItsReplies},
      {.limit = Limit::kQueuedReplies,
       .goes = CausesRepliesInOneRead,
       .within = {"reading stops", "served"},
       .beyond = {"closed"},
       // Who is closed is not read from any more.
       .also =
           [](Step step) {
             return step == Step::kAbove ? Counts() : Counts{{"queued_replies_pause", 1}};
           },
       .innocent = ReadsItsReplies,
       .is_split = false},
      {.limit = Limit::kSettingsEntries,
       .goes = SendsSettings,
       .beyond = {"GOAWAY 0 ENHANCE_YOUR_CALM 'too_many_settings'"},
       .innocent = BeginsLikeABrowser},
      {.limit = Limit::kSettingsAckTime,
       .goes = AcknowledgesLate,
       .beyond = {"GOAWAY 0 SETTINGS_TIMEOUT 'settings_ack_timeout'"},
       .innocent = AcknowledgesInNineSeconds},
      {.limit = Limit::kPings,
       .goes = Pings,
       .beyond = {too_many_pings},
       .innocent = MeasuresItsLine},
      {.limit = Limit::kPings,
       .variant = "interval",
       .goes = PingsAtTheInterval,
       .beyond = {"GOAWAY 1 ENHANCE_YOUR_CALM 'too_many_pings'"},
       .innocent = MeasuresItsLine},
      {.limit = Limit::kPings,
       .variant = "idle_interval",
       .goes = PingsAtTheIdleInterval,
       .beyond = {too_many_pings},
       .innocent = MeasuresItsLine},
  };
}

}  // namespace weir::limits
