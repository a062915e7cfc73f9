// A client that says exactly what a test tells it, however wrong, frame by frame.
#ifndef WEIR_TESTS_INTEGRATION_RAW_CLIENT_H_
#define WEIR_TESTS_INTEGRATION_RAW_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct nghttp2_hd_inflater;

namespace integration {

// RFC 9113 §6.
enum class FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoaway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};

constexpr uint8_t kFlagAck = 0x1;
constexpr uint8_t kFlagEndStream = 0x1;
constexpr uint8_t kFlagEndHeaders = 0x4;

// RFC 9113 §7.
enum class ErrorCode : uint32_t {
  kNoError = 0,
  kProtocolError = 1,
  kFlowControlError = 3,
  kStreamClosed = 5,
  kFrameSizeError = 6,
  kRefusedStream = 7,
  kCancel = 8,
  kCompressionError = 9,
};

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Frame {
  FrameType type;
  uint8_t flags;
  uint32_t stream_id;
  std::string payload;
  Fields fields;  // of HEADERS, decoded

  bool has_flag(uint8_t flag) const { return (flags & flag) != 0; }
  // The error code in an RST_STREAM or a GOAWAY.
  ErrorCode error_code() const;
};

// "" when there is no such field.
std::string ValueOf(const Fields& fields, std::string_view name);

// What came back on one stream.
struct Response {
  Fields headers;
  std::string data;
  Fields trailers;                 // equal to `headers` if there was only one section
  std::optional<ErrorCode> reset;  // the code of an RST_STREAM
  bool is_complete = false;        // ended by END_STREAM

  std::string grpc_status() const { return ValueOf(trailers, "grpc-status"); }
  std::string grpc_message() const { return ValueOf(trailers, "grpc-message"); }
};

std::string BigEndian32(uint32_t value);

// A message with the prefix of gRPC ("Length-Prefixed-Message").
std::string Prefixed(std::string_view message, uint8_t flag = 0);

// The fields of a proper request for `path`, with others in place of or beside them.
Fields RequestFields(std::string path, const Fields& others = {});

// For one thread. Every operation waits for a bounded time; what then fails, fails the test.
class RawClient {
 public:
  // Connects to 127.0.0.1 and sends nothing.
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // ---- sending. A connection that the server has closed already swallows it.
  void SendBytes(std::string_view bytes);
  void SendFrame(FrameType type, uint8_t flags, uint32_t stream_id, std::string_view payload);
  // The preface and a SETTINGS frame with this payload.
  void StartHttp2(std::string_view settings = {});
  // Fields are sent as literals without indexing or Huffman code.
  void SendHeaders(uint32_t stream_id, const Fields& fields, bool is_last);
  void SendData(uint32_t stream_id, std::string_view data, bool is_last);
  void SendWindowUpdate(uint32_t stream_id, uint32_t increment);
  // Closes the sending direction (TCP FIN).
  void EndSending();
  // Closes the connection, with a reset if data is unread.
  void Close();

  // ---- receiving. Acknowledges SETTINGS and PING by itself.
  // The next frame; nullopt when the server has closed the connection.
  std::optional<Frame> ReadFrame();
  // Skips frames until one of this type; nullopt when the server closes the connection before.
  std::optional<Frame> ReadUntil(FrameType type);
  // Skips everything until the server closes the connection. Returns the code of the last GOAWAY.
  std::optional<ErrorCode> ReadToEnd();
  // Reads until this stream is over. Frames of other streams are lost.
  Response ReadResponse(uint32_t stream_id);
  // Sends SETTINGS and skips frames until their acknowledgement: the server has handled everything
  // that was sent before. (A PING would do, too, but servers do not like many of them.) Returns the
  // skipped frames; nullopt when the server closes the connection.
  std::optional<std::vector<Frame>> Synchronise();

 private:
  bool ReadExactly(char* bytes, size_t size);
  Fields Decode(std::string_view block);

  struct InflaterDeleter {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };

  int socket_ = -1;
  int settings_unacknowledged_ = 0;  // of ours
  std::unique_ptr<nghttp2_hd_inflater, InflaterDeleter> inflater_;
};

}  // namespace integration

#endif  // WEIR_TESTS_INTEGRATION_RAW_CLIENT_H_
