// Opening streams, and doing nothing useful with them.
#include <chrono>
#include <string>

#include "tests/limits/engine_scene.h"

namespace weir::limits {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using http2::ConnectionOptions;
using http2::Limit;

constexpr uint32_t StreamId(uint32_t index) { return 2 * index + 1; }

// ---- Concurrent streams (L1).

Outcome OpensStreams(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.max_concurrent_streams = 3;
  EngineScene scene(segmentation, options);
  for (uint32_t i = 0; i < UpTo(3, step); ++i) scene.Sends(Request(StreamId(i)));
  scene.Hear();
  scene.Answer(1);
  return scene.Finish();
}

// As many at once as it may have, over and over.
Outcome UsesAllItsStreams(Segmentation segmentation) {
  ConnectionOptions options;
  options.max_concurrent_streams = 3;
  EngineScene scene(segmentation, options);
  for (uint32_t i = 0; i < 900; i += 3) {
    for (uint32_t j = i; j < i + 3; ++j) scene.Sends(Request(StreamId(j)));
    for (uint32_t j = i; j < i + 3; ++j) scene.Answer(StreamId(j));
    scene.Hear();
  }
  return scene.Finish();
}

// ---- Refusals (L2).

Outcome IsRefused(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.max_concurrent_streams = 1;
  options.refusals = {.burst = 5, .per_second = 1};
  EngineScene scene(segmentation, options);
  for (uint32_t i = 0; i < 5; ++i) scene.Sends(Request(StreamId(i)));
  scene.Skip();
  if (step != Step::kBelow) scene.Sends(Request(StreamId(5)));
  if (step == Step::kAt) scene.Skip();
  if (step == Step::kAbove) {
    scene.Skip();
    scene.Sends(Request(StreamId(6)));
  }
  scene.Answer(1);
  return scene.Finish();
}

// 200 calls at once of a client that was told 100: it repeats those that are refused.
Outcome OpensTwiceItsStreams(Segmentation segmentation) {
  EngineScene scene(segmentation);
  size_t refused = 0;
  for (uint32_t i = 0; i < 200; ++i) {
    scene.Sends(Request(StreamId(i)));
    for (const std::string& line : scene.Skip()) refused += line.ends_with("REFUSED_STREAM");
  }
  if (refused != 100) scene.Note(std::to_string(refused) + " calls are refused");
  for (uint32_t i = 0; i < 100; ++i) {
    scene.Answer(StreamId(i));
    scene.Sends(Request(StreamId(200 + i)));
    scene.Answer(StreamId(200 + i));
  }
  scene.Hear();
  return scene.Finish();
}

// ---- Premature resets (L14).

Outcome TakesRequestsBack(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.premature_resets = {.burst = 5, .per_second = 1};
  EngineScene scene(segmentation, options);
  for (uint32_t i = 0; i < UpTo(5, step); ++i) {
    scene.Sends(Request(StreamId(i)) + RstStream(StreamId(i)));
  }
  return scene.Finish();
}

// A hedging client: takes back half of its calls, 500 at a time, 180 a second. Limits of about a
// thousand have hurt such clients elsewhere.
Outcome HedgesItsCalls(Segmentation segmentation) {
  EngineScene scene(segmentation);
  uint32_t next = 0;
  for (int burst = 0; burst < 6; ++burst) {
    for (int round = 0; round < 10; ++round) {
      std::string calls;
      for (uint32_t i = next; i < next + 100; ++i) calls += Request(StreamId(i));
      for (uint32_t i = next; i < next + 50; ++i) calls += RstStream(StreamId(i));
      scene.Sends(calls);
      for (uint32_t i = next + 50; i < next + 100; ++i) scene.Answer(StreamId(i));
      scene.Hear();
      next += 100;
    }
    scene.Passes(2800ms);
  }
  return scene.Finish();
}

// ---- Glitches (L13), of each kind.

using FrameMaker = std::string (*)(uint32_t index);

template <FrameMaker frame>
Outcome SendsGlitches(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.glitches = {.burst = 5, .per_second = 1};
  EngineScene scene(segmentation, options);
  scene.Sends(OpenRequest(1));
  scene.Skip();
  for (uint32_t i = 0; i < UpTo(5, step); ++i) {
    scene.Skip();  // RST_STREAMs of stream errors
    scene.Sends(frame(i));
  }
  if (step != Step::kAbove) scene.Skip();
  return scene.Finish();
}

std::string PriorityFrame(uint32_t) { return Priority(1, 3); }
std::string UnknownFrame(uint32_t) { return RawFrame(frame_type::kUnknown, 0, 1, "what?"); }
std::string EmptyData(uint32_t) { return Data(1, ""); }
std::string StreamError(uint32_t index) {
  return Headers(StreamId(index + 1)).Post("/a.B/C").Field("te", "gzip").EndStream();
}
std::string UnaskedPingAck(uint32_t) { return PingAck(4711); }

// Tiny frames with an effect (chat, prices): messages of one octet both ways, and windows given
// back in small steps, beside the PRIORITY frames that some clients begin with.
Outcome Chats(Segmentation segmentation) {
  ConnectionOptions options;
  options.glitches = {.burst = 10, .per_second = 1};
  EngineScene scene(segmentation, options);
  for (const uint32_t id : {3, 5, 7, 9, 11}) scene.Sends(Priority(id, 0));
  scene.Sends(OpenRequest(1));
  scene.AnswerWith(1, 1);
  for (int i = 0; i < 2000; ++i) {
    scene.Sends(Data(1, "x"));
    scene.connection().ReleaseWindow(scene.peer().Key(1), 1);
    scene.connection().SendData(scene.peer().Key(1), Buffer::CopyOf(AsBytes("y")));
    scene.Hear();
    scene.Sends(WindowUpdate(1, 1) + WindowUpdate(0, 1));
  }
  return scene.Finish();
}

template <FrameMaker frame>
LimitCase Glitch(std::string variant, uint32_t last_stream) {
  return {.limit = Limit::kGlitches,
          .variant = std::move(variant),
          .goes = SendsGlitches<frame>,
          .beyond = {"GOAWAY " + std::to_string(last_stream) +
                     " ENHANCE_YOUR_CALM 'too_many_glitches'"},
          .innocent = Chats};
}

}  // namespace

std::vector<LimitCase> StreamCases() {
  return {
      {.limit = Limit::kConcurrentStreams,
       .goes = OpensStreams,
       .beyond = {"RST_STREAM 7 REFUSED_STREAM", "served"},
       .innocent = UsesAllItsStreams},
      {.limit = Limit::kRefusals,
       .goes = IsRefused,
       .beyond = {"GOAWAY 1 ENHANCE_YOUR_CALM 'too_many_refusals'"},
       // Each stream that is refused was one too many.
       .also =
           [](Step step) {
             return Counts{{"concurrent_streams", UpTo(5, step)}};
           },
       .innocent = OpensTwiceItsStreams,
       .innocent_counts = {{"concurrent_streams", 100}}},
      {.limit = Limit::kPrematureResets,
       .goes = TakesRequestsBack,
       .beyond = {"GOAWAY 11 ENHANCE_YOUR_CALM 'too_many_resets'"},
       .innocent = HedgesItsCalls},
      Glitch<PriorityFrame>("priority", 1),
      Glitch<UnknownFrame>("unknown_frames", 1),
      Glitch<EmptyData>("empty_data", 1),
      Glitch<StreamError>("stream_errors", 1),
      Glitch<UnaskedPingAck>("unasked_acks", 1),
  };
}

}  // namespace weir::limits
