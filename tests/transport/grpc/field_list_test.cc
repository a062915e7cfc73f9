#include "transport/grpc/field_list.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace weir::grpc {
namespace {

TEST(FieldList, GivesFieldsInTheOrderAdded) {
  FieldList list;
  EXPECT_TRUE(list.fields().empty());
  list.Add(":status", "200", true);
  list.Add("x-key", "value");
  ASSERT_EQ(list.fields().size(), 2u);
  EXPECT_EQ(list.fields()[0].name, ":status");
  EXPECT_EQ(list.fields()[0].value, "200");
  EXPECT_TRUE(list.fields()[0].indexed);
  EXPECT_EQ(list.fields()[1].name, "x-key");
  EXPECT_EQ(list.fields()[1].value, "value");
  EXPECT_FALSE(list.fields()[1].indexed);
}

TEST(FieldList, CountsItsSizeAsHttpDoes) {
  FieldList list;
  EXPECT_EQ(list.list_size(), 0u);
  list.Add(":status", "200");
  EXPECT_EQ(list.list_size(), 7u + 3 + 32);
  list.Add("x", "");
  EXPECT_EQ(list.list_size(), 42u + 33);
  list.Clear();
  EXPECT_EQ(list.list_size(), 0u);
}

TEST(FieldList, NeverMovesStoredText) {
  FieldList list;
  std::mt19937 random(4);
  std::vector<std::string> expected;
  for (int i = 0; i < 2000; ++i) {
    // Around the size of a chunk now and then.
    const size_t size = random() % 16 == 0 ? 1000 + random() % 50 : random() % 80;
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>('a' + random() % 26);
    list.Add("x", list.Store(text));
    expected.push_back(std::move(text));
  }
  ASSERT_EQ(list.fields().size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_EQ(list.fields()[i].value, expected[i]);
}

TEST(FieldList, ReusesItsFirstChunkAfterClear) {
  FieldList list;
  const char* first = list.Store("first").data();
  list.Store(std::string(5000, 'x'));
  list.Store(std::string(1000, 'y'));
  list.Store(std::string(1000, 'z'));
  list.Clear();
  EXPECT_TRUE(list.fields().empty());
  EXPECT_EQ(list.Store("again").data(), first);
}

TEST(FieldList, StoresEmptyText) {
  FieldList list;
  EXPECT_EQ(list.Store(""), "");
  list.Add("x", list.Store(""));
  EXPECT_EQ(list.fields()[0].value, "");
  list.Clear();
  EXPECT_EQ(list.Store("a"), "a");
}

}  // namespace
}  // namespace weir::grpc
