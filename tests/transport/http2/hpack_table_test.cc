#include "transport/http2/hpack_table.h"

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <deque>
#include <random>
#include <string>
#include <utility>

namespace weir::http2 {
namespace {

constexpr uint64_t kFirstDynamic = 62;

// What RFC 7541 §4 says, in as many words.
class Model {
 public:
  void Insert(const std::string& name, const std::string& value) {
    if (SizeOf(name, value) > size_max_) {
      entries_.clear();
      return;
    }
    while (size() + SizeOf(name, value) > size_max_) entries_.pop_back();
    entries_.emplace_front(name, value);
  }
  void SetSizeMax(size_t size_max) {
    size_max_ = size_max;
    while (size() > size_max_) entries_.pop_back();
  }
  size_t size() const {
    size_t size = 0;
    for (const auto& [name, value] : entries_) size += SizeOf(name, value);
    return size;
  }
  const std::deque<std::pair<std::string, std::string>>& entries() const { return entries_; }

 private:
  static size_t SizeOf(const std::string& name, const std::string& value) {
    return name.size() + value.size() + 32;
  }
  size_t size_max_ = 4096;
  std::deque<std::pair<std::string, std::string>> entries_;
};

void ExpectSame(const HpackTable& table, const Model& model) {
  ASSERT_EQ(table.size(), model.size());
  HpackEntry entry;
  uint64_t index = kFirstDynamic;
  for (const auto& [name, value] : model.entries()) {
    ASSERT_TRUE(table.Find(index, &entry)) << index;
    ASSERT_EQ(entry.name, name) << index;
    ASSERT_EQ(entry.value, value) << index;
    ++index;
  }
  ASSERT_FALSE(table.Find(index, &entry));
}

TEST(HpackTable, HasTheStaticEntriesOfNghttp2) {
  nghttp2_hd_inflater* inflater = nullptr;
  ASSERT_EQ(nghttp2_hd_inflate_new(&inflater), 0);
  const HpackTable table;
  for (uint64_t index = 1; index < kFirstDynamic; ++index) {
    const auto octet = static_cast<uint8_t>(0x80 | index);
    nghttp2_nv nv;
    int flags = 0;
    ASSERT_EQ(nghttp2_hd_inflate_hd2(inflater, &nv, &flags, &octet, 1, 1), 1);
    ASSERT_NE(flags & NGHTTP2_HD_INFLATE_EMIT, 0);
    nghttp2_hd_inflate_end_headers(inflater);
    HpackEntry entry;
    ASSERT_TRUE(table.Find(index, &entry));
    EXPECT_EQ(entry.name, std::string_view(reinterpret_cast<const char*>(nv.name), nv.namelen));
    EXPECT_EQ(entry.value, std::string_view(reinterpret_cast<const char*>(nv.value), nv.valuelen));
  }
  nghttp2_hd_inflate_del(inflater);
}

TEST(HpackTable, HasNoEntryZeroAndNoneBehindTheLast) {
  HpackTable table;
  HpackEntry entry;
  EXPECT_FALSE(table.Find(0, &entry));
  EXPECT_FALSE(table.Find(kFirstDynamic, &entry));
  EXPECT_FALSE(table.Find(UINT64_MAX, &entry));
  table.Insert("a", "b");
  EXPECT_TRUE(table.Find(kFirstDynamic, &entry));
  EXPECT_FALSE(table.Find(kFirstDynamic + 1, &entry));
}

TEST(HpackTable, HoldsAsMuchAsItMayAndNoMore) {
  HpackTable table;
  HpackEntry entry;
  table.Insert("n", std::string(4096 - 33, 'v'));
  EXPECT_TRUE(table.Find(kFirstDynamic, &entry));
  table.Insert("n", std::string(4096 - 32, 'v'));  // RFC 7541 §4.4: empties it
  EXPECT_FALSE(table.Find(kFirstDynamic, &entry));
  for (int i = 0; i < 200; ++i) table.Insert("", "");
  EXPECT_EQ(table.size(), 4096u);
  EXPECT_TRUE(table.Find(kFirstDynamic + 127, &entry));
  EXPECT_FALSE(table.Find(kFirstDynamic + 128, &entry));
}

TEST(HpackTable, TakesAnEntryOfItself) {
  HpackTable table;
  HpackEntry entry;
  table.Insert("name", "value");
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(table.Find(kFirstDynamic + static_cast<uint64_t>(i % 3 == 0 ? 0 : i % 2), &entry) ||
                i < 3);
    table.Insert(entry.name, entry.value);
    ASSERT_TRUE(table.Find(kFirstDynamic, &entry));
    ASSERT_EQ(entry.name, "name");
    ASSERT_EQ(entry.value, "value");
  }
}

TEST(HpackTable, IsWhatTheRfcSaysWhateverHappens) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    HpackTable table;
    Model model;
    // Some tables see small entries, some large ones.
    const uint32_t value_max = 1u << (seed % 13);
    for (int step = 0; step < 600; ++step) {
      HpackEntry entry;
      const uint64_t generation = table.generation();
      const uint32_t what = random() % 40;
      if (what == 0) {
        const uint32_t size_max = random() % 4097;
        table.SetSizeMax(size_max);
        model.SetSizeMax(size_max);
      } else if (what == 1) {
        table.ReleaseIdleMemory();
        ASSERT_EQ(table.generation(), generation);
        continue;
      } else if (what < 20 && table.Find(kFirstDynamic + random() % 40, &entry)) {
        const std::string name(entry.name);
        const std::string value(random() % value_max, static_cast<char>('a' + step % 26));
        table.Insert(entry.name, value);
        model.Insert(name, value);
      } else {
        const std::string name = "name-" + std::to_string(random() % 1000);
        const std::string value(random() % value_max, static_cast<char>('A' + step % 26));
        table.Insert(name, value);
        model.Insert(name, value);
      }
      ASSERT_GT(table.generation(), generation);
      ASSERT_NO_FATAL_FAILURE(ExpectSame(table, model));
    }
  }
}

}  // namespace
}  // namespace weir::http2
