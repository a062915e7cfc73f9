// What a client hears from a server, as lines of text; an independent judge of whether a server may
// say it (RFC 9113 §4, §5.2, §6).
#ifndef WEIR_TESTS_TESTING_OUTPUT_READER_H_
#define WEIR_TESTS_TESTING_OUTPUT_READER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct nghttp2_hd_inflater;

namespace weir::testing {

// Feed it what the client sends, too: its SETTINGS and WINDOW_UPDATEs decide what it may hear.
// Breaches are reported as failures of the running test.
class OutputReader {
 public:
  OutputReader();
  ~OutputReader();

  // Octets of a server. Returns the lines of the frames that are complete with them.
  std::vector<std::string> Read(std::string_view octets);

  // Octets of the client, behind its preface; must be whole frames.
  void NoteSent(std::string_view octets);

 private:
  struct Stream {
    int64_t window = 0;
    bool has_headers = false;
    bool is_over = false;
  };

  std::string ReadFrame(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload);
  std::string ReadHeaders(uint8_t flags, uint32_t stream_id, std::string_view payload);
  std::string ReadData(uint8_t flags, uint32_t stream_id, std::string_view payload);
  std::string EndBlock();
  Stream& StreamOf(uint32_t stream_id);

  struct Deleter {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };
  std::unique_ptr<nghttp2_hd_inflater, Deleter> inflater_;
  std::string pending_;
  std::map<uint32_t, Stream> streams_;
  int64_t connection_window_ = 65535;
  int64_t initial_window_ = 65535;
  uint32_t max_frame_size_ = 16384;
  bool is_first_ = true;
  // A header block in progress.
  uint32_t block_stream_ = 0;
  bool block_ends_stream_ = false;
  int block_frames_ = 0;
  std::string block_;
};

}  // namespace weir::testing

#endif  // WEIR_TESTS_TESTING_OUTPUT_READER_H_
