#include "transport/http2/stream_store.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace weir::http2 {
namespace {

Stream& Open(StreamStore& store, StreamId id) {
  store.Use(id);
  return store.Open(id, 65535);
}

TEST(StreamStore, FindsByKeyAndById) {
  StreamStore store;
  EXPECT_EQ(store.FindById(1), nullptr);
  Stream& stream = Open(store, 1);
  EXPECT_EQ(store.Find(StreamStore::KeyOf(stream)), &stream);
  EXPECT_EQ(store.FindById(1), &stream);
  EXPECT_EQ(store.FindById(3), nullptr);
  EXPECT_EQ(store.size(), 1u);
}

TEST(StreamStore, ARecordLivesUntilItIsClosedAndReleased) {
  for (const bool release_first : {false, true}) {
    StreamStore store;
    Stream& stream = Open(store, 1);
    const StreamKey key = StreamStore::KeyOf(stream);
    if (release_first) {
      store.Release(stream);
      EXPECT_EQ(store.FindById(1), &stream);
      store.Close(stream, ReceiveState::kEnded);
    } else {
      store.Close(stream, ReceiveState::kEnded);
      EXPECT_EQ(store.FindById(1), nullptr);
      EXPECT_EQ(store.Find(key), &stream);
      EXPECT_EQ(store.open(), 0u);
      EXPECT_EQ(store.size(), 1u);
      store.Release(stream);
    }
    EXPECT_EQ(store.Find(key), nullptr);
    EXPECT_EQ(store.size(), 0u);
  }
}

TEST(StreamStore, KnowsTheStateOfIdsWithoutARecord) {
  StreamStore store;
  EXPECT_EQ(store.StateOf(1), ReceiveState::kIdle);
  Stream& stream = Open(store, 5);
  EXPECT_EQ(store.StateOf(3), ReceiveState::kSkipped);
  EXPECT_EQ(store.StateOf(7), ReceiveState::kIdle);
  store.Close(stream, ReceiveState::kResetByPeer);
  EXPECT_EQ(store.StateOf(5), ReceiveState::kResetByPeer);
  store.Use(7);
  store.RememberReset(7);
  EXPECT_EQ(store.StateOf(7), ReceiveState::kResetByUs);
  EXPECT_EQ(store.highest_id(), 7u);
}

TEST(StreamStore, ReleasesItsMemoryAndKeepsOldKeysStale) {
  StreamStore store;
  Stream& stream = Open(store, 1);
  const StreamKey key = StreamStore::KeyOf(stream);
  store.Close(stream, ReceiveState::kEnded);
  store.Release(stream);
  store.ReleaseIdleMemory();
  EXPECT_EQ(store.Find(key), nullptr);
  Stream& next = Open(store, 3);
  EXPECT_EQ(store.Find(key), nullptr);
  EXPECT_EQ(store.Find(StreamStore::KeyOf(next)), &next);
  store.ReleaseIdleMemory();  // not idle: nothing is lost
  EXPECT_EQ(store.FindById(3), &next);
}

TEST(StreamStore, AgreesWithAMapAtRandom) {
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    StreamStore store;
    std::map<StreamId, StreamKey> open;
    StreamId id = 1;
    for (int step = 0; step < 3000; ++step) {
      if (open.size() < 200 && random() % 5 < 3) {
        id += 2 * (random() % 3);
        open[id] = StreamStore::KeyOf(Open(store, id));
        id += 2;
      } else if (!open.empty()) {
        const auto victim = std::next(open.begin(), static_cast<ptrdiff_t>(random() % open.size()));
        Stream& stream = *store.FindById(victim->first);
        ASSERT_EQ(StreamStore::KeyOf(stream), victim->second);
        store.Release(stream);
        store.Close(stream, ReceiveState::kEnded);
        ASSERT_EQ(store.FindById(victim->first), nullptr);
        open.erase(victim);
      }
      ASSERT_EQ(store.open(), open.size());
    }
    for (const auto& [open_id, key] : open) ASSERT_EQ(store.FindById(open_id), store.Find(key));
  }
}

}  // namespace
}  // namespace weir::http2
