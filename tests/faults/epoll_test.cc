// What if the kernel's readiness calls fail, wake for nothing, or say little at a time? This
// program has epoll_wait, epoll_pwait2 and epoll_ctl of its own, which ask the kernel unless the
// test wants a fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <set>
#include <string>

#include "tests/faults/server_on_sockets.h"
#include "tests/faults/sessions.h"

namespace {

enum class WaitFault { kNone, kInterrupted, kWokenForNothing, kOneEventAtATime };

// What fails. Only the thread of the test calls these functions.
struct Plan {
  WaitFault wait = WaitFault::kNone;
  int operation = 0;  // of epoll_ctl: 0 for none
  int nth = 0;        // which of them fails
  int error_number = 0;

  int waits = 0;
  int controls = 0;
  std::set<int> added = {};  // descriptors
};
Plan plan;

// Every other call: what always fails gets nowhere.
bool IsWaitFaulty(WaitFault fault) { return plan.wait == fault && plan.waits % 2 == 1; }

template <typename Wait>
int WaitWithFaults(int capacity, Wait wait) {
  ++plan.waits;
  if (IsWaitFaulty(WaitFault::kInterrupted)) {
    errno = EINTR;
    return -1;
  }
  if (IsWaitFaulty(WaitFault::kWokenForNothing)) return 0;
  return wait(plan.wait == WaitFault::kOneEventAtATime ? 1 : capacity);
}

}  // namespace

extern "C" {

int epoll_wait(int epoll, epoll_event* events, int capacity, int timeout) {
  return WaitWithFaults(capacity, [&](int most) {
    return static_cast<int>(syscall(SYS_epoll_pwait, epoll, events, most, timeout, nullptr, 8));
  });
}

int epoll_pwait2(int epoll, epoll_event* events, int capacity, const timespec* timeout,
                 const sigset_t*) {
  return WaitWithFaults(capacity, [&](int most) {
    return static_cast<int>(syscall(SYS_epoll_pwait2, epoll, events, most, timeout, nullptr, 8));
  });
}

int epoll_ctl(int epoll, int operation, int fd, epoll_event* event) noexcept {
  if (operation == EPOLL_CTL_ADD) plan.added.insert(fd);
  if (operation == plan.operation && plan.added.count(fd) != 0 && ++plan.controls == plan.nth) {
    errno = plan.error_number;
    return -1;
  }
  return static_cast<int>(syscall(SYS_epoll_ctl, epoll, operation, fd, event));
}

}  // extern "C"

namespace weir::faults {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Epoll : public ::testing::TestWithParam<Session> {
 protected:
  ~Epoll() override { plan = {}; }

  // The session under `wanted`. Whether the fault of epoll_ctl was reached.
  bool Run(const Plan& wanted) {
    const Session& session = GetParam();
    HandlerAccount account;
    ServerOnSockets server;
    InstallHandlers(server, account);
    if (session.prepare) session.prepare(server);
    Bystander bystander(server);
    plan = wanted;
    SocketClient& client = server.Connect(session.with_tls);
    server.Settle();
    for (const std::string& step : session.steps) {
      if (&step == &session.steps.back() && session.before_last) session.before_last(server);
      client.Sends(step);
      server.Settle();
    }
    EXPECT_GT(plan.waits, 0) << "the functions of this program are not called";
    const bool was_reached = wanted.operation != 0 && plan.controls >= plan.nth;
    const auto heard = client.Hears();
    if (!session.hears.empty() && !was_reached) {
      EXPECT_THAT(heard, Contains(session.hears));
    } else if (!session.hears.empty() && !client.was_hung_up_on()) {
      EXPECT_THAT(heard, Contains(AnyOf(session.hears, HasSubstr(" end"), StartsWith("RST_STREAM"),
                                        StartsWith("GOAWAY"))));
    }
    if (!session.before_last) bystander.ExpectServed();
    client.HangsUp();
    server.Settle();
    EXPECT_LE(server.worker().load(), 1u) << "a connection is left";
    EXPECT_EQ(account.begun, account.ended + OpenStreams(server)) << "a handler is left";
    plan = {};
    return was_reached;
  }

  // With the first, the second, ... of these calls for the session's connection failing. Returns
  // how many there were.
  int FailEach(int operation, int error_number) {
    int nth = 1;
    while (Run({.operation = operation, .nth = nth, .error_number = error_number})) {
      if (HasFailure() || ++nth > 100) break;
    }
    EXPECT_LT(nth, 100);
    return nth - 1;
  }
};

INSTANTIATE_TEST_SUITE_P(Session, Epoll, ::testing::ValuesIn(AllSessions()),
                         [](const auto& session) { return std::string(session.param.name); });

TEST_P(Epoll, MayBeInterrupted) { Run({.wait = WaitFault::kInterrupted}); }
TEST_P(Epoll, MayWakeForNothing) { Run({.wait = WaitFault::kWokenForNothing}); }
TEST_P(Epoll, MayTellOneEventAtATime) { Run({.wait = WaitFault::kOneEventAtATime}); }
TEST_P(Epoll, MayRefuseToWatchAConnection) {
  EXPECT_EQ(FailEach(EPOLL_CTL_ADD, ENOSPC), 1);
  EXPECT_EQ(FailEach(EPOLL_CTL_ADD, ENOMEM), 1);
}
TEST_P(Epoll, MayRefuseToChangeWhatIsWatched) {
  RecordProperty("changes", FailEach(EPOLL_CTL_MOD, ENOMEM));
}

}  // namespace
}  // namespace weir::faults
