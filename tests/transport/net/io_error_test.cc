// Are errors of the system put into words that fit in a sentence?
#include "transport/net/io_error.h"

#include <errno.h>
#include <gtest/gtest.h>

namespace weir::net {
namespace {

TEST(IoError, SaysWhichCallFailedAndWhy) {
  EXPECT_EQ((IoError{ENOSPC, "epoll_ctl"}).Describe(), "epoll_ctl: no space left on device");
}

TEST(DescribeErrno, BeginsInLowerCase) {
  EXPECT_EQ(DescribeErrno(EADDRINUSE), "address already in use");
  EXPECT_EQ(DescribeErrno(EACCES), "permission denied");
}

TEST(DescribeErrno, KeepsTheCapitalsOfAWord) {
  EXPECT_EQ(DescribeErrno(EDOTDOT), "RFS specific error");
}

TEST(DescribeErrno, HasWordsForANumberThatIsNoError) {
  EXPECT_EQ(DescribeErrno(98765), "error 98765");
}

}  // namespace
}  // namespace weir::net
