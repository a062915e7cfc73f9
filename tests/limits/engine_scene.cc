#include "tests/limits/engine_scene.h"

#include <algorithm>
#include <array>
#include <utility>

#include "transport/base/buffer.h"
#include "transport/base/bytes.h"

namespace weir::limits {
namespace {

constexpr std::array<http2::OutputField, 1> kHeaders = {{{.name = ":status", .value = "200"}}};
constexpr std::array<http2::OutputField, 1> kTrailers = {{{.name = "grpc-status", .value = "0"}}};

// Above all that the cases use.
constexpr uint32_t kLastStream = 1'000'001;

}  // namespace

EngineScene::EngineScene(testing::Segmentation segmentation,
                         const http2::ConnectionOptions& options, const std::string& settings)
    : peer_(segmentation, options, settings) {
  Prepare();
}

EngineScene::EngineScene(testing::Segmentation segmentation,
                         const http2::ConnectionOptions& options, Silent)
    : peer_(segmentation, options) {
  Prepare();
}

// Who is told of a reset lets go of the stream.
void EngineScene::Prepare() {
  peer_.on_event = [this](const http2::Event& event) {
    if (event.kind == http2::Event::Kind::kStreamReset) connection().ReleaseStream(event.stream);
  };
}

std::vector<std::string> EngineScene::Hear() {
  std::vector<std::string> heard = peer_.Hears();
  for (std::string& line : Notable(heard)) Note(std::move(line));
  return heard;
}

void EngineScene::Answer(uint32_t stream_id) {
  connection().SendHeaders(peer_.Key(stream_id), http2::OutputFields(kHeaders));
  connection().SendTrailers(peer_.Key(stream_id), http2::OutputFields(kTrailers));
  connection().ReleaseStream(peer_.Key(stream_id));
}

void EngineScene::AnswerWith(uint32_t stream_id, size_t bytes) {
  const std::string body(bytes, 'x');
  connection().SendHeaders(peer_.Key(stream_id), http2::OutputFields(kHeaders));
  connection().SendData(peer_.Key(stream_id), Buffer::CopyOf(AsBytes(body)));
}

Outcome EngineScene::Finish() {
  if (!connection().WantsInput() && !connection().has_failed()) Note("reading stops");
  const bool has_heard = !Hear().empty();
  if (connection().has_failed() && !has_heard) Note("closed");
  if (!connection().has_failed()) {
    Sends(testing::Request(kLastStream));
    Answer(kLastStream);
    const std::string answer = "HEADERS " + std::to_string(kLastStream) + " end grpc-status=0";
    const std::vector<std::string> heard = Hear();
    Note(std::find(heard.begin(), heard.end(), answer) != heard.end() ? "served" : "not served");
  }
  return {seen_, CountsOf(peer_.counters().limits)};
}

}  // namespace weir::limits
