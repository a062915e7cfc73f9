#include "transport/base/intrusive_list.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace weir {
namespace {

struct Other {};

struct Item : ListNode<Item>, ListNode<Other> {
  explicit Item(char c) : name(c) {}
  char name;
};

using List = IntrusiveList<Item>;

std::string NamesIn(List& list) {
  std::string names;
  list.ForEach([&](Item& item) { names += item.name; });
  return names;
}

void Leave(Item& item) { static_cast<ListNode<Item>&>(item).Unlink(); }

TEST(IntrusiveList, KeepsTheOrderOfArrival) {
  Item a('a'), b('b'), c('c');
  List list;
  EXPECT_TRUE(list.empty());
  list.PushBack(a);
  list.PushBack(b);
  list.PushBack(c);
  EXPECT_EQ(NamesIn(list), "abc");
  EXPECT_EQ(list.PopFront().name, 'a');
  EXPECT_FALSE(static_cast<ListNode<Item>&>(a).is_linked());
  EXPECT_EQ(NamesIn(list), "bc");
}

TEST(IntrusiveList, AMemberLeavesFromAnywhere) {
  Item a('a'), b('b'), c('c');
  List list;
  for (Item* item : {&a, &b, &c}) list.PushBack(*item);
  Leave(b);
  EXPECT_EQ(NamesIn(list), "ac");
  Leave(b);  // is in no list
  Leave(a);
  Leave(c);
  EXPECT_TRUE(list.empty());
  list.PushBack(b);
  EXPECT_EQ(NamesIn(list), "b");
}

TEST(IntrusiveList, AMemberLeavesWhenItIsDestroyed) {
  List list;
  auto item = std::make_unique<Item>('a');
  list.PushBack(*item);
  item.reset();
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, MembersSurviveTheList) {
  Item a('a');
  {
    List list;
    list.PushBack(a);
  }
  EXPECT_FALSE(static_cast<ListNode<Item>&>(a).is_linked());
}

TEST(IntrusiveList, AnObjectCanBeInTwoListsOfDifferentTags) {
  Item a('a');
  List list;
  IntrusiveList<Item, Other> other;
  list.PushBack(a);
  other.PushBack(a);
  Leave(a);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(&other.Front(), &a);
}

TEST(IntrusiveList, TakesAllOfAnother) {
  Item a('a'), b('b'), c('c');
  List list;
  List other;
  list.PushBack(a);
  other.PushBack(b);
  other.PushBack(c);
  list.TakeAll(other);
  EXPECT_EQ(NamesIn(list), "abc");
  EXPECT_TRUE(other.empty());
  list.TakeAll(other);
  EXPECT_EQ(NamesIn(list), "abc");
  Leave(c);
  EXPECT_EQ(NamesIn(list), "ab");
}

TEST(IntrusiveList, AVisitMayUnlinkItsMember) {
  Item a('a'), b('b'), c('c');
  List list;
  for (Item* item : {&a, &b, &c}) list.PushBack(*item);
  list.ForEach([](Item& item) {
    if (item.name != 'b') Leave(item);
  });
  EXPECT_EQ(NamesIn(list), "b");
}

}  // namespace
}  // namespace weir
