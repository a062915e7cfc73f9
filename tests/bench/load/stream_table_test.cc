#include "bench/load/stream_table.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "bench/load/random.h"

namespace load {
namespace {

// Against a set, with ids that grow as a client's do, and streams that end in any order.
TEST(StreamTable, HoldsExactlyTheOpenStreams) {
  for (const size_t open_max : {1, 3, 100, 1000}) {
    StreamTable table;
    std::set<uint32_t> open;
    Random random(open_max);
    uint32_t next_id = 1;
    for (int step = 0; step < 50'000; ++step) {
      const bool inserts = open.size() < open_max && random.Next() % 2 == 0;
      if (inserts || open.empty()) {
        ASSERT_EQ(table.Insert(next_id)->id, next_id);
        open.insert(next_id);
        next_id += 2;
      } else {
        // One of the older half, or any.
        auto victim = open.lower_bound(static_cast<uint32_t>(random.Next() % next_id));
        if (victim == open.end()) victim = open.begin();
        Stream* const stream = table.Find(*victim);
        ASSERT_NE(stream, nullptr);
        table.Remove(stream);
        ASSERT_EQ(table.Find(*victim), nullptr);
        open.erase(victim);
      }
      ASSERT_EQ(table.size(), open.size());
      if (step % 500 != 0) continue;
      for (const uint32_t id : open) ASSERT_NE(table.Find(id), nullptr) << id;
      std::set<uint32_t> visited;
      table.ForEach([&](const Stream& stream) { visited.insert(stream.id); });
      ASSERT_EQ(visited, open);
    }
  }
}

TEST(StreamTable, GivesANewStreamNothingOfTheOneBeforeIt) {
  StreamTable table;
  Stream* const old = table.Insert(1);
  old->has_headers = true;
  old->answer.messages = 5;
  old->answer.offset = 3;
  old->answer.compressed = "begun";
  table.Remove(old);
  const Stream* const fresh = table.Insert(3);
  EXPECT_FALSE(fresh->has_headers);
  EXPECT_EQ(fresh->answer.messages, 0u);
  EXPECT_EQ(fresh->answer.offset, 0u);
  EXPECT_EQ(fresh->answer.compressed, "");
}

}  // namespace
}  // namespace load
