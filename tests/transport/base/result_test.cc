#include "transport/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace weir {
namespace {

struct Error {
  int code;
};

Result<std::string, Error> Make(bool fail) {
  if (fail) return Error{7};
  return std::string("value");
}

TEST(Result, HoldsAValueOrAnError) {
  Result<std::string, Error> good = Make(false);
  EXPECT_TRUE(good.ok());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(*good, "value");
  EXPECT_EQ(good->size(), 5u);
  const Result<std::string, Error> bad = Make(true);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, 7);
}

TEST(Result, HandsItsValueOver) {
  Result<std::unique_ptr<int>, Error> result(std::make_unique<int>(3));
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 3);
}

TEST(ResultDeathTest, ReadingWhatItDoesNotHoldAborts) {
  Result<std::string, Error> bad = Make(true);
  EXPECT_DEATH(static_cast<void>(bad.value()), "check failed");
  const Result<std::string, Error> good = Make(false);
  EXPECT_DEATH(static_cast<void>(good.error()), "check failed");
}

}  // namespace
}  // namespace weir
