// A client that reads as a dialogue: what it sends, what it hears, and what the layer above the
// engine is told.
//
//   peer.Sends(Request(1));
//   EXPECT_THAT(peer.Events(), ElementsAre("request 1 POST /a.B/C", "end 1"));
//   peer.connection().SendTrailers(peer.Key(1), fields);
//   EXPECT_THAT(peer.Hears(), ElementsAre("HEADERS 1 end :status=200"));
//
// It may send anything. What it hears is decoded with nghttp2's HPACK decoder and checked against
// its own account of frame sizes, header blocks and windows, whatever the test looks at.
#ifndef WEIR_TESTS_TESTING_SCRIPTED_PEER_H_
#define WEIR_TESTS_TESTING_SCRIPTED_PEER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/testing/frame_builder.h"
#include "tests/testing/output_reader.h"
#include "tests/testing/segmenter.h"
#include "transport/base/time.h"
#include "transport/http2/connection.h"

namespace weir::testing {

class ScriptedPeer {
 public:
  explicit ScriptedPeer(Segmentation segmentation,
                        const http2::ConnectionOptions& options = http2::ConnectionOptions());
  // The same, and Starts(settings).
  ScriptedPeer(Segmentation segmentation, const http2::ConnectionOptions& options,
               const std::string& settings);
  ~ScriptedPeer();

  // The prefaces of both sides and their acknowledgements; forgets what was heard.
  void Starts(const std::string& settings = Settings());

  // Feeds octets, in pieces, and takes the events after each piece.
  void Sends(const std::string& octets);

  // Frames heard since the last call, one line each:
  //   SETTINGS 3=100 4=262144 | SETTINGS ack | WINDOW_UPDATE 0 +1024 | PING 7 | PING ack 7
  //   HEADERS 1 [end] name=value ... | DATA 1 'short' | DATA 1 [16384]
  //   RST_STREAM 1 CANCEL | GOAWAY 1 NO_ERROR 'debug'
  std::vector<std::string> Hears();

  // Takes at most so many octets of output, as a slow reader does; Hears tells of them later.
  void Reads(size_t bytes);

  // Events since the last call, one line each; pieces of DATA that follow each other are joined:
  //   request 1 POST /path [over limit] | data 1 'short' | data 1 [16384] | trailers 1 name=value
  //   end 1 | reset 1 by peer CANCEL | reset 1 by us PROTOCOL_ERROR te | writable 1
  //   ping acked 7 | going away NO_ERROR | failed FRAME_SIZE_ERROR ping_length
  std::vector<std::string> Events();

  // Lets time pass; deadlines that come due are served in order. A connection that can fall dormant
  // after one of them does, and wakes up at once.
  void Passes(Duration duration);

  // The key of a stream that was started, whatever became of it.
  http2::StreamKey Key(uint32_t stream_id) const;
  // The field section its request came with.
  const http2::FieldSection& Fields(uint32_t stream_id) const;

  // Called for each event as it comes, before the next is asked for.
  std::function<void(const http2::Event&)> on_event;

  http2::Connection& connection() { return *connection_; }
  const http2::ConnectionCounters& counters() const { return counters_; }
  TimePoint now() const { return now_; }
  // All octets heard, from the beginning.
  const std::string& heard_octets() const { return heard_octets_; }

 private:
  void Pump();
  void SleepIfPossible();
  void Note(const http2::Event& event);

  http2::ConnectionOptions options_;
  http2::ConnectionCounters counters_;
  TimePoint now_;
  std::unique_ptr<http2::Connection> connection_;
  Segmenter segmenter_;
  OutputReader reader_;
  std::string heard_octets_;
  size_t octets_read_ = 0;  // of heard_octets_, by Hears
  std::vector<std::string> events_;
  std::map<uint32_t, http2::StreamKey> keys_;
  std::map<uint32_t, http2::FieldSectionPtr> fields_;
  // The DATA event that may be continued.
  uint32_t data_stream_ = 0;
  std::string data_;
  bool end_is_due_ = false;
  bool has_failed_ = false;
};

// 'text', or [size] when it is long.
std::string Quoted(std::string_view text);

}  // namespace weir::testing

#endif  // WEIR_TESTS_TESTING_SCRIPTED_PEER_H_
