#include "transport/net/resolver_cares.h"

#include <ares.h>
#include <netdb.h>
#include <poll.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "transport/net/clock.h"

namespace weir::net {

namespace {

using ResolveResult = Result<std::vector<SocketAddress>, std::string>;

// One server that does not answer must leave time to ask again, or to ask another.
constexpr int kTries = 4;

struct DestroyChannel {
  void operator()(ares_channel channel) const { ares_destroy(channel); }
};
using Channel = std::unique_ptr<std::remove_pointer_t<ares_channel>, DestroyChannel>;

struct Answer {
  std::optional<int> status;  // once it has come
  std::vector<SocketAddress> addresses;
};

std::string Complain(const std::string& host, std::string_view cause) {
  return "cannot resolve \"" + host + "\": " + std::string(cause);
}

std::string_view DescribeStatus(int status) {
  switch (status) {
    case ARES_ENOTFOUND:
      return "no such name";
    case ARES_ENODATA:
      return "the name has no address";
    case ARES_ECONNREFUSED:
      return "the name servers cannot be reached";
    case ARES_ESERVFAIL:
      return "the name servers failed";
    case ARES_EREFUSED:
      return "the name servers refused to answer";
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED:
      return "the name servers did not answer in time";
    default:
      return ares_strerror(status);
  }
}

// ares_addrinfo_callback.
void ReceiveAnswer(void* argument, int status, int /*timeouts*/, ares_addrinfo* result) {
  auto& answer = *static_cast<Answer*>(argument);
  answer.status = status;
  if (result == nullptr) return;
  for (const ares_addrinfo_node* node = result->nodes; node != nullptr; node = node->ai_next) {
    const auto address = SocketAddress::FromRaw(node->ai_addr, node->ai_addrlen);
    auto& known = answer.addresses;
    if (std::find(known.begin(), known.end(), address) == known.end()) known.push_back(address);
  }
  ares_freeaddrinfo(result);
}

int CeilMilliseconds(Duration duration) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<int>(std::clamp<int64_t>(count, 0, 1'000'000));
}

// Lets c-ares work until it wants to wait, then waits for its sockets, its timers or `deadline`.
void WaitAndProcess(ares_channel channel, TimePoint deadline) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets;
  const int wanted = ares_getsock(channel, sockets.data(), static_cast<int>(sockets.size()));
  std::array<pollfd, ARES_GETSOCK_MAXNUM> polled;
  nfds_t count = 0;
  for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    const bool reads = ARES_GETSOCK_READABLE(wanted, i) != 0;
    const bool writes = ARES_GETSOCK_WRITABLE(wanted, i) != 0;
    if (!reads && !writes) continue;
    const int events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0);
    polled[count++] = {sockets[static_cast<size_t>(i)], static_cast<short>(events), 0};
  }
  timeval left{};
  const int milliseconds = CeilMilliseconds(deadline - MonotonicNow());
  timeval longest{milliseconds / 1000, milliseconds % 1000 * 1000};
  const timeval* wait = ares_timeout(channel, &longest, &left);
  // One more, since the time of the next retry is rounded down.
  ::poll(polled.data(), count, static_cast<int>(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1));
  // Also without events: that is how timeouts are noticed.
  ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  for (nfds_t i = 0; i < count; ++i) {
    if (polled[i].revents == 0) continue;
    const bool writes = (polled[i].revents & POLLOUT) != 0;
    const bool reads = (polled[i].revents & ~POLLOUT) != 0;
    ares_process_fd(channel, reads ? polled[i].fd : ARES_SOCKET_BAD,
                    writes ? polled[i].fd : ARES_SOCKET_BAD);
  }
}

}  // namespace

ResolveResult ResolveHost(const std::string& host, uint16_t port, const ResolveOptions& options) {
  SocketAddress numeric;
  if (SocketAddress::ParseNumeric(host, port, numeric)) return std::vector<SocketAddress>{numeric};

  const TimePoint deadline = AddSaturated(MonotonicNow(), options.timeout);
  ares_options settings{};
  settings.timeout = std::max(CeilMilliseconds(options.timeout) / kTries, 1);
  settings.tries = kTries;
  ares_channel raw_channel = nullptr;
  // ares_library_init() does nothing outside Windows.
  int status = ares_init_options(&raw_channel, &settings, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
  if (status != ARES_SUCCESS) return Complain(host, DescribeStatus(status));
  const Channel channel(raw_channel);
  if (!options.name_servers.empty()) {
    status = ares_set_servers_ports_csv(channel.get(), options.name_servers.c_str());
    if (status != ARES_SUCCESS) return Complain(host, "the list of name servers is malformed");
  }

  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  // Sorting by how well each can be reached from here is for those who connect.
  hints.ai_flags = ARES_AI_NOSORT;
  Answer answer;
  ares_getaddrinfo(channel.get(), host.c_str(), nullptr, &hints, ReceiveAnswer, &answer);
  while (!answer.status && MonotonicNow() < deadline) WaitAndProcess(channel.get(), deadline);
  if (!answer.status) ares_cancel(channel.get());  // calls ReceiveAnswer

  if (!answer.addresses.empty()) {
    for (SocketAddress& address : answer.addresses) address.set_port(port);
    return std::move(answer.addresses);
  }
  const int final_status = answer.status.value_or(ARES_ETIMEOUT);
  return Complain(host, DescribeStatus(final_status == ARES_SUCCESS ? ARES_ENODATA : final_status));
}

}  // namespace weir::net
