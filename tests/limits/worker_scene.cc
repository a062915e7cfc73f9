#include "tests/limits/worker_scene.h"

#include <algorithm>

namespace weir::limits {
namespace {

// Above all that the cases use.
constexpr uint32_t kLastStream = 1'000'001;

}  // namespace

void WorkerScene::Uses(uint64_t bytes) {
  memory_.used = bytes;
  options_.memory_monitor = &memory_;
  options_.http2.memory_pressure = &memory_.level();
  worker();
  Passes(net::MemoryMonitor::kInterval);
}

std::vector<std::string> WorkerScene::Hear(driver::Client& client) {
  std::vector<std::string> heard = client.Hears();
  for (std::string& line : Notable(heard)) Note(std::move(line));
  return heard;
}

Outcome WorkerScene::Finish(driver::Client& client) {
  Hear(client);
  if (client.wire.is_closed()) {
    Note("closed");
    return Finish();
  }
  client.record.on_event = driver::AnswerWith("");
  client.Sends(testing::Request(kLastStream));
  Settle();
  const std::string answer = "HEADERS " + std::to_string(kLastStream) + " end grpc-status=0";
  const std::vector<std::string> heard = Hear(client);
  Note(std::find(heard.begin(), heard.end(), answer) != heard.end() ? "served" : "not served");
  return Finish();
}

}  // namespace weir::limits
