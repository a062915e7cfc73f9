// One connection of the engine and its peer, for cases of limits.
#ifndef WEIR_TESTS_LIMITS_ENGINE_SCENE_H_
#define WEIR_TESTS_LIMITS_ENGINE_SCENE_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/limits/limit_case.h"
#include "tests/testing/frame_builder.h"
#include "tests/testing/scripted_peer.h"
#include "transport/http2/options.h"

namespace weir::limits {

class EngineScene {
 public:
  // Behind the prefaces.
  explicit EngineScene(testing::Segmentation segmentation,
                       const http2::ConnectionOptions& options = {},
                       const std::string& settings = testing::Settings());

  // A peer that has sent nothing yet.
  struct Silent {};
  EngineScene(testing::Segmentation segmentation, const http2::ConnectionOptions& options, Silent);

  testing::ScriptedPeer& peer() { return peer_; }
  http2::Connection& connection() { return peer_.connection(); }

  void Sends(const std::string& octets) { peer_.Sends(octets); }
  void Passes(Duration duration) { peer_.Passes(duration); }

  // Takes all there is to hear. Hear() keeps what is notable for the outcome, Skip() forgets it.
  // Both return all lines.
  std::vector<std::string> Hear();
  std::vector<std::string> Skip() { return peer_.Hears(); }
  // Adds a line to what was seen.
  void Note(std::string line) { seen_.push_back(std::move(line)); }

  // Headers and trailers without a body.
  void Answer(uint32_t stream_id);
  // Answers a request with headers, and DATA that may have to wait.
  void AnswerWith(uint32_t stream_id, size_t bytes);

  const std::vector<std::string>& seen() const { return seen_; }

  // Tells what there is to hear, and whether the connection still serves a request.
  Outcome Finish();

 private:
  void Prepare();

  testing::ScriptedPeer peer_;
  std::vector<std::string> seen_;
};

}  // namespace weir::limits

#endif  // WEIR_TESTS_LIMITS_ENGINE_SCENE_H_
