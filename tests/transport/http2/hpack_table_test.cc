#include "transport/http2/hpack_table.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <utility>

namespace weir::http2 {
namespace {

TEST(HpackStaticTable, HasTheEntriesOfAppendixA) {
  EXPECT_EQ(hpack_static::At(1).name, ":authority");
  EXPECT_EQ(hpack_static::At(3).value, "POST");
  EXPECT_EQ(hpack_static::At(8).value, "200");
  EXPECT_EQ(hpack_static::At(16).value, "gzip, deflate");
  EXPECT_EQ(hpack_static::At(31).name, "content-type");
  EXPECT_EQ(hpack_static::At(61).name, "www-authenticate");
}

TEST(HpackStaticTable, FindsEveryEntry) {
  for (size_t index = 1; index <= hpack_static::kCount; ++index) {
    const HpackEntry& entry = hpack_static::At(index);
    bool has_value = false;
    EXPECT_EQ(hpack_static::Find(entry.name, entry.value, &has_value), index);
    EXPECT_TRUE(has_value);
  }
}

TEST(HpackStaticTable, FindsTheFirstEntryOfANameWithAnotherValue) {
  bool has_value = true;
  EXPECT_EQ(hpack_static::Find(":status", "418", &has_value), 8u);
  EXPECT_FALSE(has_value);
  EXPECT_EQ(hpack_static::Find("grpc-status", "0", &has_value), 0u);
  EXPECT_FALSE(has_value);
  EXPECT_EQ(hpack_static::Find("", "", &has_value), 0u);
  EXPECT_EQ(hpack_static::Find("zzz", "", &has_value), 0u);
}

TEST(HpackDynamicTable, IsFirstInFirstOut) {
  HpackDynamicTable table;
  EXPECT_EQ(table.count(), 0u);
  table.Insert("a", "1");
  table.Insert("b", "2");
  EXPECT_EQ(table.count(), 2u);
  EXPECT_EQ(table.At(0).name, "b");
  EXPECT_EQ(table.At(1).value, "1");
  EXPECT_EQ(table.size(), 68u);
}

TEST(HpackDynamicTable, DropsTheOldestForRoom) {
  HpackDynamicTable table;
  table.SetMaxSize(68);
  table.Insert("a", "1");
  table.Insert("b", "2");
  table.Insert("c", "3");
  EXPECT_EQ(table.count(), 2u);
  EXPECT_EQ(table.At(1).name, "b");
  table.SetMaxSize(67);
  EXPECT_EQ(table.count(), 1u);
  EXPECT_EQ(table.At(0).name, "c");
  table.SetMaxSize(0);
  EXPECT_EQ(table.count(), 0u);
}

TEST(HpackDynamicTable, AnEntryLargerThanTheTableEmptiesIt) {
  HpackDynamicTable table;
  table.Insert("a", "1");
  table.Insert("b", std::string(4096 - 33, 'x'));
  EXPECT_EQ(table.count(), 1u);
  EXPECT_EQ(table.At(0).name, "b");
  table.Insert("b", std::string(4096 - 32, 'x'));
  EXPECT_EQ(table.count(), 0u);
  EXPECT_EQ(table.size(), 0u);
  table.Insert("c", std::string(100000, 'x'));
  EXPECT_EQ(table.count(), 0u);
}

TEST(HpackDynamicTable, FindsTheYoungestOfAName) {
  HpackDynamicTable table;
  table.Insert("name", "old");
  table.Insert("name", "new");
  table.Insert("other", "x");
  bool has_value = false;
  EXPECT_EQ(table.Find("name", "old", &has_value), 2u);
  EXPECT_TRUE(has_value);
  EXPECT_EQ(table.Find("name", "?", &has_value), 1u);
  EXPECT_FALSE(has_value);
  EXPECT_EQ(table.Find("nobody", "", &has_value), 3u);
}

// §4.4: a new entry can take its name from one that is dropped to make room for it.
TEST(HpackDynamicTable, ANameMayComeFromTheEntryThatIsDropped) {
  for (size_t value_size = 0; value_size < 300; ++value_size) {
    HpackDynamicTable table;
    const std::string name(40, 'n');
    table.SetMaxSize(32 + 40 + 300);
    table.Insert(name, std::string(200, 'v'));
    for (int i = 0; i < 20; ++i) {
      table.Insert(table.At(table.count() - 1).name, std::string(value_size, 'w'));
      ASSERT_EQ(table.At(0).name, name);
      ASSERT_EQ(table.At(0).value, std::string(value_size, 'w'));
    }
  }
}

TEST(HpackDynamicTable, AgreesWithADequeAtRandom) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    HpackDynamicTable table;
    std::deque<std::pair<std::string, std::string>> model;
    uint32_t size = 0;
    uint32_t max_size = kHpackTableSize;
    const auto drop_to = [&](uint32_t limit) {
      while (size > limit) {
        size -= static_cast<uint32_t>(model.back().first.size() + model.back().second.size() + 32);
        model.pop_back();
      }
    };
    const uint32_t longest = seed % 2 == 0 ? 20 : 400;
    for (int step = 0; step < 2000; ++step) {
      if (random() % 100 == 0) {
        max_size = random() % (kHpackTableSize + 1);
        table.SetMaxSize(max_size);
        drop_to(max_size);
      } else {
        std::string name(random() % longest, static_cast<char>('a' + random() % 26));
        const std::string value(random() % longest, static_cast<char>('a' + random() % 26));
        if (!model.empty() && random() % 3 == 0) {
          const size_t age = random() % model.size();
          name = model[age].first;
          table.Insert(table.At(age).name, value);
        } else {
          table.Insert(name, value);
        }
        const uint32_t needed = static_cast<uint32_t>(name.size() + value.size() + 32);
        drop_to(needed > max_size ? 0 : max_size - needed);
        if (needed <= max_size) {
          model.emplace_front(name, value);
          size += needed;
        }
      }
      ASSERT_EQ(table.count(), model.size());
      ASSERT_EQ(table.size(), size);
      for (size_t age = 0; age < model.size(); ++age) {
        ASSERT_EQ(table.At(age).name, model[age].first);
        ASSERT_EQ(table.At(age).value, model[age].second);
      }
    }
  }
}

}  // namespace
}  // namespace weir::http2
