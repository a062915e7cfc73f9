// Does an independent implementation agree? nghttp2's client session talks to our connection: every
// octet we send must please it, and every call must come back whole.
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/testing/segmenter.h"
#include "transport/http2/connection.h"

namespace weir::http2 {
namespace {

constexpr std::array<OutputField, 2> kHeaderFields = {
    {{.name = ":status", .value = "200"},
     {.name = "content-type", .value = "application/grpc", .indexed = true}}};
constexpr std::array<OutputField, 1> kTrailerFields = {
    {{.name = "grpc-status", .value = "0", .indexed = true}}};
const FieldTemplate headers_template(kHeaderFields);
const FieldTemplate trailers_template(kTrailerFields);

struct Call {
  std::string request;
  size_t sent = 0;
  std::string response;
  std::string status;
  std::string trailer;
  bool is_closed = false;
  uint32_t error = 0;
};

// nghttp2's callbacks, and the calls it has made.
class Client {
 public:
  Client() {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, OnData);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, OnHeader);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, OnClose);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, OnInvalid);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
  }
  ~Client() { nghttp2_session_del(session_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Start(const std::vector<nghttp2_settings_entry>& settings) {
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  }

  Call& Post(std::string request, std::string_view path) {
    const auto field = [](std::string_view name, std::string_view value) {
      return nghttp2_nv{reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(),
                        value.size(), NGHTTP2_NV_FLAG_NONE};
    };
    const std::array<nghttp2_nv, 6> fields = {
        field(":method", "POST"), field(":scheme", "http"),
        field(":path", path),     field(":authority", "localhost"),
        field("te", "trailers"),  field("content-type", "application/grpc")};
    auto call = std::make_unique<Call>();
    call->request = std::move(request);
    nghttp2_data_provider provider;
    provider.source.ptr = call.get();
    provider.read_callback = ReadRequest;
    const int32_t id =
        nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &provider, nullptr);
    EXPECT_GT(id, 0);
    return *(calls_[id] = std::move(call));
  }

  std::string Send() {
    std::string octets;
    const uint8_t* data = nullptr;
    ssize_t size;
    while ((size = nghttp2_session_mem_send(session_, &data)) > 0) {
      octets.append(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
    }
    EXPECT_EQ(size, 0) << nghttp2_strerror(static_cast<int>(size));
    return octets;
  }

  void Receive(std::string_view octets) {
    const ssize_t read = nghttp2_session_mem_recv(
        session_, reinterpret_cast<const uint8_t*>(octets.data()), octets.size());
    EXPECT_EQ(read, static_cast<ssize_t>(octets.size()))
        << nghttp2_strerror(static_cast<int>(read));
  }

  void Cancel(int32_t id) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  }

  const std::map<int32_t, std::unique_ptr<Call>>& calls() const { return calls_; }
  nghttp2_session* session() { return session_; }

 private:
  static Call* Find(void* user, int32_t id) {
    auto& calls = static_cast<Client*>(user)->calls_;
    const auto found = calls.find(id);
    return found == calls.end() ? nullptr : found->second.get();
  }

  static ssize_t ReadRequest(nghttp2_session*, int32_t, uint8_t* place, size_t size,
                             uint32_t* data_flags, nghttp2_data_source* source, void*) {
    Call& call = *static_cast<Call*>(source->ptr);
    size = std::min(size, call.request.size() - call.sent);
    call.request.copy(reinterpret_cast<char*>(place), size, call.sent);
    call.sent += size;
    if (call.sent == call.request.size()) *data_flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int OnData(nghttp2_session*, uint8_t, int32_t id, const uint8_t* data, size_t size,
                    void* user) {
    Find(user, id)->response.append(reinterpret_cast<const char*>(data), size);
    return 0;
  }

  static int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
                      void* user) {
    Call& call = *Find(user, frame->hd.stream_id);
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") call.status = text;
    if (key == "grpc-status") call.trailer = text;
    return 0;
  }

  static int OnClose(nghttp2_session*, int32_t id, uint32_t error, void* user) {
    if (Call* const call = Find(user, id)) {
      call->is_closed = true;
      call->error = error;
    }
    return 0;
  }

  static int OnInvalid(nghttp2_session*, const nghttp2_frame* frame, int error, void*) {
    ADD_FAILURE() << "nghttp2 refuses a frame of type " << int{frame->hd.type} << ": "
                  << nghttp2_strerror(error);
    return 0;
  }

  nghttp2_session* session_ = nullptr;
  std::map<int32_t, std::unique_ptr<Call>> calls_;
};

// A server that echoes each request when it is whole.
class EchoServer {
 public:
  EchoServer(const ConnectionOptions& options, uint32_t seed)
      : options_(options),
        connection_(options_, counters_, TimePoint()),
        segmenter_({weir::testing::Segmentation::Kind::kRandom, seed}),
        random_(seed) {}

  void Receive(std::string_view octets) {
    segmenter_.Split(octets, [this](ByteView piece) {
      connection_.Receive(piece, TimePoint());
      Event event;
      while (connection_.Next(&event)) OnEvent(event);
    });
  }

  std::string Send() {
    std::string octets;
    std::array<iovec, 4> parts;
    while (const size_t count = connection_.Output(parts)) {
      size_t size = 0;
      for (size_t i = 0; i < count; ++i) {
        octets.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
        size += parts[i].iov_len;
      }
      connection_.OutputWritten(size);
    }
    Event event;
    while (connection_.Next(&event)) OnEvent(event);
    return octets;
  }

  Connection& connection() { return connection_; }
  const ConnectionCounters& counters() const { return counters_; }

 private:
  void OnEvent(const Event& event) {
    switch (event.kind) {
      case Event::Kind::kRequestStarted:
        requests_[event.stream_id].clear();
        break;
      case Event::Kind::kDataReceived:
        requests_[event.stream_id] += AsText(event.data);
        connection_.ReleaseWindow(event.stream, event.data.size());
        break;
      case Event::Kind::kStreamEnded:
        Answer(event.stream, requests_[event.stream_id]);
        break;
      case Event::Kind::kStreamReset:
        connection_.ReleaseStream(event.stream);
        break;
      case Event::Kind::kConnectionFailed:
        ADD_FAILURE() << Describe(event.violation).text;
        break;
      case Event::Kind::kTrailersReceived:
      case Event::Kind::kStreamWritable:
      case Event::Kind::kPingAcked:
      case Event::Kind::kPeerGoingAway:
      case Event::Kind::kDrainBegun:
        break;
    }
  }

  // In random parts, in place where there is one.
  void Answer(StreamKey stream, std::string_view text) {
    connection_.SendHeaders(stream, headers_template);
    while (!text.empty()) {
      const std::string_view part = text.substr(0, random_() % 30000 + 1);
      text.remove_prefix(part.size());
      if (uint8_t* const place = connection_.PlaceData(stream, part.size())) {
        std::memcpy(place, part.data(), part.size());
      } else {
        connection_.SendData(stream, Buffer::CopyOf(AsBytes(part)));
      }
    }
    connection_.SendTrailers(stream, trailers_template);
    connection_.ReleaseStream(stream);
  }

  const ConnectionOptions options_;
  ConnectionCounters counters_;
  Connection connection_;
  weir::testing::Segmenter segmenter_;
  std::mt19937 random_;
  std::map<StreamId, std::string> requests_;
};

// Exchanges octets until both are silent.
void Talk(Client& client, EchoServer& server) {
  for (;;) {
    const std::string up = client.Send();
    if (!up.empty()) server.Receive(up);
    const std::string down = server.Send();
    if (!down.empty()) client.Receive(down);
    if (up.empty() && down.empty()) return;
  }
}

std::string RandomText(std::mt19937& random, size_t longest) {
  std::string text(random() % (longest + 1), '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

TEST(Nghttp2Client, GetsEveryCallBackWhole) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    ConnectionOptions options;
    options.stream_window = random() % 2 == 0 ? 70000 : 1 << 20;
    options.output_batch_bytes = random() % 2 == 0 ? 1000 : 1 << 17;
    EchoServer server(options, seed);
    Client client;
    const auto number = [&random](uint32_t least, uint32_t span) {
      return least + static_cast<uint32_t>(random() % span);
    };
    client.Start({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, number(0, 200000)},
                  {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, random() % 2 == 0 ? 4096u : 0u},
                  {NGHTTP2_SETTINGS_MAX_FRAME_SIZE, number(16384, 50000)}});
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 20; ++i) {
        client.Post(RandomText(random, random() % 4 == 0 ? 300000 : 100), "/echo.Echo/Say");
      }
      Talk(client, server);
    }
    for (const auto& [id, call] : client.calls()) {
      EXPECT_TRUE(call->is_closed) << id;
      EXPECT_EQ(call->error, 0u);
      EXPECT_EQ(call->status, "200");
      EXPECT_EQ(call->trailer, "0");
      EXPECT_TRUE(call->response == call->request) << id;
    }
    EXPECT_EQ(server.connection().open_streams(), 0u);
    EXPECT_EQ(server.connection().buffered_bytes(), 0u);
    EXPECT_GT(server.counters().header_blocks_memoised, 50u);
    EXPECT_GT(server.counters().output_templates_memoised, 50u);
  }
}

TEST(Nghttp2Client, MayCancelAtAnyTime) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    EchoServer server(ConnectionOptions(), seed);
    Client client;
    client.Start({});
    for (int round = 0; round < 30; ++round) {
      for (int i = 0; i < 10; ++i) client.Post(RandomText(random, 100000), "/echo.Echo/Say");
      server.Receive(client.Send());
      for (const auto& [id, call] : client.calls()) {
        if (!call->is_closed && random() % 3 == 0) client.Cancel(id);
      }
      const std::string down = server.Send();
      client.Receive(down);
    }
    Talk(client, server);
    for (const auto& [id, call] : client.calls()) {
      EXPECT_TRUE(call->is_closed) << id;
      EXPECT_TRUE(call->error != 0 || call->response == call->request) << id;
    }
    EXPECT_EQ(server.connection().open_streams(), 0u);
    EXPECT_EQ(server.connection().buffered_bytes(), 0u);
  }
}

TEST(Nghttp2Client, LosesNothingToADrain) {
  EchoServer server(ConnectionOptions(), 1);
  Client client;
  client.Start({});
  Talk(client, server);
  std::mt19937 random(1);
  for (int i = 0; i < 10; ++i) client.Post(RandomText(random, 1000), "/echo.Echo/Say");
  server.Receive(client.Send());
  server.connection().BeginDrain("graceful_stop");
  Talk(client, server);
  for (const auto& [id, call] : client.calls()) {
    EXPECT_EQ(call->error, 0u);
    EXPECT_TRUE(call->response == call->request) << id;
  }
  EXPECT_EQ(server.connection().open_streams(), 0u);
  EXPECT_EQ(nghttp2_session_check_request_allowed(client.session()), 0);
  // It has heard that there will be nothing more, and hangs up without answering our PING.
  EXPECT_EQ(nghttp2_session_want_read(client.session()), 0);
  EXPECT_EQ(nghttp2_session_want_write(client.session()), 0);
}

}  // namespace
}  // namespace weir::http2
