// Connections whose peer is not there yet, not there any more, idle, or old.
#include <chrono>
#include <string>

#include "tests/limits/engine_scene.h"

namespace weir::limits {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using http2::ConnectionOptions;
using http2::Limit;

constexpr uint64_t kAlive = 0x61'6c'69'76'65'3f'3f'3f;  // "alive???"
constexpr uint64_t kDrain = 0x64'72'61'69'6e'21'21'21;  // "drain!!!"

std::string PingLine(uint64_t payload) { return "PING " + std::to_string(payload); }

// ---- The preface (L22).

Outcome SaysNothing(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation, {}, EngineScene::Silent());
  scene.Passes(UpTo(10s, step));
  if (step != Step::kAbove) scene.Sends(std::string(kPreface) + Settings() + SettingsAck());
  return scene.Finish();
}

Outcome BeginsSlowly(Segmentation segmentation) {
  EngineScene scene(segmentation, {}, EngineScene::Silent());
  const std::string octets = std::string(kPreface) + Settings() + SettingsAck();
  for (const char octet : octets) {
    scene.Sends(std::string(1, octet));
    scene.Passes(200ms);
  }
  return scene.Finish();
}

// ---- Signs of life (gRFC A8).

Outcome IsGone(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation);
  scene.Passes(2h);
  scene.Hear();
  scene.Passes(UpTo(20s, step));
  return scene.Finish();
}

// Has nothing to say for a day, but answers.
Outcome IsQuiet(Segmentation segmentation) {
  EngineScene scene(segmentation);
  for (int i = 0; i < 12; ++i) {
    scene.Passes(2h + 19s);
    if (scene.Skip() != std::vector<std::string>{PingLine(kAlive)}) scene.Note("is not asked");
    scene.Sends(PingAck(kAlive));
  }
  return scene.Finish();
}

// ---- Idle connections (gRFC A9).

Outcome HasNoCalls(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.connection_idle_max = 30s;
  EngineScene scene(segmentation, options);
  scene.Passes(UpTo(30s, step));
  return scene.Finish();
}

// Calls now and then, and one that takes long.
Outcome HasACallNowAndThen(Segmentation segmentation) {
  ConnectionOptions options;
  options.connection_idle_max = 30s;
  EngineScene scene(segmentation, options);
  for (uint32_t id = 1; id < 20; id += 2) {
    scene.Passes(29s);
    scene.Sends(Request(id));
    if (id == 9) scene.Passes(300s);
    scene.Answer(id);
    scene.Hear();
  }
  return scene.Finish();
}

// ---- Old connections (gRFC A9).

Outcome GrowsOld(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.connection_age_max = 60s;
  EngineScene scene(segmentation, options);
  scene.Passes(UpTo(60s, step));
  return scene.Finish();
}

// A call that is under way when its connection comes of age is finished, and the connection then
// ends by itself.
Outcome FinishesItsCall(Segmentation segmentation) {
  ConnectionOptions options;
  options.connection_age_max = 60s;
  EngineScene scene(segmentation, options);
  scene.Sends(Request(1));
  scene.Passes(60s);
  scene.Sends(PingAck(kDrain));
  scene.Skip();
  scene.Passes(1h);
  scene.Answer(1);
  const std::vector<std::string> heard = scene.Hear();
  if (heard.size() == 2 && heard.back() == "HEADERS 1 end grpc-status=0" &&
      scene.connection().IsFinished()) {
    scene.Note("served");
  }
  return {scene.seen(), CountsOf(scene.peer().counters().limits)};
}

}  // namespace

std::vector<LimitCase> LifeCases() {
  return {
      {.limit = Limit::kPrefaceTime,
       .goes = SaysNothing,
       .beyond = {"GOAWAY 0 PROTOCOL_ERROR 'preface_timeout'"},
       .innocent = BeginsSlowly},
      {.limit = Limit::kKeepalive,
       .goes = IsGone,
       .within = {PingLine(kAlive), "served"},
       .beyond = {PingLine(kAlive), "closed"},
       .innocent = IsQuiet},
      {.limit = Limit::kConnectionIdle,
       .goes = HasNoCalls,
       .beyond = {"GOAWAY 2147483647 NO_ERROR 'max_idle'", PingLine(kDrain), "served"},
       .innocent = HasACallNowAndThen},
      {.limit = Limit::kConnectionAge,
       .goes = GrowsOld,
       .beyond = {"GOAWAY 2147483647 NO_ERROR 'max_age'", PingLine(kDrain), "served"},
       .innocent = FinishesItsCall,
       .innocent_counts = {{"connection_age", 1}}},
  };
}

}  // namespace weir::limits
