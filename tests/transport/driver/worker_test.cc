// The connections of one loop: how they are taken over, counted and got rid of.
#include <errno.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/transport/driver/driver_fixture.h"
#include "transport/driver/worker_thread.h"

namespace weir::driver {
namespace {

using ::testing::ElementsAre;
using testing::kPreface;
using testing::Request;
using testing::Settings;
using testing::SettingsAck;
using testing::WindowUpdate;

class WorkerTest : public DriverTest {};

TEST_F(WorkerTest, CountsConnectionsThatAreOnTheirWay) {
  EXPECT_EQ(worker().load(), 0u);
  worker().PromiseConnection();
  EXPECT_EQ(worker().load(), 1u);
  EXPECT_TRUE(worker().is_empty());
  net::FakeWire wire(loop_, 7);
  Client& client = Connect();
  EXPECT_EQ(worker().load(), 2u);
  client.wire.EndsSending();
  Settle();
  EXPECT_EQ(worker().load(), 1u);
}

TEST_F(WorkerTest, GivesUpAConnectionThatTheLoopCannotWatch) {
  loop_.FailWatch(ENOSPC);
  Client& client = Connect();
  EXPECT_FALSE(client.wire.is_closed());  // at the end of the turn
  Settle();
  EXPECT_TRUE(client.wire.is_closed());
  EXPECT_TRUE(worker().is_empty());
  EXPECT_EQ(worker().load(), 0u);
  EXPECT_TRUE(client.record.lines.empty());  // there never was a handler
}

TEST_F(WorkerTest, SaysAtOnceThatItIsEmpty) {
  bool is_empty = false;
  worker().NotifyWhenEmpty([&] { is_empty = true; });
  EXPECT_TRUE(is_empty);
}

TEST_F(WorkerTest, SaysOnceWhenTheLastConnectionIsGone) {
  Client& one = ConnectAndStart();
  Client& two = ConnectAndStart();
  int calls = 0;
  worker().NotifyWhenEmpty([&] { ++calls; });
  one.wire.EndsSending();
  Settle();
  EXPECT_EQ(calls, 0);
  two.wire.EndsSending();
  Settle();
  EXPECT_EQ(calls, 1);
  Client& three = ConnectAndStart();
  three.wire.EndsSending();
  Settle();
  EXPECT_EQ(calls, 1);
}

TEST_F(WorkerTest, WaitsForHandlersBeforeItIsEmpty) {
  Client& client = ConnectAndStart();
  client.record.is_idle = false;
  bool is_empty = false;
  worker().NotifyWhenEmpty([&] { is_empty = true; });
  worker().Abort();
  loop_.Advance(std::chrono::seconds(5));
  EXPECT_FALSE(is_empty);
  client.record.is_idle = true;
  client.record.driver->HandlerBecameIdle();
  Settle();
  EXPECT_TRUE(is_empty);
}

TEST_F(WorkerTest, HandsOverWorkThatComesUpWhileOutputIsFlushed) {
  Client& client = ConnectAndStart(Settings({{4, 0x7fffffff}}));
  std::vector<int> handovers_at_event;
  client.record.on_event = [&](ConnectionDriver& driver, const http2::Event& event) {
    if (event.kind == http2::Event::Kind::kStreamEnded) {
      driver.connection().SendHeaders(event.stream, http2::OutputFields(kHeaderFields));
      driver.connection().SendData(event.stream, Buffer(100'000));
    } else if (event.kind == http2::Event::Kind::kStreamWritable) {
      handovers_at_event.push_back(handovers_);
    }
  };
  client.Sends(Request(1) + WindowUpdate(0, 100'000));
  loop_.RunTurn();
  ASSERT_EQ(handovers_at_event.size(), 1u);
  EXPECT_EQ(handovers_, handovers_at_event[0] + 1);
}

TEST_F(WorkerTest, DestroysWhatIsLeftWithItself) {
  auto loop = std::make_unique<net::FakeLoop>();
  net::FakeWire wire(*loop, 7);
  HandlerRecord record;
  struct Factory final : ConnectionHandlerFactory {
    explicit Factory(HandlerRecord& its_record) : record(its_record) {}
    std::unique_ptr<ConnectionHandler> MakeHandler(ConnectionDriver& driver) override {
      return std::make_unique<NotingHandler>(driver, record);
    }
    void HandOverWork() override {}
    HandlerRecord& record;
  } factory(record);
  // On the heap, as in WorkerThread: g++ 12 does not align what it puts on the stack under ASan.
  auto worker = std::make_unique<Worker>(options_, factory, *loop);
  worker->PromiseConnection();
  worker->Adopt(wire.MakeSocket(), nullptr);
  loop->RunTurn();
  worker.reset();
  EXPECT_TRUE(wire.is_closed());
  EXPECT_EQ(loop->watch_count(), 0u);
  EXPECT_THAT(record.lines, ElementsAre("destroyed"));
}

TEST(WorkerThreadTest, RunsTheLoopUntilItIsStopped) {
  struct Factory final : ConnectionHandlerFactory {
    std::unique_ptr<ConnectionHandler> MakeHandler(ConnectionDriver&) override { return nullptr; }
    void HandOverWork() override {}
  } factory;
  auto thread = WorkerThread::Create(WorkerOptions(), factory);
  ASSERT_TRUE(thread.ok());
  WorkerThread& running = **thread;
  ASSERT_TRUE(running.Start("weir-worker-with-a-long-name"));
  std::atomic<bool> ran = false;
  std::atomic<bool> was_on_thread = false;
  running.loop().PostFunction([&] {
    was_on_thread = running.loop().IsInLoopThread();
    ran = true;
    ran.notify_one();
  });
  ran.wait(false);
  EXPECT_TRUE(was_on_thread);
  running.StopAndJoin();
  running.StopAndJoin();
  EXPECT_TRUE(running.worker().is_empty());
}

TEST(WorkerThreadTest, NeedNotBeStarted) {
  struct Factory final : ConnectionHandlerFactory {
    std::unique_ptr<ConnectionHandler> MakeHandler(ConnectionDriver&) override { return nullptr; }
    void HandOverWork() override {}
  } factory;
  auto thread = WorkerThread::Create(WorkerOptions(), factory);
  ASSERT_TRUE(thread.ok());
  (*thread)->StopAndJoin();
}

}  // namespace
}  // namespace weir::driver
