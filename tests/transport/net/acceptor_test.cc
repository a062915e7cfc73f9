// Does accepting go on, without spinning, whatever accept() returns?
#include "transport/net/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "tests/testing/fake_loop.h"
#include "transport/net/listener.h"

namespace weir::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kListeningFd = 1000;  // FakeLoop and ScriptedAcceptCall only compare it

// Answers as the script says; then as `otherwise` says.
class ScriptedAcceptCall final : public AcceptCall {
 public:
  static constexpr int kConnection = 1;

  int Accept(int listening_fd, SocketAddress& peer) override {
    EXPECT_EQ(listening_fd, kListeningFd);
    ++calls;
    int answer = otherwise;
    if (!script.empty()) {
      answer = script.front();
      script.pop_front();
    }
    if (answer != kConnection) return answer;
    EXPECT_TRUE(SocketAddress::ParseNumeric("192.0.2.1", 4711, peer));
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  }

  std::deque<int> script;
  int otherwise = -EAGAIN;
  int calls = 0;
};

class RecordingSink final : public AcceptedSink {
 public:
  void OnAccepted(UniqueFd fd, const SocketAddress& peer) override {
    EXPECT_TRUE(fd.is_valid());
    peers.push_back(peer);
    if (on_accepted) on_accepted();
  }
  std::vector<SocketAddress> peers;
  std::function<void()> on_accepted;
};

class AcceptorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    loop_.SetReady(kListeningFd, true, false);
    ASSERT_FALSE(acceptor_.Start().has_value());
  }

  bool IsWatching() { return loop_.InterestOf(kListeningFd) == Interest{.read = true}; }

  // Lets time pass until the acceptor calls accept() again; how long that took, by the millisecond.
  milliseconds TimeUntilNextCall() {
    const int before = call_.calls;
    milliseconds waited(0);
    while (call_.calls == before && waited < seconds(5)) {
      loop_.Advance(milliseconds(1));
      ++waited;
    }
    return waited;
  }

  // A pause of n milliseconds ends within the two ticks that follow.
  void ExpectPause(milliseconds pause) {
    const milliseconds waited = TimeUntilNextCall();
    EXPECT_GE(waited, pause);
    EXPECT_LE(waited, pause + milliseconds(2));
  }

  FakeLoop loop_;
  ScriptedAcceptCall call_;
  RecordingSink sink_;
  Acceptor acceptor_{loop_, kListeningFd, sink_, {.accepts_per_turn = 4, .call = &call_}};
};

constexpr int kConnection = ScriptedAcceptCall::kConnection;

TEST_F(AcceptorTest, HandsOverConnectionsWithTheirPeers) {
  call_.script = {kConnection, kConnection};
  loop_.RunTurn();
  ASSERT_EQ(sink_.peers.size(), 2u);
  EXPECT_EQ(sink_.peers[0].ToString(), "ipv4:192.0.2.1:4711");
  EXPECT_EQ(acceptor_.counters().accepted, 2u);
}

TEST_F(AcceptorTest, TakesNoMoreThanItsShareInATurn) {
  call_.otherwise = kConnection;
  loop_.RunTurn();
  EXPECT_EQ(sink_.peers.size(), 4u);
  loop_.RunTurn();
  EXPECT_EQ(sink_.peers.size(), 8u);
}

TEST_F(AcceptorTest, SkipsConnectionsThatAreAlreadyBroken) {
  for (const int error :
       {EINTR, ECONNABORTED, ECONNRESET, ENOTCONN, EPROTO, ENOPROTOOPT, EOPNOTSUPP, ETIMEDOUT,
        ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENONET, EPERM, EACCES}) {
    SCOPED_TRACE(error);
    const size_t before = sink_.peers.size();
    call_.script = {-error, kConnection, -error, kConnection};
    loop_.RunTurn();
    EXPECT_EQ(sink_.peers.size(), before + 2);
    EXPECT_FALSE(acceptor_.is_backing_off());
  }
  EXPECT_EQ(acceptor_.counters().connection_errors, 2u * 13);
  EXPECT_EQ(acceptor_.counters().refusals, 2u * 2);
  EXPECT_EQ(acceptor_.counters().pauses, 0u);
}

TEST_F(AcceptorTest, OutlivesAnyNumberOfBrokenConnections) {
  for (int i = 0; i < 100'000; ++i) call_.script.push_back(-ECONNABORTED);
  call_.script.push_back(kConnection);
  while (sink_.peers.empty() && call_.calls < 200'000) loop_.Advance(milliseconds(10));
  EXPECT_EQ(sink_.peers.size(), 1u);
  EXPECT_EQ(acceptor_.counters().connection_errors, 100'000u);
}

TEST_F(AcceptorTest, PausesTwiceAsLongEachTimeThereAreNoDescriptors) {
  call_.otherwise = -EMFILE;
  loop_.RunTurn();
  EXPECT_EQ(call_.calls, 1);
  EXPECT_FALSE(IsWatching());
  for (const int pause : {5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000}) {
    SCOPED_TRACE(pause);
    ExpectPause(milliseconds(pause));
  }
  EXPECT_EQ(acceptor_.counters().descriptor_errors, 11u);
  EXPECT_EQ(acceptor_.counters().pauses, 11u);
}

TEST_F(AcceptorTest, PausesForEveryLackAndForWhatItDoesNotKnow) {
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL, ENOTSOCK}) {
    SCOPED_TRACE(error);
    call_.script = {-error, kConnection};
    loop_.RunTurn();
    EXPECT_TRUE(acceptor_.is_backing_off());
    ExpectPause(milliseconds(5));
  }
  EXPECT_EQ(acceptor_.counters().descriptor_errors, 2u);
  EXPECT_EQ(acceptor_.counters().memory_errors, 2u);
  EXPECT_EQ(acceptor_.counters().other_errors, 3u);
  EXPECT_EQ(acceptor_.counters().accepted, 7u);
}

TEST_F(AcceptorTest, PausesBrieflyAfterATurnOfNothingButErrors) {
  call_.otherwise = -EPERM;
  loop_.RunTurn();
  EXPECT_EQ(call_.calls, 4);
  EXPECT_TRUE(acceptor_.is_backing_off());
  for (int i = 0; i < 5; ++i) ExpectPause(milliseconds(5));
}

TEST_F(AcceptorTest, GoesOnAtOnceWhenADescriptorIsFreed) {
  call_.script = {-EMFILE, kConnection};
  loop_.RunTurn();
  acceptor_.OnDescriptorFreed();
  EXPECT_FALSE(acceptor_.is_backing_off());
  loop_.RunTurn();
  EXPECT_EQ(sink_.peers.size(), 1u);
}

TEST_F(AcceptorTest, DoesNotTakeAFreedDescriptorForFreedMemory) {
  call_.script = {-ENOMEM};
  loop_.RunTurn();
  acceptor_.OnDescriptorFreed();
  EXPECT_TRUE(acceptor_.is_backing_off());
}

TEST_F(AcceptorTest, AcceptsNothingWhilePaused) {
  call_.otherwise = kConnection;
  sink_.on_accepted = [&] { acceptor_.Pause(); };
  loop_.RunTurn();
  loop_.Advance(seconds(2));
  EXPECT_EQ(sink_.peers.size(), 1u);
  acceptor_.Resume();
  loop_.RunTurn();
  EXPECT_EQ(sink_.peers.size(), 2u);
}

TEST_F(AcceptorTest, KeepsAPauseThatABackOffMeets) {
  call_.script = {-EMFILE};
  call_.otherwise = kConnection;
  loop_.RunTurn();
  acceptor_.Pause();
  loop_.Advance(seconds(2));
  EXPECT_EQ(sink_.peers.size(), 0u);
  acceptor_.Resume();
  loop_.RunTurn();
  EXPECT_EQ(sink_.peers.size(), 4u);
}

TEST_F(AcceptorTest, KeepsABackOffThatAResumeMeets) {
  call_.script = {-EMFILE};
  loop_.RunTurn();
  acceptor_.Pause();
  acceptor_.Resume();
  EXPECT_FALSE(IsWatching());
  ExpectPause(milliseconds(5));
}

TEST_F(AcceptorTest, EndsForGoodWhenStopped) {
  call_.otherwise = kConnection;
  sink_.on_accepted = [&] { acceptor_.Stop(); };
  loop_.RunTurn();
  acceptor_.Resume();
  acceptor_.OnDescriptorFreed();
  acceptor_.Stop();
  loop_.Advance(seconds(2));
  EXPECT_EQ(sink_.peers.size(), 1u);
  EXPECT_EQ(loop_.watch_count(), 0u);
}

TEST_F(AcceptorTest, EndsABackOffWhenStopped) {
  call_.script = {-EMFILE, kConnection};
  loop_.RunTurn();
  acceptor_.Stop();
  loop_.Advance(seconds(2));
  EXPECT_EQ(sink_.peers.size(), 0u);
}

TEST_F(AcceptorTest, TriesAgainWhenTheLoopCannotWatch) {
  call_.script = {-EMFILE, kConnection};
  loop_.RunTurn();
  loop_.FailWatch(ENOMEM);
  loop_.Advance(milliseconds(10));
  EXPECT_TRUE(acceptor_.is_backing_off());
  EXPECT_EQ(acceptor_.counters().memory_errors, 1u);
  loop_.FailWatch(0);
  loop_.Advance(seconds(2));
  EXPECT_EQ(sink_.peers.size(), 1u);
}

TEST(Acceptor, SaysThatItCannotStart) {
  FakeLoop loop;
  loop.FailWatch(ENOSPC);
  RecordingSink sink;
  Acceptor acceptor(loop, kListeningFd, sink);
  const auto error = acceptor.Start();
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(error->error_number, ENOSPC);
}

TEST(Acceptor, AcceptsRealConnections) {
  SocketAddress loopback;
  ASSERT_TRUE(SocketAddress::ParseNumeric("127.0.0.1", 0, loopback));
  auto listener = Listener::Open(loopback);
  ASSERT_TRUE(listener.ok());
  const SocketAddress& address = (*listener)->local_address();
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::connect(client.get(), address.raw(), address.raw_length()), 0);

  FakeLoop loop;
  loop.SetReady((*listener)->fd(), true, false);
  class KeepingSink final : public AcceptedSink {
   public:
    void OnAccepted(UniqueFd fd, const SocketAddress& peer) override {
      accepted = std::move(fd);
      accepted_peer = peer;
    }
    UniqueFd accepted;
    SocketAddress accepted_peer;
  } sink;
  Acceptor acceptor(loop, (*listener)->fd(), sink);
  ASSERT_FALSE(acceptor.Start().has_value());
  loop.RunTurn();
  ASSERT_TRUE(sink.accepted.is_valid());
  EXPECT_EQ(sink.accepted_peer, SocketAddress::LocalOf(client.get()));
  EXPECT_NE(::fcntl(sink.accepted.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(sink.accepted.get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace weir::net
