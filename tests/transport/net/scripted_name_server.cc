#include "tests/transport/net/scripted_name_server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <utility>

#include "transport/base/bytes.h"
#include "transport/net/address.h"

namespace weir::net {

namespace {

constexpr size_t kHeaderSize = 12;
constexpr uint16_t kTypeA = 1;
constexpr uint16_t kTypeAaaa = 28;

SocketAddress Loopback() {
  SocketAddress address;
  EXPECT_TRUE(SocketAddress::ParseNumeric("127.0.0.1", 0, address));
  return address;
}

void AppendBig(std::string& text, uint32_t value, int octets) {
  while (octets-- > 0) text += static_cast<char>(value >> (8 * octets));
}

// The octets of an address, as a record of `type` holds them; empty if it is of the other family.
std::string RecordData(const std::string& host, uint16_t type) {
  SocketAddress address;
  EXPECT_TRUE(SocketAddress::ParseNumeric(host, 0, address));
  if (type == kTypeA && address.family() == AF_INET) {
    const auto* raw = reinterpret_cast<const sockaddr_in*>(address.raw());
    return std::string(reinterpret_cast<const char*>(&raw->sin_addr), 4);
  }
  if (type == kTypeAaaa && address.family() == AF_INET6) {
    const auto* raw = reinterpret_cast<const sockaddr_in6*>(address.raw());
    return std::string(reinterpret_cast<const char*>(&raw->sin6_addr), 16);
  }
  return std::string();
}

}  // namespace

ScriptedNameServer::ScriptedNameServer(Script script)
    : script_(std::move(script)), fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  const SocketAddress loopback = Loopback();
  EXPECT_EQ(::bind(fd_.get(), loopback.raw(), loopback.raw_length()), 0);
  address_ = SocketAddress::LocalOf(fd_.get()).ToDisplayString();
  thread_ = std::thread([this] { Serve(); });
}

ScriptedNameServer::~ScriptedNameServer() {
  // An empty datagram to itself ends the thread.
  const SocketAddress self = SocketAddress::LocalOf(fd_.get());
  EXPECT_EQ(::sendto(fd_.get(), "", 0, 0, self.raw(), self.raw_length()), 0);
  thread_.join();
}

void ScriptedNameServer::Serve() {
  for (;;) {
    std::string question(512, '\0');
    sockaddr_in client{};
    socklen_t length = sizeof(client);
    const ssize_t size = ::recvfrom(fd_.get(), question.data(), question.size(), 0,
                                    reinterpret_cast<sockaddr*>(&client), &length);
    if (size <= 0) return;
    question.resize(static_cast<size_t>(size));
    const std::string answer = AnswerTo(std::move(question));
    if (!script_.answers || answer.empty()) continue;
    ::sendto(fd_.get(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&client),
             length);
  }
}

// RFC 1035 §4.1.
std::string ScriptedNameServer::AnswerTo(std::string question) const {
  const size_t name_end = question.find('\0', kHeaderSize);
  if (name_end == std::string::npos || name_end + 5 > question.size()) return std::string();
  const auto* type_octets = reinterpret_cast<const uint8_t*>(question.data() + name_end + 1);
  const uint16_t type = LoadBig16(type_octets);
  std::string answer = question.substr(0, name_end + 5);
  uint16_t count = 0;
  for (const std::string& host : script_.addresses) {
    const std::string data = RecordData(host, type);
    if (data.empty()) continue;
    ++count;
    AppendBig(answer, 0xc000 | kHeaderSize, 2);  // the name of the question
    AppendBig(answer, type, 2);
    AppendBig(answer, 1, 2);   // class IN
    AppendBig(answer, 60, 4);  // time to live
    AppendBig(answer, static_cast<uint32_t>(data.size()), 2);
    answer += data;
  }
  auto* header = reinterpret_cast<uint8_t*>(answer.data());
  StoreBig16(header + 2, static_cast<uint16_t>(0x8180 | script_.response_code));
  StoreBig16(header + 6, count);
  StoreBig32(header + 8, 0);  // neither authorities nor additional records
  return answer;
}

}  // namespace weir::net
