#include "transport/grpc/list_field.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace weir::grpc {
namespace {

std::vector<std::string> Elements(std::string_view list) {
  std::vector<std::string> elements;
  EXPECT_TRUE(AllListElements(list, [&](std::string_view element) {
    elements.emplace_back(element);
    return true;
  }));
  return elements;
}

TEST(ListField, HasOneElementMoreThanCommas) {
  using Strings = std::vector<std::string>;
  EXPECT_EQ(Elements(""), (Strings{""}));
  EXPECT_EQ(Elements("a"), (Strings{"a"}));
  EXPECT_EQ(Elements("a,b"), (Strings{"a", "b"}));
  EXPECT_EQ(Elements(","), (Strings{"", ""}));
  EXPECT_EQ(Elements("a,"), (Strings{"a", ""}));
  EXPECT_EQ(Elements(",,a"), (Strings{"", "", "a"}));
}

TEST(ListField, TrimsSpaceAndTabAroundElements) {
  EXPECT_EQ(Elements(" a\t, \tb c ,  "), (std::vector<std::string>{"a", "b c", ""}));
}

TEST(ListField, StopsAtTheFirstElementThatIsNotAccepted) {
  int visits = 0;
  EXPECT_FALSE(AllListElements("a,b,c", [&](std::string_view element) {
    ++visits;
    return element != "b";
  }));
  EXPECT_EQ(visits, 2);
}

}  // namespace
}  // namespace weir::grpc
