// A client of nghttp2 that tolerates nothing: whatever it objects to ends the program.
#ifndef WEIR_TESTS_FUZZ_STRICT_CLIENT_H_
#define WEIR_TESTS_FUZZ_STRICT_CLIENT_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/response_fields.h"

namespace weir::fuzz {

// What came back on one stream.
struct Response {
  std::vector<FieldText> sections;
  std::string data;
  size_t consumed = 0;
  bool has_ended = false;  // END_STREAM
  bool is_closed = false;
  bool is_cancelled = false;  // by Cancel: the client does not look at what still comes
};

class StrictClient {
 public:
  StrictClient();
  ~StrictClient();
  StrictClient(const StrictClient&) = delete;
  StrictClient& operator=(const StrictClient&) = delete;

  void Settings(const std::vector<nghttp2_settings_entry>& settings);
  // The identifier of the new stream, or 0 when none is allowed any more.
  int32_t Request(size_t body_size);
  void Cancel(int32_t stream_id);
  void Ping();
  // Gives the window of received DATA back: of one stream, or all that there is.
  void Consume(int32_t stream_id);
  void ConsumeAll();
  // Widens the window of the connection beyond what was consumed.
  void Widen(int32_t increment);

  // Octets for the server.
  std::string Send();
  void Receive(std::string_view octets);

  // By stream identifier; all that were ever asked for.
  const std::map<int32_t, Response>& responses() const { return responses_; }

 private:
  static StrictClient& Of(void* user) { return *static_cast<StrictClient*>(user); }
  static ssize_t ReadBody(nghttp2_session*, int32_t stream_id, uint8_t* place, size_t size,
                          uint32_t* flags, nghttp2_data_source* source, void* user);
  static int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t flags,
                      void* user);
  static int OnData(nghttp2_session*, uint8_t flags, int32_t stream_id, const uint8_t* data,
                    size_t size, void* user);
  static int OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int OnFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* user);
  static int OnClosed(nghttp2_session*, int32_t stream_id, uint32_t error_code, void* user);
  static int OnInvalid(nghttp2_session*, const nghttp2_frame* frame, int error, void* user);
  static int OnError(nghttp2_session*, int error, const char* text, size_t size, void* user);

  nghttp2_session* session_ = nullptr;
  std::map<int32_t, Response> responses_;
};

}  // namespace weir::fuzz

#endif  // WEIR_TESTS_FUZZ_STRICT_CLIENT_H_
