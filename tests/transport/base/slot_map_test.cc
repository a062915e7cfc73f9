#include "transport/base/slot_map.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

namespace weir {
namespace {

TEST(SlotMap, FindsWhatItHoldsAndNothingElse) {
  SlotMap<int> map;
  EXPECT_EQ(map.Find(SlotKey{}), nullptr);
  const auto [key, object] = map.Emplace(7);
  EXPECT_EQ(map.Find(key), object);
  EXPECT_EQ(*object, 7);
  EXPECT_EQ(map.Find({key.index + 1, key.generation}), nullptr);
  EXPECT_EQ(map.Find({1000, key.generation}), nullptr);
  EXPECT_EQ(map.Find({key.index, 0}), nullptr);
  EXPECT_EQ(map.size(), 1u);
}

TEST(SlotMap, AKeyIsStaleOnceItsObjectIsGone) {
  SlotMap<int> map;
  const SlotKey old = map.Emplace(1).first;
  map.Erase(old);
  EXPECT_EQ(map.Find(old), nullptr);
  // Neither the empty slot nor the next object in it answers to a key made up from the old one.
  EXPECT_EQ(map.Find({old.index, old.generation + 1}), nullptr);
  const SlotKey next = map.Emplace(2).first;
  EXPECT_EQ(next.index, old.index);
  EXPECT_EQ(map.Find(old), nullptr);
  EXPECT_EQ(*map.Find(next), 2);
}

TEST(SlotMap, ObjectsStayWhereTheyAre) {
  SlotMap<int, 4> map;
  std::vector<std::pair<SlotKey, int*>> objects;
  for (int i = 0; i < 100; ++i) objects.push_back(map.Emplace(i));
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(map.Find(objects[size_t(i)].first), objects[size_t(i)].second);
    EXPECT_EQ(*objects[size_t(i)].second, i);
  }
}

TEST(SlotMap, DestroysWhatIsErasedAndWhatIsLeft) {
  auto shared = std::make_shared<int>(0);
  {
    SlotMap<std::shared_ptr<int>> map;
    const SlotKey key = map.Emplace(shared).first;
    map.Emplace(shared);
    EXPECT_EQ(shared.use_count(), 3);
    map.Erase(key);
    EXPECT_EQ(shared.use_count(), 2);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(SlotMap, VisitsEachObjectAndMayEraseIt) {
  SlotMap<int, 4> map;
  for (int i = 0; i < 20; ++i) map.Emplace(i);
  int sum = 0;
  map.ForEach([&](SlotKey key, int& value) {
    sum += value;
    if (value % 2 == 0) map.Erase(key);
  });
  EXPECT_EQ(sum, 190);
  EXPECT_EQ(map.size(), 10u);
  map.ForEach([](SlotKey, int& value) { EXPECT_EQ(value % 2, 1); });
}

TEST(SlotMap, OldKeysStayStaleWhenMemoryIsGivenBack) {
  SlotMap<int, 4> map;
  std::vector<SlotKey> old;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 10; ++i) old.push_back(map.Emplace(i).first);
    map.ForEach([&](SlotKey key, int&) { map.Erase(key); });
    if (round % 3 == 0) map.ReleaseMemory();
  }
  for (int i = 0; i < 10; ++i) map.Emplace(i);
  for (const SlotKey key : old) EXPECT_EQ(map.Find(key), nullptr);
}

template <typename Map>
class SlotMapOfAnyChunks : public ::testing::Test {};
using Maps =
    ::testing::Types<SlotMap<int>, SlotMap<int, 8>, SlotMap<int, 8, 2>, SlotMap<int, 3, 1>>;
TYPED_TEST_SUITE(SlotMapOfAnyChunks, Maps);

TYPED_TEST(SlotMapOfAnyChunks, AgreesWithAMapAtRandom) {
  std::mt19937 random(1);
  TypeParam map;
  std::vector<std::pair<SlotKey, int>> live;
  for (int step = 0; step < 10000; ++step) {
    if (live.empty() || random() % 2 == 0) {
      const auto [key, object] = map.Emplace(step);
      ASSERT_EQ(TypeParam::KeyOf(*object), key);
      live.emplace_back(key, step);
    } else {
      const size_t i = random() % live.size();
      map.Erase(live[i].first);
      EXPECT_EQ(map.Find(live[i].first), nullptr);
      live[i] = live.back();
      live.pop_back();
    }
    ASSERT_EQ(map.size(), live.size());
  }
  size_t visited = 0;
  map.ForEach([&](SlotKey key, int& value) {
    ++visited;
    EXPECT_EQ(map.Find(key), &value);
    EXPECT_EQ(TypeParam::KeyOf(value), key);
  });
  EXPECT_EQ(visited, live.size());
  for (const auto& [key, value] : live) ASSERT_EQ(*map.Find(key), value);
}

}  // namespace
}  // namespace weir
