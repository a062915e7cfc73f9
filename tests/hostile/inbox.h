// What has the server said so far on one connection?
//
// Takes the server's bytes, split anywhere, and keeps what verdicts are made of: GOAWAY, resets,
// statuses, the windows the server opened. It believes everything; the only error it knows is a
// header block that does not decode.
#ifndef WEIR_TESTS_HOSTILE_INBOX_H_
#define WEIR_TESTS_HOSTILE_INBOX_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tests/hostile/frames.h"
#include "tests/hostile/header_blocks.h"

struct nghttp2_hd_inflater;

namespace hostile {

struct GoAwayFrame {
  uint32_t last_stream;
  uint32_t code;
  std::string debug;
};

// What came back on one stream.
struct Answer {
  Fields headers;   // the first field section
  Fields trailers;  // the last one
  size_t data_bytes = 0;
  std::optional<uint32_t> reset;
  bool has_ended = false;  // by END_STREAM

  bool is_over() const { return has_ended || reset.has_value(); }
};

// "" when there is no such field.
std::string_view ValueOf(const Fields& fields, std::string_view name);

class Inbox {
 public:
  Inbox();
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  void Feed(std::string_view bytes);

  // The answers of all streams, or of those since the last Forget.
  const std::unordered_map<uint32_t, Answer>& answers() const { return answers_; }
  // Null when nothing came on this stream.
  const Answer* Find(uint32_t stream) const;
  // Whether an answer came, and is over.
  bool IsAnswered(uint32_t stream) const;
  void Forget() { answers_.clear(); }

  // Of the last GOAWAY, which carries the final word.
  const std::optional<GoAwayFrame>& go_away() const { return go_away_; }
  bool has_settings() const { return has_settings_; }
  uint64_t settings_acks() const { return settings_acks_; }
  uint64_t data_bytes() const { return data_bytes_; }
  // Streams that are over, by how: RST_STREAM code, or grpc-status (-1 when there was none).
  const std::map<uint32_t, uint64_t>& resets() const { return resets_; }
  const std::map<int, uint64_t>& statuses() const { return statuses_; }
  // A field section that the HPACK state of a correct client cannot decode.
  bool is_undecodable() const { return is_undecodable_; }
  // The decoder's table shrinks or grows as our SETTINGS_HEADER_TABLE_SIZE asked for.
  void SetTableSize(uint32_t bytes);

  // What we may still send. The caller subtracts what it sends.
  int64_t connection_window = kInitialWindow;
  int64_t WindowOf(uint32_t stream) const;
  void SpendWindow(uint32_t stream, size_t bytes);

  // Frames that a polite client would send now: SETTINGS ACK, PING ACK, WINDOW_UPDATE.
  std::string TakeReplies() { return std::exchange(replies_, {}); }

 private:
  void OnFrame(FrameType type, uint8_t flags, uint32_t stream, std::string_view payload);
  void OnSettings(uint8_t flags, std::string_view payload);
  void OnData(uint8_t flags, uint32_t stream, std::string_view payload);
  void OnFieldSection(uint32_t stream);
  void OnWindowUpdate(uint32_t stream, std::string_view payload);
  void Credit(uint32_t stream, size_t bytes, bool is_last);
  Fields Decode(std::string_view block);

  struct InflaterDeleter {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };

  std::string buffer_;
  std::string block_;  // of HEADERS and the CONTINUATION frames behind it
  bool block_ends_stream_ = false;
  std::unique_ptr<nghttp2_hd_inflater, InflaterDeleter> inflater_;
  std::unordered_map<uint32_t, Answer> answers_;
  std::optional<GoAwayFrame> go_away_;
  std::map<uint32_t, uint64_t> resets_;
  std::map<int, uint64_t> statuses_;
  std::unordered_map<uint32_t, int64_t> window_changes_;  // against the initial window
  int64_t initial_window_ = kInitialWindow;
  std::string replies_;
  size_t connection_credit_ = 0;
  std::unordered_map<uint32_t, size_t> stream_credits_;
  uint64_t settings_acks_ = 0;
  uint64_t data_bytes_ = 0;
  bool has_settings_ = false;
  bool is_undecodable_ = false;
};

}  // namespace hostile

#endif  // WEIR_TESTS_HOSTILE_INBOX_H_
