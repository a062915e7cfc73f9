// Field sections, from their octets to their lines. What a server answers to metadata that is too
// large is with the calls.
#include <chrono>
#include <string>

#include "tests/limits/engine_scene.h"

namespace weir::limits {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using http2::ConnectionOptions;
using http2::Limit;

const std::string kRequest = hpack::Request("/a.B/C");
// RFC 9113 §6.5.2: 32 octets for each line beside its name and value.
constexpr size_t kRequestListSize = (7 + 4 + 32) + (7 + 4 + 32) + (5 + 6 + 32) + (10 + 9 + 32);
constexpr uint32_t kRequestFields = 4;

std::string FieldOf(size_t value_size) { return hpack::Literal("x", std::string(value_size, 'v')); }

// A block of a request of exactly so many octets.
std::string BlockOf(size_t size) {
  const size_t overhead = FieldOf(size).size() - size;
  return kRequest + FieldOf(size - kRequest.size() - overhead);
}

// A request whose lines count so much.
std::string RequestOfListSize(uint32_t stream_id, size_t list_size) {
  return Headers(stream_id)
      .Block(kRequest + FieldOf(list_size - kRequestListSize - 32 - 1))
      .EndStream();
}

std::string RequestOfFields(uint32_t stream_id, uint32_t fields) {
  std::string block = kRequest;
  for (uint32_t i = kRequestFields; i < fields; ++i) block += hpack::Literal("x", "v");
  return Headers(stream_id).Block(block).EndStream();
}

Outcome AnswersTheFirst(EngineScene& scene) {
  scene.Answer(1);
  return scene.Finish();
}

// ---- Octets of a block (L3).

Outcome SendsABlock(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.header_block_bytes_max = 2000;
  EngineScene scene(segmentation, options);
  scene.Sends(Headers(1).Block(BlockOf(UpTo(2000, step))).EndStream());
  return AnswersTheFirst(scene);
}

// The sum counts, wherever it is cut.
Outcome SendsABlockInTwo(Step step, Segmentation segmentation) {
  ConnectionOptions options;
  options.header_block_bytes_max = 2000;
  EngineScene scene(segmentation, options);
  const std::string block = BlockOf(UpTo(2000, step));
  scene.Sends(std::string(Headers(1).Block(block.substr(0, 1500)).EndStream().Unfinished()) +
              Continuation(1, block.substr(1500), true));
  return AnswersTheFirst(scene);
}

// Behind a proxy that merges the cookies of several sites: 60 of 200 octets. A limit of 100 lines
// has broken such traffic elsewhere.
Outcome HasManyCookies(Segmentation segmentation) {
  EngineScene scene(segmentation);
  Headers headers(1);
  headers.Post("/a.B/C");
  for (int i = 0; i < 60; ++i) headers.Field("cookie", std::string(200, 'c'));
  scene.Sends(headers.EndStream());
  return AnswersTheFirst(scene);
}

// ---- CONTINUATION frames (L7).

Outcome CutsABlock(Segmentation segmentation, uint32_t continuations, size_t size) {
  EngineScene scene(segmentation);
  const std::string block = kRequest + FieldOf(200 + size * continuations);
  std::string frames = Headers(1).Block(block.substr(0, 100)).EndStream().Unfinished();
  size_t at = 100;
  for (uint32_t i = 1; i < continuations; ++i, at += size) {
    frames += Continuation(1, block.substr(at, size), false);
  }
  scene.Sends(frames + Continuation(1, block.substr(at), true));
  return AnswersTheFirst(scene);
}

Outcome SendsContinuations(Step step, Segmentation segmentation) {
  return CutsABlock(segmentation, UpTo(8, step), 1024);
}

// Of those that do not end the block two may be short.
Outcome SendsShortContinuations(Step step, Segmentation segmentation) {
  return CutsABlock(segmentation, UpTo(2, step) + 1, 1023);
}

// A sender that cuts at fixed places, and whose last part is next to nothing.
Outcome CutsAtFixedPlaces(Segmentation segmentation) {
  EngineScene scene(segmentation);
  const std::string block = BlockOf(3 * 4096 + 1);
  scene.Sends(std::string(Headers(1).Block(block.substr(0, 4096)).EndStream().Unfinished()) +
              Continuation(1, block.substr(4096, 4096), false) +
              Continuation(1, block.substr(8192, 4096), false) +
              Continuation(1, block.substr(12288), true));
  return AnswersTheFirst(scene);
}

// ---- Time for a block (L8).

Outcome TakesItsTime(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation);
  scene.Sends(Headers(1).Block(kRequest).EndStream().Unfinished());
  scene.Passes(UpTo(10s, step));
  if (step != Step::kAbove) scene.Sends(Continuation(1, "", true));
  return AnswersTheFirst(scene);
}

// On a slow line each block takes nearly its time, one after the other.
Outcome HasASlowLine(Segmentation segmentation) {
  EngineScene scene(segmentation);
  for (uint32_t id = 1; id < 20; id += 2) {
    scene.Sends(Headers(id).Block(kRequest.substr(0, 5)).EndStream().Unfinished());
    scene.Passes(9s);
    scene.Sends(Continuation(id, kRequest.substr(5), true));
    scene.Answer(id);
    scene.Hear();
  }
  return scene.Finish();
}

// ---- Far beyond the announced size (L5, L6).

constexpr uint32_t kListSize = 1000;
constexpr uint32_t kFields = 10;

ConnectionOptions SmallSections() {
  ConnectionOptions options;
  options.header_list_size_max = kListSize;
  options.header_fields_max = kFields;
  return options;
}

Outcome SendsAFarTooLargeList(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation, SmallSections());
  scene.Sends(RequestOfListSize(1, UpTo(4 * kListSize, step)));
  return AnswersTheFirst(scene);
}

// An HPACK bomb: one octet stands for a line of 1,000.
Outcome SendsABomb(Step step, Segmentation segmentation) {
  EngineScene scene(segmentation, SmallSections());
  const uint32_t rest = 4 * kListSize - kRequestListSize - 3 * 1000;
  std::string block = kRequest + hpack::Insert("x", std::string(1000 - 33, 'v'));
  block += hpack::Indexed(62) + hpack::Indexed(62) + FieldOf(UpTo(rest, step) - 33);
  scene.Sends(Headers(1).Block(block).EndStream());
  return AnswersTheFirst(scene);
}

Outcome SendsFarTooManyFields(Step step, Segmentation segmentation) {
  ConnectionOptions options = SmallSections();
  options.header_list_size_max = 16 * 1024;
  EngineScene scene(segmentation, options);
  scene.Sends(RequestOfFields(1, UpTo(4 * kFields, step)));
  return AnswersTheFirst(scene);
}

// Above four times the size is above the size.
Counts AlsoOverTheList(Step step) {
  return step == Step::kAbove ? Counts() : Counts{{"header_list", 1}};
}

// Who is only careless loses a call, and not all the others.
Outcome SendsTwiceTooMuch(Segmentation segmentation) {
  EngineScene scene(segmentation, SmallSections());
  scene.Sends(Request(1) + RequestOfListSize(3, 2 * kListSize) + RequestOfFields(5, 2 * kFields));
  for (const uint32_t id : {1, 3, 5}) scene.Answer(id);
  return scene.Finish();
}

}  // namespace

std::vector<LimitCase> HeaderCases() {
  const std::string too_large = "GOAWAY 0 ENHANCE_YOUR_CALM 'header_block_too_large'";
  const std::string too_many = "GOAWAY 0 ENHANCE_YOUR_CALM 'too_many_continuations'";
  const std::string list_too_large = "GOAWAY 0 ENHANCE_YOUR_CALM 'header_list_too_large'";
  return {
      {.limit = Limit::kHeaderBlockBytes,
       .goes = SendsABlock,
       .beyond = {too_large},
       .innocent = HasManyCookies},
      {.limit = Limit::kHeaderBlockBytes,
       .variant = "in_two",
       .goes = SendsABlockInTwo,
       .beyond = {too_large},
       .innocent = CutsAtFixedPlaces},
      {.limit = Limit::kContinuations,
       .goes = SendsContinuations,
       .beyond = {too_many},
       .innocent = CutsAtFixedPlaces},
      {.limit = Limit::kContinuations,
       .variant = "short",
       .goes = SendsShortContinuations,
       .beyond = {too_many},
       .innocent = CutsAtFixedPlaces},
      {.limit = Limit::kHeaderBlockTime,
       .goes = TakesItsTime,
       .beyond = {"GOAWAY 0 PROTOCOL_ERROR 'header_block_timeout'"},
       .innocent = HasASlowLine},
      {.limit = Limit::kHeaderListAbuse,
       .goes = SendsAFarTooLargeList,
       .beyond = {list_too_large},
       .also = AlsoOverTheList,
       .innocent = SendsTwiceTooMuch,
       .innocent_counts = {{"header_list", 2}}},
      {.limit = Limit::kHeaderListAbuse,
       .variant = "bomb",
       .goes = SendsABomb,
       .beyond = {list_too_large},
       .also = AlsoOverTheList,
       .innocent = SendsTwiceTooMuch,
       .innocent_counts = {{"header_list", 2}}},
      {.limit = Limit::kHeaderFieldsAbuse,
       .goes = SendsFarTooManyFields,
       .beyond = {"GOAWAY 0 ENHANCE_YOUR_CALM 'too_many_fields'"},
       .also = AlsoOverTheList,
       .innocent = HasManyCookies},
  };
}

}  // namespace weir::limits
