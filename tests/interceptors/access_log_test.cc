// The lines of the access log: one per call, complete, and a line whatever a client sends.
#include "weir/interceptors/access_log.h"

#include <memory>
#include <string>
#include <vector>

#include "tests/server/server_fixture.h"

namespace weir::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class AccessLogTest : public ServerTest {
 protected:
  AccessLogTest() {
    interceptors_.push_back(
        MakeAccessLog([this](std::string_view line) { lines_.emplace_back(line); }));
    coroutine_.unary = [](ServerContext&, const Text& request, Text& response) -> Task<Status> {
      response.value = "re: " + request.value;
      co_return Status::OK;
    };
  }

  std::vector<std::string> lines_;
};

TEST_F(AccessLogTest, HasALineForEachCall) {
  ASSERT_TRUE(net::SocketAddress::ParseNumeric("127.0.0.1", 40112, next_address_));
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "hello"));
  Settle();
  EXPECT_THAT(lines_,
              ElementsAre(MatchesRegex(
                  "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
                  "method=/text\\.Coroutine/Unary peer=ipv4:127\\.0\\.0\\.1:40112 status=OK "
                  "duration_us=-?[0-9]+ received=1/5B sent=1/9B")));
}

TEST_F(AccessLogTest, CountsEveryMessageOfAStream) {
  coroutine_.chat = [](ServerContext&, CoTextStream stream) -> Task<Status> {
    Text text;
    while (co_await stream.Read(&text)) {
    }
    co_await stream.Write(std::string("four"));
    co_return Status::OK;
  };
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kChat) + SendsMessage(1, "a") + SendsMessage(1, "bc") +
               SendsLast(1, ""));
  Settle();
  EXPECT_THAT(lines_, ElementsAre(HasSubstr(" received=3/3B sent=1/4B")));
}

TEST_F(AccessLogTest, TellsOfFailures) {
  coroutine_.unary = [](ServerContext&, const Text&, Text&) -> Task<Status> {
    co_return Status(StatusCode::NOT_FOUND, "no such thing");
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  EXPECT_THAT(lines_, ElementsAre(AllOf(HasSubstr(" status=NOT_FOUND "),
                                        HasSubstr(" sent=0/0B message=\"no such thing\""))));
}

TEST_F(AccessLogTest, TellsOfCallsThatNeverReachedTheirHandler) {
  RpcClient& client = Connect();
  client.Sends(OpenCall(1, kUnary) + SendsEnd(1));
  client.Sends(OpenCall(3, kUnary) + testing::RstStream(3));
  Settle();
  EXPECT_THAT(lines_,
              ElementsAre(HasSubstr(" status=UNIMPLEMENTED "), HasSubstr(" status=CANCELLED ")));
}

TEST_F(AccessLogTest, RemainsALineWhateverTheMessageHolds) {
  coroutine_.unary = [](ServerContext&, const Text& request, Text&) -> Task<Status> {
    co_return Status(StatusCode::INVALID_ARGUMENT, "bad: " + request.value);
  };
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, kUnary, "a\"b\\c\r\nstatus=OK\t\x1b[31m\x7f \xc3\xa9"));
  Settle();
  EXPECT_THAT(lines_,
              ElementsAre(HasSubstr(
                  "message=\"bad: a\\\"b\\\\c\\x0d\\x0astatus=OK\\x09\\x1b[31m\\x7f \xc3\xa9\"")));
  EXPECT_THAT(lines_[0], Not(HasSubstr("\n")));
}

TEST_F(AccessLogTest, HasNoLineForWhatWasNoCall) {
  RpcClient& client = Connect();
  client.Sends(UnaryCall(1, "/text.Other/Unary", ""));
  Settle();
  EXPECT_THAT(lines_, IsEmpty());
}

class DefaultAccessLogTest : public ServerTest {};

TEST_F(DefaultAccessLogTest, GoesToStandardError) {
  interceptors_.push_back(MakeAccessLog());
  RpcClient& client = Connect();
  ::testing::internal::CaptureStderr();
  client.Sends(UnaryCall(1, kUnary, ""));
  Settle();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr(" status=UNIMPLEMENTED "), ::testing::EndsWith("\"\n")));
}

}  // namespace
}  // namespace weir::server
