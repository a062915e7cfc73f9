#include "tests/fuzz/strict_client.h"

#include <algorithm>
#include <array>

#include "tests/fuzz/fuzz_check.h"

namespace weir::fuzz {
namespace {

nghttp2_nv Field(std::string_view name, std::string_view value) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

std::string TextOf(const uint8_t* octets, size_t size) {
  return {reinterpret_cast<const char*>(octets), size};
}

}  // namespace

StrictClient::StrictClient() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  FUZZ_CHECK(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0,
             "memory");
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, OnBeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, OnFrame);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, OnFrameSent);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClosed);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, OnInvalid);
  nghttp2_session_callbacks_set_error_callback2(callbacks, OnError);
  FUZZ_CHECK(nghttp2_session_client_new2(&session_, callbacks, this, option) == 0, "a session");
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
}

StrictClient::~StrictClient() { nghttp2_session_del(session_); }

void StrictClient::Settings(const std::vector<nghttp2_settings_entry>& settings) {
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
}

int32_t StrictClient::Request(size_t body_size) {
  const std::array<nghttp2_nv, 6> fields = {
      Field(":method", "POST"), Field(":scheme", "http"),
      Field(":path", "/S/M"),   Field(":authority", "localhost"),
      Field("te", "trailers"),  Field("content-type", "application/grpc")};
  nghttp2_data_provider provider;
  // What is left of the body counts down in the place of a pointer.
  provider.source.ptr = reinterpret_cast<void*>(body_size);
  provider.read_callback = ReadBody;
  const int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                            body_size == 0 ? nullptr : &provider, nullptr);
  if (id <= 0) return 0;
  responses_[id];
  return id;
}

void StrictClient::Cancel(int32_t stream_id) {
  Response& response = responses_[stream_id];
  // A second one would reset a stream that the first kept from being opened.
  if (response.is_closed || response.is_cancelled) return;
  response.is_cancelled = true;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream_id, NGHTTP2_CANCEL);
}

void StrictClient::Ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

void StrictClient::Consume(int32_t stream_id) {
  Response& response = responses_[stream_id];
  const size_t size = response.data.size() - response.consumed;
  response.consumed = response.data.size();
  nghttp2_session_consume(session_, stream_id, size);
}

void StrictClient::ConsumeAll() {
  for (const auto& [stream_id, response] : responses_) Consume(stream_id);
}

void StrictClient::Widen(int32_t increment) {
  nghttp2_submit_window_update(session_, NGHTTP2_FLAG_NONE, 0, increment);
}

std::string StrictClient::Send() {
  std::string octets;
  const uint8_t* data = nullptr;
  ssize_t size;
  while ((size = nghttp2_session_mem_send(session_, &data)) > 0) {
    octets += TextOf(data, static_cast<size_t>(size));
  }
  FUZZ_CHECK(size == 0, "nghttp2 sends on, not: %s", nghttp2_strerror(static_cast<int>(size)));
  return octets;
}

void StrictClient::Receive(std::string_view octets) {
  const ssize_t read = nghttp2_session_mem_recv(
      session_, reinterpret_cast<const uint8_t*>(octets.data()), octets.size());
  FUZZ_CHECK(read == static_cast<ssize_t>(octets.size()), "nghttp2 takes everything, not: %s",
             read < 0 ? nghttp2_strerror(static_cast<int>(read)) : "a part");
}

ssize_t StrictClient::ReadBody(nghttp2_session*, int32_t, uint8_t* place, size_t size,
                               uint32_t* flags, nghttp2_data_source* source, void*) {
  const auto left = reinterpret_cast<size_t>(source->ptr);
  size = std::min(size, left);
  std::fill_n(place, size, uint8_t{0x5a});
  source->ptr = reinterpret_cast<void*>(left - size);
  if (size == left) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(size);
}

int StrictClient::OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Of(user).responses_[frame->hd.stream_id].sections.emplace_back();
  return 0;
}

int StrictClient::OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                           size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                           void* user) {
  Of(user).responses_[frame->hd.stream_id].sections.back().emplace_back(TextOf(name, name_size),
                                                                        TextOf(value, value_size));
  return 0;
}

int StrictClient::OnData(nghttp2_session*, uint8_t, int32_t stream_id, const uint8_t* data,
                         size_t size, void* user) {
  Of(user).responses_[stream_id].data += TextOf(data, size);
  return 0;
}

int StrictClient::OnFrame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  const bool can_end = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  if (can_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
    Of(user).responses_[frame->hd.stream_id].has_ended = true;
  }
  return 0;
}

// What nghttp2 does not like, it resets or says GOAWAY to.
int StrictClient::OnFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  if (frame->hd.type == NGHTTP2_GOAWAY) {
    FUZZ_CHECK(frame->goaway.error_code == NGHTTP2_NO_ERROR, "no GOAWAY(%u) of the client",
               frame->goaway.error_code);
  }
  if (frame->hd.type == NGHTTP2_RST_STREAM) {
    FUZZ_CHECK(Of(user).responses_[frame->hd.stream_id].is_cancelled,
               "no RST_STREAM(%u) of the client on stream %d", frame->rst_stream.error_code,
               frame->hd.stream_id);
  }
  return 0;
}

int StrictClient::OnClosed(nghttp2_session*, int32_t stream_id, uint32_t, void* user) {
  Of(user).responses_[stream_id].is_closed = true;
  return 0;
}

int StrictClient::OnInvalid(nghttp2_session*, const nghttp2_frame* frame, int error, void*) {
  FUZZ_CHECK(false, "a frame of type %d on stream %d that nghttp2 accepts: %s", frame->hd.type,
             frame->hd.stream_id, nghttp2_strerror(error));
}

int StrictClient::OnError(nghttp2_session*, int error, const char* text, size_t size, void*) {
  FUZZ_CHECK(false, "nothing that nghttp2 objects to: %s: %.*s", nghttp2_strerror(error),
             static_cast<int>(size), text);
}

}  // namespace weir::fuzz
