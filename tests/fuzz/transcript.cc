#include "tests/fuzz/transcript.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "transport/http2/connection.h"

namespace weir::fuzz {
namespace {

using http2::Event;

class Recorder {
 public:
  explicit Recorder(const http2::ConnectionOptions& options)
      : connection_(options, counters_, kNow) {}

  void Receive(std::string_view octets) {
    const auto piece = std::make_unique<uint8_t[]>(octets.size());
    std::copy(octets.begin(), octets.end(), piece.get());
    connection_.Receive({piece.get(), octets.size()}, kNow);
    Event event;
    while (connection_.Next(&event)) Note(event);
  }

  Transcript Finish() {
    std::array<iovec, 4> parts;
    while (connection_.Output(parts) != 0) {
      transcript_.output.append(static_cast<const char*>(parts[0].iov_base), parts[0].iov_len);
      connection_.OutputWritten(parts[0].iov_len);
    }
    return std::move(transcript_);
  }

 private:
  static constexpr TimePoint kNow{std::chrono::hours(1)};

  void Note(const Event& event) {
    std::string& events = transcript_.events;
    if (event.kind == Event::Kind::kDataReceived) {
      if (data_stream_ != event.stream_id) {
        events += "\ndata " + std::to_string(event.stream_id) + ' ';
      }
      events.append(AsText(event.data));
      data_stream_ = event.ends_stream ? 0 : event.stream_id;
      return;
    }
    data_stream_ = 0;
    events += '\n' + std::to_string(static_cast<int>(event.kind)) + ' ' +
              std::to_string(event.stream_id) + ' ' +
              std::to_string(static_cast<uint32_t>(event.error_code)) + ' ' +
              std::to_string(static_cast<int>(event.violation)) + (event.by_peer ? " peer" : "");
    if (event.fields) events += ' ' + TextOf(*event.fields);
    if (event.kind == Event::Kind::kStreamEnded || event.kind == Event::Kind::kStreamReset) {
      connection_.ReleaseStream(event.stream);
    }
  }

  http2::ConnectionCounters counters_;
  http2::Connection connection_;
  Transcript transcript_;
  uint32_t data_stream_ = 0;
};

std::string Printable(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string printable;
  for (const char c : text) {
    if (c == '\n' || (c >= ' ' && c <= '~')) {
      printable += c;
    } else {
      const auto octet = static_cast<uint8_t>(c);
      printable.append({'\\', 'x', kDigits[octet >> 4], kDigits[octet & 15]});
    }
  }
  return printable;
}

void CheckSameText(const char* what, std::string_view expected, std::string_view seen) {
  if (expected == seen) return;
  const size_t place = static_cast<size_t>(
      std::mismatch(expected.begin(), expected.end(), seen.begin(), seen.end()).first -
      expected.begin());
  const size_t begin = place - std::min<size_t>(place, 200);
  FUZZ_CHECK(false, "%s from octet %zu on: expected\n[%s]\nand saw\n[%s]", what, place,
             Printable(expected.substr(begin, 400)).c_str(),
             Printable(seen.substr(begin, 400)).c_str());
}

}  // namespace

void CheckSame(const Transcript& expected, const Transcript& seen) {
  CheckSameText("events", expected.events, seen.events);
  CheckSameText("output", expected.output, seen.output);
}

Transcript TranscriptOf(const http2::ConnectionOptions& options, std::string_view octets,
                        ByteView sizes) {
  Recorder recorder(options);
  size_t next = 0;
  do {
    const size_t size = sizes.empty() ? octets.size() : sizes[next++ % sizes.size()] + 1u;
    recorder.Receive(octets.substr(0, size));
    octets.remove_prefix(std::min(size, octets.size()));
  } while (!octets.empty());
  return recorder.Finish();
}

void ReadAll(const http2::FieldSection& fields) {
  for (const std::string_view text :
       {fields.method(), fields.scheme(), fields.path(), fields.authority()}) {
    ReadAll(AsBytes(text));
  }
  for (const http2::FieldLine& line : fields.lines()) {
    ReadAll(AsBytes(line.name));
    ReadAll(AsBytes(line.value));
  }
}

std::string TextOf(const http2::FieldSection& fields) {
  std::string text;
  for (const std::string_view part :
       {fields.method(), fields.scheme(), fields.path(), fields.authority()}) {
    text.append(part).append(" ");
  }
  for (const http2::FieldLine& line : fields.lines()) {
    text.append("; ").append(line.name).append(": ").append(line.value);
  }
  text += " (" + std::to_string(fields.list_size()) + ", " +
          std::to_string(fields.content_length()) + (fields.is_over_limit() ? ", over)" : ")");
  return text;
}

}  // namespace weir::fuzz
