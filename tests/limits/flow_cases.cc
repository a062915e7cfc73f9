// What waits in either direction: messages for the budget, output for its reader, responses for
// their windows.
//
// A limit on messages that were parsed and not delivered needs no case, since there is none: a
// message is parsed when its handler asks for it, and what has come of the next ones stays in the
// stream's window.
#include <algorithm>
#include <chrono>
#include <string>

#include "tests/limits/engine_scene.h"

namespace weir::limits {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using http2::ConnectionOptions;
using http2::Limit;

// ---- The budget of a connection for large messages (L19).

ConnectionOptions SmallBudget() {
  ConnectionOptions options;
  options.stream_window = options.stream_window_max = 1000;
  options.receive_budget_bytes = 10'000;
  return options;
}

bool HearsWindowUpdate(EngineScene& scene, uint32_t stream_id) {
  const std::string begin = "WINDOW_UPDATE " + std::to_string(stream_id) + " ";
  const std::vector<std::string> heard = scene.Hear();
  return std::any_of(heard.begin(), heard.end(),
                     [&](const std::string& line) { return line.starts_with(begin); });
}

// Two messages that exceed their windows; the second as far as the first has left of the budget.
Outcome SendsTwoLargeMessages(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation, SmallBudget());
  scene.Sends(OpenRequest(1) + OpenRequest(3));
  scene.connection().ExtendWindow(scene.peer().Key(1), 1000 + 6000);
  scene.connection().ExtendWindow(scene.peer().Key(3), 1000 + UpTo(4000, step));
  if (!HearsWindowUpdate(scene, 3)) {
    scene.Note("the second message waits");
    scene.Sends(LastData(1, std::string(7000, 'x')));
    scene.Note(HearsWindowUpdate(scene, 3) ? "and comes" : "and does not come");
  }
  return scene.Finish();
}

// Larger than the whole budget, one after the other.
Outcome SendsHugeMessages(Segmentation segmentation) {
  EngineScene scene(segmentation, SmallBudget());
  for (uint32_t id = 1; id < 10; id += 2) {
    scene.Sends(OpenRequest(id));
    scene.connection().ExtendWindow(scene.peer().Key(id), 30'000);
    if (!HearsWindowUpdate(scene, id)) scene.Note("a message waits");
    scene.Sends(Data(id, std::string(15'000, 'x')) + LastData(id, std::string(15'000, 'x')));
    scene.Answer(id);
    scene.Hear();
  }
  return scene.Finish();
}

// ---- Output that is not read (L10): at the number reading stops.

Outcome LeavesOutputLying(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.output_pause_bytes = 1000;
  EngineScene scene(segmentation, options);
  scene.Sends(Request(1));
  scene.AnswerWith(1, 0);
  const size_t headers = scene.connection().buffered_bytes() + 9;
  uint8_t* const place =
      scene.connection().PlaceData(scene.peer().Key(1), UpTo(1000 - 1, step) - headers);
  if (place == nullptr) scene.Note("no place");
  scene.Sends("");  // asked after each read
  return scene.Finish();
}

// Takes small messages by the thousand, and gives its windows back now and then.
Outcome TakesManySmallMessages(Segmentation segmentation) {
  EngineScene scene(segmentation);
  scene.Sends(Request(1));
  scene.AnswerWith(1, 0);
  for (int i = 0; i < 100; ++i) {
    for (int j = 0; j < 50; ++j) {
      scene.connection().SendData(scene.peer().Key(1),
                                  Buffer::CopyOf(AsBytes(std::string(600, 'x'))));
    }
    scene.Hear();
    scene.Sends(WindowUpdate(1, 30'000) + WindowUpdate(0, 30'000));
  }
  return scene.Finish();
}

// ---- Responses that their windows hold (L12).

Outcome WaitsForAWindow(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation, {}, Settings({{4, 0}}));
  scene.Sends(Request(1));
  scene.AnswerWith(1, 10'000);
  scene.Hear();
  scene.Passes(UpTo(120s, step));
  return scene.Finish();
}

// In the same time, with a little progress: a kilobyte is enough.
Outcome GetsALittleThrough(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation, {}, Settings({{4, 0}}));
  scene.Sends(Request(1));
  scene.AnswerWith(1, 10'000);
  scene.Hear();
  scene.Passes(60s);
  scene.Sends(WindowUpdate(1, static_cast<uint32_t>(1024 - OffsetOf(step))));
  scene.Hear();
  scene.Passes(60s);
  return scene.Finish();
}

// Stopped for a minute in the middle of a response, again and again (garbage collection, a disk).
Outcome PausesForAMinute(Segmentation segmentation) {
  EngineScene scene(segmentation, {}, Settings({{4, 0}}));
  scene.Sends(Request(1));
  scene.AnswerWith(1, 20'000);
  for (int i = 0; i < 9; ++i) {
    scene.Hear();
    scene.Passes(60s);
    scene.Sends(WindowUpdate(1, 2000));
  }
  return scene.Finish();
}

}  // namespace

std::vector<LimitCase> FlowCases() {
  return {
      {.limit = Limit::kReceiveBudget,
       .goes = SendsTwoLargeMessages,
       .beyond = {"the second message waits", "and comes", "served"},
       .innocent = SendsHugeMessages},
      {.limit = Limit::kOutputPause,
       .goes = LeavesOutputLying,
       .beyond = {"reading stops", "served"},
       .innocent = TakesManySmallMessages},
      {.limit = Limit::kStreamStall,
       .goes = WaitsForAWindow,
       .beyond = {"RST_STREAM 1 CANCEL", "served"},
       .innocent = PausesForAMinute},
      {.limit = Limit::kStreamStall,
       .variant = "bytes",
       .goes = GetsALittleThrough,
       .beyond = {"RST_STREAM 1 CANCEL", "served"},
       .innocent = PausesForAMinute},
  };
}

}  // namespace weir::limits
