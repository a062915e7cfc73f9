// The process's memory (L24): the levels at 80, 90 and 95 percent of its budget.
#include <chrono>
#include <string>

#include "tests/limits/worker_scene.h"

namespace weir::limits {
namespace {

using namespace weir::testing;  // NOLINT: the vocabulary of the dialogue
using namespace std::chrono_literals;
using driver::Client;
using driver::ConnectionDriver;
using http2::Limit;

// From so many bytes on; the levels above the first are reached through it.
constexpr uint32_t kNoGrowth = 800;
constexpr uint32_t kNoNewCalls = 900;
constexpr uint32_t kReap = 950;

Counts AlsoNoGrowth(Step) { return {{"memory_growth", 1}}; }

// ---- No growth.

// Reads what comes at once, so that its windows may grow.
void ConsumesData(ConnectionDriver& driver, const http2::Event& event) {
  if (event.kind != http2::Event::Kind::kDataReceived) return;
  driver.connection().ReleaseWindow(event.stream, event.data.size());
}

Outcome SendsFast(Step step, Segmentation) {
  WorkerScene scene;
  scene.options_.http2.stream_window = 1000;
  scene.options_.http2.stream_window_max = 4000;
  scene.Uses(UpTo(kNoGrowth - 1, step));
  Client& client = scene.ConnectAndStart();
  client.record.on_event = ConsumesData;
  client.Sends(OpenRequest(1) + Data(1, std::string(1000, 'x')));
  scene.Settle();
  for (const std::string& line : scene.Hear(client)) {
    if (line == "WINDOW_UPDATE 1 +1000") scene.Note("the window stays");
    if (line == "WINDOW_UPDATE 1 +2000") scene.Note("the window grows");
  }
  return scene.Finish(client);
}

// Within its window it goes on as ever.
Outcome SendsSlowly(Segmentation) {
  WorkerScene scene;
  scene.Uses(850);
  Client& client = scene.ConnectAndStart();
  client.record.on_event = ConsumesData;
  client.Sends(OpenRequest(1));
  for (int i = 0; i < 100; ++i) {
    client.Sends(Data(1, std::string(10'000, 'x')));
    scene.Settle();
    scene.Hear(client);
  }
  return scene.Finish(client);
}

// ---- No new calls.

Outcome Calls(Step step, Segmentation) {
  WorkerScene scene;
  scene.Uses(UpTo(kNoNewCalls - 1, step));
  Client& client = scene.ConnectAndStart();
  client.record.on_event = driver::AnswerWith("");
  client.Sends(Request(1));
  scene.Settle();
  scene.Hear(client);
  scene.Uses(0);
  return scene.Finish(client);
}

// A call that was there before is finished. That thousands of new ones are refused meanwhile is not
// the client's fault: it keeps its connection.
Outcome CalledBefore(Segmentation) {
  constexpr uint32_t kRefused = 3000;
  WorkerScene scene;
  Client& client = [&]() -> Client& {
    scene.Uses(0);
    return scene.ConnectAndStart();
  }();
  client.Sends(OpenRequest(1));
  scene.Settle();
  scene.Uses(850);
  scene.Uses(920);
  client.record.on_event = driver::AnswerWith("");
  uint32_t refused = 0;
  for (uint32_t i = 1; i <= kRefused; ++i) {
    client.Sends(Request(2 * i + 1));
    scene.Settle();
    for (const std::string& line : client.Hears()) refused += line.ends_with("REFUSED_STREAM");
  }
  if (refused != kRefused) scene.Note(std::to_string(refused) + " calls are refused");
  client.Sends(LastData(1, ""));
  scene.Settle();
  const std::vector<std::string> heard = scene.Hear(client);
  if (heard.empty() || heard.back() != "HEADERS 1 end grpc-status=0") scene.Note("not finished");
  scene.Uses(0);
  return scene.Finish(client);
}

// ---- The largest response that waits is given up.

// Answers each request with so many bytes.
auto AnswersWith(size_t bytes) {
  return [bytes](ConnectionDriver& driver, const http2::Event& event) {
    if (event.kind == http2::Event::Kind::kStreamReset) {
      driver.connection().ReleaseStream(event.stream);
    }
    if (event.kind != http2::Event::Kind::kRequestStarted) return;
    driver.connection().SendHeaders(event.stream, http2::OutputFields(driver::kHeaderFields));
    driver.connection().SendData(event.stream, Buffer::CopyOf(AsBytes(std::string(bytes, 'x'))));
  };
}

Client& LeavesAResponse(WorkerScene& scene, size_t bytes, uint32_t window) {
  Client& client = scene.ConnectAndStart(Settings({{4, window}}));
  client.record.on_event = AnswersWith(bytes);
  client.Sends(Request(1));
  scene.Settle();
  scene.Hear(client);
  return client;
}

Outcome LeavesTheLargestResponse(Step step, Segmentation) {
  WorkerScene scene;
  scene.Uses(0);
  Client& client = LeavesAResponse(scene, 5000, 0);
  Client& other = LeavesAResponse(scene, 4999, 0);
  scene.Uses(UpTo(kReap - 1, step));
  scene.Hear(client);
  if (!Notable(other.Hears()).empty()) scene.Note("the smaller one is given up");
  scene.Uses(0);
  return scene.Finish(client);
}

// Its response is larger, but does not wait for it.
Outcome TakesItsResponse(Segmentation) {
  WorkerScene scene;
  scene.Uses(0);
  Client& client = LeavesAResponse(scene, 50'000, 65'535);
  LeavesAResponse(scene, 5000, 0);
  scene.Uses(970);
  scene.Hear(client);
  scene.Uses(0);
  return scene.Finish(client);
}

}  // namespace

std::vector<LimitCase> MemoryCases() {
  return {
      {.limit = Limit::kMemoryGrowth,
       .goes = SendsFast,
       .within = {"the window grows", "served"},
       .beyond = {"the window stays", "served"},
       .innocent = SendsSlowly,
       .innocent_counts = {{"memory_growth", 1}},
       .is_split = false},
      {.limit = Limit::kMemoryNewCalls,
       .goes = Calls,
       .beyond = {"RST_STREAM 1 REFUSED_STREAM", "served"},
       .also = AlsoNoGrowth,
       .innocent = CalledBefore,
       .innocent_counts = {{"memory_growth", 1}, {"memory_new_calls", 3000}},
       .is_split = false},
      {.limit = Limit::kMemoryReap,
       .goes = LeavesTheLargestResponse,
       .beyond = {"RST_STREAM 1 CANCEL", "served"},
       .also = AlsoNoGrowth,
       .innocent = TakesItsResponse,
       .innocent_counts = {{"memory_growth", 1}, {"memory_reap", 1}},
       .is_split = false},
  };
}

}  // namespace weir::limits
