#include "examples/support/flags.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace examples {
namespace {

class FlagsTest : public testing::Test {
 protected:
  FlagsTest() {
    flags_.Add("port", &port_, "port to listen on", kPortRange);
    flags_.Add("offset", &offset_, "any number");
    flags_.Add("use_tls", &use_tls_, "whether to encrypt");
    flags_.Add("key_file", &key_file_, "path of the key");
    flags_.AddChoice("style", &style_, "style of the handlers", {"blocking", "coroutine"});
  }

  std::string Parse(const std::vector<const char*>& arguments) { return flags_.Parse(arguments); }

  int port_ = 50051;
  int offset_ = -1;
  bool use_tls_ = false;
  std::string key_file_;
  std::string style_ = "blocking";
  Flags flags_{"Does something."};
};

TEST_F(FlagsTest, KeepsDefaultsWithoutArguments) {
  EXPECT_EQ(Parse({}), "");
  EXPECT_EQ(port_, 50051);
  EXPECT_FALSE(use_tls_);
  EXPECT_EQ(style_, "blocking");
  EXPECT_FALSE(flags_.help_wanted());
}

TEST_F(FlagsTest, TakesValuesAfterAnEqualsSignOrAsTheNextArgument) {
  EXPECT_EQ(Parse({"--port=0", "--offset", "-17", "--key_file", "--odd", "--style=coroutine"}), "");
  EXPECT_EQ(port_, 0);
  EXPECT_EQ(offset_, -17);
  EXPECT_EQ(key_file_, "--odd");
  EXPECT_EQ(style_, "coroutine");
}

TEST_F(FlagsTest, KeepsEqualsSignsAndEmptinessOfAValue) {
  EXPECT_EQ(Parse({"--key_file=a=b"}), "");
  EXPECT_EQ(key_file_, "a=b");
  EXPECT_EQ(Parse({"--key_file="}), "");
  EXPECT_EQ(key_file_, "");
}

TEST_F(FlagsTest, LetsTheLastOfTwoValuesWin) {
  EXPECT_EQ(Parse({"--port=1", "--port=2"}), "");
  EXPECT_EQ(port_, 2);
}

TEST_F(FlagsTest, SetsBoolsAloneAndWithAValue) {
  EXPECT_EQ(Parse({"--use_tls", "--port=1"}), "");
  EXPECT_TRUE(use_tls_);
  EXPECT_EQ(Parse({"--use_tls", "false", "--port=1"}), "");
  EXPECT_FALSE(use_tls_);
  EXPECT_EQ(Parse({"--use_tls=true"}), "");
  EXPECT_TRUE(use_tls_);
}

TEST_F(FlagsTest, TakesBothEndsOfARange) {
  EXPECT_EQ(Parse({"--port=0"}), "");
  EXPECT_EQ(Parse({"--port=65535"}), "");
}

TEST_F(FlagsTest, FindsFlagsOnlyByTheirWholeName) {
  EXPECT_EQ(Parse({"--por=1"}), "unknown flag --por; see --help");
  EXPECT_EQ(Parse({"--ports=1"}), "unknown flag --ports; see --help");
  EXPECT_EQ(Parse({"--=1"}), "unknown flag --; see --help");
}

TEST_F(FlagsTest, RefusesWhatIsNoFlag) {
  constexpr const char* kRest = "; every argument is a flag, see --help";
  EXPECT_EQ(Parse({"50051"}), std::string("unexpected argument \"50051\"") + kRest);
  EXPECT_EQ(Parse({"-port=1"}), std::string("unexpected argument \"-port=1\"") + kRest);
  EXPECT_EQ(Parse({""}), std::string("unexpected argument \"\"") + kRest);
  EXPECT_EQ(Parse({"--use_tls", "yes"}), std::string("unexpected argument \"yes\"") + kRest);
}

TEST_F(FlagsTest, RefusesValuesThatDoNotFit) {
  for (const char* value : {"", "x", "1x", " 1", "1.5", "-1", "65536", "99999999999999999999"}) {
    const std::string argument = std::string("--port=") + value;
    EXPECT_EQ(Parse({argument.c_str()}),
              std::string("flag --port takes an integer from 0 to 65535, not \"") + value + "\"");
  }
  EXPECT_EQ(Parse({"--use_tls=1"}), "flag --use_tls takes true or false, not \"1\"");
  EXPECT_EQ(Parse({"--style="}), "flag --style takes blocking or coroutine, not \"\"");
}

TEST_F(FlagsTest, RefusesAFlagWithoutItsValue) {
  EXPECT_EQ(Parse({"--use_tls", "--port"}),
            "flag --port needs a value: an integer from 0 to 65535");
}

TEST_F(FlagsTest, WantsRequiredFlagsUnlessHelpIsAskedFor) {
  std::string token;
  flags_.AddRequired("token", &token, "the shared secret");
  EXPECT_EQ(Parse({"--port=1"}), "flag --token is required: the shared secret");
  EXPECT_EQ(Parse({"--help"}), "");
  EXPECT_TRUE(flags_.help_wanted());
}

TEST_F(FlagsTest, TakesARequiredFlag) {
  std::string token;
  flags_.AddRequired("token", &token, "the shared secret");
  EXPECT_EQ(Parse({"--token", "x"}), "");
  EXPECT_EQ(token, "x");
}

TEST_F(FlagsTest, DescribesEveryFlag) {
  std::string token;
  flags_.AddRequired("token", &token, "the shared secret");
  EXPECT_EQ(flags_.Help(),
            "Does something.\n"
            "  --port  port to listen on (an integer from 0 to 65535; 50051)\n"
            "  --offset  any number (an integer from -2147483648 to 2147483647; -1)\n"
            "  --use_tls  whether to encrypt (true or false; false)\n"
            "  --key_file  path of the key (a text; \"\")\n"
            "  --style  style of the handlers (blocking or coroutine; \"blocking\")\n"
            "  --token  the shared secret (required)\n");
}

using FlagsDeathTest = FlagsTest;

TEST_F(FlagsDeathTest, ExitsWithASentenceAfterAMistake) {
  char program[] = "/path/to/server";
  char wrong[] = "--wrong";
  char* argv[] = {program, wrong, nullptr};
  EXPECT_EXIT(flags_.ParseOrExit(2, argv), testing::ExitedWithCode(2),
              "^server: unknown flag --wrong; see --help\n$");
}

TEST_F(FlagsDeathTest, ExitsWellAfterHelp) {
  char program[] = "server";
  char help[] = "--help";
  char* argv[] = {program, help, nullptr};
  EXPECT_EXIT(flags_.ParseOrExit(2, argv), testing::ExitedWithCode(0), "^$");
}

}  // namespace
}  // namespace examples
