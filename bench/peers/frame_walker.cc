// How cheap can a server on this machine be at all? The lower bound that benchmarks compare with.
//
// It walks the frames of a client without understanding them: every END_STREAM on a HEADERS or DATA
// frame is answered with the bytes of "Hello world", whatever was asked. No HPACK, no protobuf, no
// flow control on the way out, no checks. What is left is the price of the system calls and of one
// pass over the bytes. It is a measuring stick, not a server.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "examples/support/flags.h"

namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kFrameHeaderBytes = 9;
constexpr size_t kReadBytes = 256 * 1024;
// Given back to the client in one piece; far below the window of 2^31-1 that is opened at first.
constexpr uint32_t kWindowRefill = 1u << 30;

enum FrameType : uint8_t { kData = 0, kHeaders = 1, kSettings = 4, kPing = 6 };
constexpr uint8_t kEndStream = 0x1;
constexpr uint8_t kAck = 0x1;

// An empty SETTINGS frame, and a WINDOW_UPDATE from 65,535 to 2^31-1 on the connection.
constexpr uint8_t kServerPreface[] = {0, 0, 0, 4, 0, 0, 0, 0, 0,  //
                                      0, 0, 4, 8, 0, 0, 0, 0, 0, 0x7f, 0xff, 0, 0};
constexpr uint8_t kSettingsAck[] = {0, 0, 0, 4, 1, 0, 0, 0, 0};
constexpr uint8_t kConnectionRefill[] = {0, 0, 4, 8, 0, 0, 0, 0, 0, 0x40, 0, 0, 0};

// The frames of an answer, with the positions of the three stream ids in them.
struct Answer {
  std::string bytes;
  std::array<size_t, 3> stream_id_at;
};

void AppendFrame(Answer& answer, size_t index, uint8_t type, uint8_t flags,
                 std::string_view payload) {
  answer.bytes +=
      {0, 0, static_cast<char>(payload.size()), static_cast<char>(type), static_cast<char>(flags)};
  answer.stream_id_at[index] = answer.bytes.size();
  answer.bytes.append(4, '\0');
  answer.bytes.append(payload);
}

Answer MakeAnswer(std::string_view headers, std::string_view trailers) {
  using namespace std::string_view_literals;
  Answer answer;
  AppendFrame(answer, 0, kHeaders, 0x4 /*END_HEADERS*/, headers);
  AppendFrame(answer, 1, kData, 0, "\0\0\0\0\x0d\x0a\x0bHello world"sv);
  AppendFrame(answer, 2, kHeaders, 0x4 | kEndStream, trailers);
  return answer;
}

// The first answer of a connection puts its fields in the client's dynamic table (RFC 7541 §6.2.1);
// the others refer to them: 63 is the older entry, 62 the newer one.
const Answer& FirstAnswer() {
  static const Answer answer = MakeAnswer(
      "\x88\x5f\x10"
      "application/grpc",
      "\x40\x0bgrpc-status\x01"
      "0");
  return answer;
}
const Answer& LaterAnswer() {
  static const Answer answer = MakeAnswer("\x88\xbf", "\xbe");
  return answer;
}

struct Connection {
  int socket = -1;
  bool preface_seen = false;
  bool has_answered = false;
  bool wants_epollout = false;
  uint32_t data_bytes = 0;  // since the connection's window was refilled
  std::string partial;      // of a frame, from the read before
  std::string output;
};

void AppendAnswer(Connection& connection, const uint8_t* stream_id) {
  const Answer& answer = connection.has_answered ? LaterAnswer() : FirstAnswer();
  connection.has_answered = true;
  const size_t start = connection.output.size();
  connection.output += answer.bytes;
  for (size_t at : answer.stream_id_at) std::memcpy(&connection.output[start + at], stream_id, 4);
}

template <size_t kSize>
void AppendBytes(std::string& out, const uint8_t (&bytes)[kSize]) {
  out.append(reinterpret_cast<const char*>(bytes), kSize);
}

void HandleFrame(Connection& connection, const uint8_t* header, size_t length) {
  const uint8_t type = header[3];
  const uint8_t flags = header[4];
  switch (type) {
    case kData:
      connection.data_bytes += static_cast<uint32_t>(length);
      if (connection.data_bytes >= kWindowRefill) {
        connection.data_bytes -= kWindowRefill;
        AppendBytes(connection.output, kConnectionRefill);
      }
      [[fallthrough]];
    case kHeaders:
      if (flags & kEndStream) AppendAnswer(connection, header + 5);
      break;
    case kSettings:
      if (!(flags & kAck)) AppendBytes(connection.output, kSettingsAck);
      break;
    case kPing:
      if (!(flags & kAck)) {
        const size_t start = connection.output.size();
        connection.output.append(reinterpret_cast<const char*>(header), kFrameHeaderBytes + 8);
        connection.output[start + 4] = static_cast<char>(kAck);
      }
      break;
    default:
      break;
  }
}

// Returns how many of the bytes belong to whole frames.
size_t WalkFrames(Connection& connection, const uint8_t* bytes, size_t size) {
  size_t at = 0;
  if (!connection.preface_seen) {
    if (size < kPreface.size()) return 0;
    connection.preface_seen = true;
    at = kPreface.size();
  }
  while (size - at >= kFrameHeaderBytes) {
    const uint8_t* header = bytes + at;
    const size_t length = static_cast<size_t>(header[0]) << 16 | header[1] << 8 | header[2];
    if (size - at < kFrameHeaderBytes + length) break;
    HandleFrame(connection, header, length);
    at += kFrameHeaderBytes + length;
  }
  return at;
}

class FrameWalker {
 public:
  // Returns the port, or 0 with errno set.
  uint16_t Listen(uint16_t port);
  // Serves until the process is stopped.
  void Run();

 private:
  void Accept();
  bool OnReadable(Connection& connection);
  bool Flush(Connection& connection);
  void Watch(Connection& connection, int operation);
  void Close(Connection& connection);

  int listener_ = -1;
  int epoll_ = -1;
  std::vector<uint8_t> read_buffer_ = std::vector<uint8_t>(kReadBytes);
};

uint16_t FrameWalker::Listen(uint16_t port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0) return 0;
  if (listen(listener_, SOMAXCONN) != 0) return 0;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  return ntohs(address.sin_port);
}

void FrameWalker::Run() {
  std::array<epoll_event, 128> events;
  while (true) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[i].data.ptr);
      if (connection == nullptr) {
        Accept();
        continue;
      }
      bool alive = true;
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) alive = OnReadable(*connection);
      if (alive) alive = Flush(*connection);
      if (!alive) Close(*connection);
    }
  }
}

void FrameWalker::Accept() {
  while (true) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto* connection = new Connection{.socket = socket, .partial = {}, .output = {}};
    AppendBytes(connection->output, kServerPreface);
    Watch(*connection, EPOLL_CTL_ADD);
    if (!Flush(*connection)) Close(*connection);
  }
}

// Returns false when the connection is over.
bool FrameWalker::OnReadable(Connection& connection) {
  const size_t kept = connection.partial.size();
  std::memcpy(read_buffer_.data(), connection.partial.data(), kept);
  const ssize_t got =
      recv(connection.socket, read_buffer_.data() + kept, read_buffer_.size() - kept, 0);
  if (got < 0 && errno == EAGAIN) return true;
  if (got <= 0) return false;
  const size_t size = kept + static_cast<size_t>(got);
  const size_t walked = WalkFrames(connection, read_buffer_.data(), size);
  if (walked == 0 && size == read_buffer_.size()) return false;  // a frame larger than the buffer
  connection.partial.assign(reinterpret_cast<const char*>(read_buffer_.data()) + walked,
                            size - walked);
  return true;
}

bool FrameWalker::Flush(Connection& connection) {
  if (!connection.output.empty()) {
    const ssize_t sent =
        send(connection.socket, connection.output.data(), connection.output.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) connection.output.erase(0, static_cast<size_t>(sent));
  }
  const bool wants_epollout = !connection.output.empty();
  if (wants_epollout != connection.wants_epollout) {
    connection.wants_epollout = wants_epollout;
    Watch(connection, EPOLL_CTL_MOD);
  }
  return true;
}

void FrameWalker::Watch(Connection& connection, int operation) {
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
  if (connection.wants_epollout) event.events |= EPOLLOUT;
  epoll_ctl(epoll_, operation, connection.socket, &event);
}

void FrameWalker::Close(Connection& connection) {
  close(connection.socket);
  delete &connection;
}

}  // namespace

int main(int argc, char** argv) {
  int port = 0;
  examples::Flags flags(
      "Answers every HTTP/2 request with the same bytes: the limit of the machine.");
  flags.Add("port", &port, "port to listen on; 0 takes a free one", examples::kPortRange);
  flags.ParseOrExit(argc, argv);

  std::signal(SIGTERM, [](int) { _exit(0); });  // There is nothing to save.
  FrameWalker walker;
  const uint16_t listening_port = walker.Listen(static_cast<uint16_t>(port));
  if (listening_port == 0) {
    std::fprintf(stderr, "cannot listen on 127.0.0.1:%d: %s\n", port, std::strerror(errno));
    return 1;
  }
  std::printf("listening on 127.0.0.1:%d\n", listening_port);
  std::fflush(stdout);
  walker.Run();
}
