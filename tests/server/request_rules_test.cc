// Every rule about what a request may be, in one table: what is sent, and the frames that answer.
// Details of each rule are the business of tests/transport; here it is the whole server that keeps
// it, in both states the client's side of the stream can be in.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/server/server_fixture.h"
#include "tests/testing/frame_builder.h"

namespace weir::server {
namespace {

using ::testing::ElementsAre;

// The fields of a proper request; what a rule changes is changed in this list.
Fields Proper() {
  return {{":method", "POST"},         {":scheme", "http"}, {":path", kUnary},
          {":authority", "localhost"}, {"te", "trailers"},  {"content-type", "application/grpc"}};
}
Fields Without(std::string_view name) {
  Fields fields = Proper();
  std::erase_if(fields, [name](const auto& field) { return field.first == name; });
  return fields;
}
Fields With(std::string_view name, std::string_view value) {
  Fields fields = Without(name);
  // Pseudo-header fields come first (RFC 9113 §8.3).
  fields.insert(name.starts_with(':') ? fields.begin() : fields.end(), {name, value});
  return fields;
}
Fields And(Fields fields, std::string_view name, std::string_view value) {
  fields.emplace_back(name, value);
  return fields;
}
Fields First(std::string_view name, std::string_view value) {
  Fields fields = Proper();
  fields.insert(fields.begin(), {name, value});
  return fields;
}

struct Rule {
  const char* name;
  Fields fields;
  std::string body = Framed("hello");
  // Of the answer; 0 for a reset with PROTOCOL_ERROR.
  int http_status = 0;
  int grpc_status = 0;
  std::string_view message = {};  // is in grpc-message
  std::string_view field = {};    // is in the answer, too
  Fields seen = {};               // what the handler finds as metadata, whatever else there is

  friend void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.name; }
};

class RequestRule : public ServerTest, public ::testing::WithParamInterface<Rule> {
 protected:
  RequestRule() {
    options_.max_receive_message_bytes = 100;
    coroutine_.unary = [this](ServerContext& context, const Text&, Text& response) -> Task<Status> {
      was_handler_called_ = true;
      for (const auto& [key, value] : context.client_metadata()) seen_.emplace_back(key, value);
      response.value = "answer";
      co_return Status::OK;
    };
  }

  static std::string HeadersOf(const Rule& rule) {
    testing::Headers headers(1);
    for (const auto& [name, value] : rule.fields) headers.Field(name, value);
    return headers;
  }

  // The answer and nothing else: one field section, and the reset of a stream whose client is not
  // done (RFC 9113 §8.1).
  void ExpectAnswer(const std::vector<std::string>& heard, bool is_client_done) {
    const Rule& rule = GetParam();
    if (rule.http_status == 0) {
      EXPECT_THAT(heard, ElementsAre("RST_STREAM 1 PROTOCOL_ERROR"));
      return;
    }
    ASSERT_EQ(heard.size(), is_client_done ? 1u : 2u) << ::testing::PrintToString(heard);
    const std::string& answer = heard.front();
    EXPECT_TRUE(answer.starts_with("HEADERS 1 end :status=" + std::to_string(rule.http_status)))
        << answer;
    EXPECT_NE((answer + " ").find(" grpc-status=" + std::to_string(rule.grpc_status) + " "),
              std::string::npos)
        << answer;
    EXPECT_NE(answer.find(rule.message), std::string::npos) << answer;
    EXPECT_NE(answer.find(rule.field), std::string::npos) << answer;
    if (!is_client_done) {
      EXPECT_EQ(heard.back(), NoMoreLine(1));
    }
  }

  void ExpectConnectionIsGood(RpcClient& client) {
    EXPECT_FALSE(was_handler_called_);
    client.Sends(UnaryCall(3, kUnary, "hello"));
    Settle();
    EXPECT_THAT(client.Hears(),
                ElementsAre(HeadersLine(3), MessageLine(3, "answer"), TrailersLine(3)));
    EXPECT_EQ(OpenStreams(), 0u);
  }

  bool was_handler_called_ = false;
  std::vector<std::pair<std::string, std::string>> seen_;
};

using namespace std::string_view_literals;

// RFC 9113 §8: malformed, whatever gRPC would say.
const Rule kMalformed[] = {
    {"UnknownPseudoField", First(":color", "red")},
    {"ResponsePseudoField", First(":status", "200")},
    {"MethodTwice", First(":method", "POST")},
    {"PathTwice", First(":path", kUnary)},
    {"AuthorityTwice", First(":authority", "localhost")},
    {"PseudoFieldBehindOthers", And(Without(":path"), ":path", kUnary)},
    {"NoMethod", Without(":method")},
    {"NoScheme", Without(":scheme")},
    {"NoPath", Without(":path")},
    {"EmptyPath", With(":path", "")},
    {"ConnectWithPath", With(":method", "CONNECT")},
    {"ExtendedConnect", And(With(":method", "CONNECT"), ":protocol", "websocket")},
    {"SchemeIsNone", With(":scheme", "h t")},
    {"UserInfo", With(":authority", "me@localhost")},
    {"UpperCase", And(Proper(), "X-Key", "value")},
    {"NameWithSpace", And(Proper(), "x key", "value")},
    {"EmptyName", And(Proper(), "", "value")},
    {"ValueWithNul", And(Proper(), "x-key", "a\0b"sv)},
    {"ValueWithCr", And(Proper(), "x-key", "a\rb")},
    {"ValueWithLf", And(Proper(), "x-key", "a\nb")},
    {"ValueWithSpaceInFront", And(Proper(), "x-key", " a")},
    {"ValueWithTabBehind", And(Proper(), "x-key", "a\t")},
    {"Connection", And(Proper(), "connection", "close")},
    {"ProxyConnection", And(Proper(), "proxy-connection", "close")},
    {"KeepAlive", And(Proper(), "keep-alive", "timeout=5")},
    {"TransferEncoding", And(Proper(), "transfer-encoding", "chunked")},
    {"Upgrade", And(Proper(), "upgrade", "h2c")},
    {"TeIsAnother", With("te", "gzip")},
    {"ContentLengthIsNoNumber", And(Proper(), "content-length", "ten")},
    {"ContentLengthTwice", And(And(Proper(), "content-length", "10"), "content-length", "11")},
};

// gRPC PROTOCOL-HTTP2 "Requests", its status codes, and gRFC A41.
const Rule kNotGrpc[] = {
    {"Get", With(":method", "GET"), "", 405, 13, "POST"},
    {"Put", With(":method", "PUT"), "", 405, 13, "POST"},
    {"NoContentType", Without("content-type"), "", 415, 3, "content-type"},
    {"Json", With("content-type", "application/json"), "", 415, 3, "content-type"},
    {"ContentTypeBeginsLikeIt", With("content-type", "application/grpcfoo"), "", 415, 3, ""},
    {"GrpcWeb", With("content-type", "application/grpc-web"), "", 415, 3, ""},
    {"UnknownSubtype", With("content-type", "application/grpc+thrift"), "", 200, 12, "format"},
    {"HostTwice", And(And(Proper(), "host", "a"), "host", "b"), "", 400, 13, "host"},
    {"PathWithoutSlash", With(":path", "text.Coroutine"), "", 200, 12, "malformed method name"},
    {"PathOfOneSegment", With(":path", "/Unary"), "", 200, 12, "malformed method name"},
    {"UnknownService", With(":path", "/absent.Service/Unary"), "", 200, 12, "unknown service"},
    {"UnknownMethod", With(":path", "/text.Coroutine/Absent"), "", 200, 12, "unknown method"},
    {"PathInAnotherCase", With(":path", "/text.Coroutine/unary"), "", 200, 12, "unknown method"},
    {"TimeoutWithoutUnit", And(Proper(), "grpc-timeout", "10"), "", 400, 13, "grpc-timeout"},
    {"TimeoutOfNineDigits", And(Proper(), "grpc-timeout", "123456789S"), "", 400, 13, ""},
    {"TimeoutWithSign", And(Proper(), "grpc-timeout", "-1S"), "", 400, 13, "grpc-timeout"},
    {"TimeoutOfZero", And(Proper(), "grpc-timeout", "0n"), "", 200, 4, "deadline"},
    {"NoBase64", And(Proper(), "x-bin", "a!"), "", 400, 13, "base64"},
    {"NoBase64InAList", And(Proper(), "x-bin", "YQ==,!"), "", 400, 13, "base64"},
    {"UnknownEncoding", And(Proper(), "grpc-encoding", "zebra"), "", 200, 12, "zebra",
     "grpc-accept-encoding=identity,deflate,gzip,zstd"},
};

// "Length-Prefixed-Message", compression.md, and cardinality ("Status codes").
const Rule kMessages[] = {
    {"CompressedWithoutEncoding", Proper(), Framed("hello", true), 200, 13, "compressed"},
    {"CompressedWithIdentity", And(Proper(), "grpc-encoding", "identity"), Framed("hello", true),
     200, 13, "compressed"},
    {"NotWhatItsEncodingSays", And(Proper(), "grpc-encoding", "gzip"), Framed("hello", true), 200,
     13, "decompressed"},
    {"UnknownFlag", Proper(), "\x02" + Framed("hello").substr(1), 200, 13, "flag"},
    {"AboveTheLimit", Proper(), Framed(std::string(101, 'x')), 200, 8, "limit of 100"},
    {"AboveTheLimitByItsPrefix", Proper(), std::string("\0\xff\xff\xff\xff", 5), 200, 8, "limit"},
    {"CannotBeParsed", Proper(), Framed(kMalformedText), 200, 13, "parsed"},
    {"TwoMessages", Proper(), Framed("one") + Framed("two"), 200, 12, "more"},
};

// These show only when the client is done.
const Rule kAtTheEnd[] = {
    {"NoMessage", Proper(), "", 200, 12, "none came"},
    {"EndInsideAPrefix", Proper(), Framed("hello").substr(0, 3), 200, 13, "inside"},
    {"EndInsideAMessage", Proper(), Framed("hello").substr(0, 8), 200, 13, "inside"},
    {"ContentLengthIsLarger", And(Proper(), "content-length", "11"), Framed("hello")},
};

std::string NameOf(const ::testing::TestParamInfo<Rule>& rule) { return rule.param.name; }

INSTANTIATE_TEST_SUITE_P(Malformed, RequestRule, ::testing::ValuesIn(kMalformed), NameOf);
INSTANTIATE_TEST_SUITE_P(NotGrpc, RequestRule, ::testing::ValuesIn(kNotGrpc), NameOf);
INSTANTIATE_TEST_SUITE_P(Messages, RequestRule, ::testing::ValuesIn(kMessages), NameOf);

class RequestRuleAtTheEnd : public RequestRule {};
INSTANTIATE_TEST_SUITE_P(Each, RequestRuleAtTheEnd, ::testing::ValuesIn(kAtTheEnd), NameOf);

TEST_P(RequestRule, HoldsWhileTheClientIsNotDone) {
  RpcClient& client = Connect();
  client.Sends(HeadersOf(GetParam()));
  if (!GetParam().body.empty() && GetParam().http_status != 0) {
    client.Sends(testing::Data(1, GetParam().body));
  }
  Settle();
  ExpectAnswer(client.Hears(), false);
  ExpectConnectionIsGood(client);
}

// Headers and all in one read, so that the stream is over before the answer is made.
TEST_P(RequestRule, HoldsWhenTheClientIsDone) {
  RpcClient& client = Connect();
  client.Sends(HeadersOf(GetParam()) + testing::LastData(1, GetParam().body));
  Settle();
  std::vector<std::string> heard = client.Hears();
  // The answer to the headers may be on its way before the end is read, as a matter of order.
  if (GetParam().http_status != 0 && heard.size() == 2) {
    EXPECT_EQ(heard.back(), NoMoreLine(1));
    heard.pop_back();
  }
  ExpectAnswer(heard, true);
  ExpectConnectionIsGood(client);
}

TEST_P(RequestRuleAtTheEnd, Holds) {
  RpcClient& client = Connect();
  client.Sends(HeadersOf(GetParam()) + testing::Data(1, GetParam().body));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre());
  client.Sends(testing::LastData(1, ""));
  Settle();
  ExpectAnswer(client.Hears(), true);
  ExpectConnectionIsGood(client);
}

// ---- what must not be refused ------------------------------------------------------------------

class AcceptedRequest : public RequestRule {};

const Rule kAccepted[] = {
    {"Proper", Proper()},
    {"WithoutTe", Without("te")},
    {"SchemeHttps", With(":scheme", "https")},
    {"SubtypeProto", With("content-type", "application/grpc+proto")},
    {"ContentTypeWithParameter", With("content-type", "application/grpc; charset=utf-8")},
    {"ContentTypeInCapitals", With("content-type", "Application/GRPC")},
    {"HostInPlaceOfAuthority", And(Without(":authority"), "host", "localhost")},
    {"HostBesideAuthority", And(Proper(), "host", "another")},
    {"NoAuthorityAtAll", Without(":authority")},
    {"LongestTimeout", And(Proper(), "grpc-timeout", "99999999H")},
    {.name = "PaddedBase64", .fields = And(Proper(), "x-bin", "YQ=="), .seen = {{"x-bin", "a"}}},
    {.name = "UnpaddedBase64", .fields = And(Proper(), "x-bin", "YQ"), .seen = {{"x-bin", "a"}}},
    {.name = "ListOfBase64",
     .fields = And(Proper(), "x-bin", "YQ,Yg==,"),
     .seen = {{"x-bin", "a"}, {"x-bin", "b"}, {"x-bin", ""}}},
    {.name = "UnknownReservedName", .fields = And(Proper(), "grpc-future", "value"), .seen = {}},
    {.name = "ValueOutsideAscii",
     .fields = And(Proper(), "x-key", "\xc3\xa4"),
     .seen = {{"x-key", "\xc3\xa4"}}},
    {.name = "EmptyValue", .fields = And(Proper(), "x-key", ""), .seen = {{"x-key", ""}}},
    {"RightContentLength", And(Proper(), "content-length", "10")},
    {"EncodingThatNoMessageUses", And(Proper(), "grpc-encoding", "gzip")},
};

INSTANTIATE_TEST_SUITE_P(Each, AcceptedRequest, ::testing::ValuesIn(kAccepted), NameOf);

TEST_P(AcceptedRequest, IsAnswered) {
  RpcClient& client = Connect();
  client.Sends(HeadersOf(GetParam()) + testing::LastData(1, GetParam().body));
  Settle();
  const std::vector<std::string> heard = client.Hears();
  ASSERT_EQ(heard.size(), 3u) << ::testing::PrintToString(heard);
  EXPECT_TRUE(heard[0].starts_with(HeadersLine(1))) << heard[0];
  EXPECT_EQ(heard[1], MessageLine(1, "answer"));
  EXPECT_EQ(heard[2], TrailersLine(1));
  const Fields& seen = GetParam().seen;
  EXPECT_EQ(seen_, decltype(seen_)(seen.begin(), seen.end()));
}

// ---- trailers of a request ---------------------------------------------------------------------

class RequestTrailers : public RequestRule {};

INSTANTIATE_TEST_SUITE_P(Trailers, RequestTrailers, ::testing::Values(Rule{"Each", Proper()}),
                         NameOf);

TEST_P(RequestTrailers, MustEndTheStream) {
  RpcClient& client = Connect();
  client.Sends(HeadersOf(GetParam()) + std::string(testing::Headers(1).Field("x-key", "value")));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre("RST_STREAM 1 PROTOCOL_ERROR"));
  ExpectConnectionIsGood(client);
}

TEST_P(RequestTrailers, HaveNoPseudoFields) {
  RpcClient& client = Connect();
  client.Sends(HeadersOf(GetParam()) +
               std::string(testing::Headers(1).Field(":path", kUnary).EndStream()));
  Settle();
  EXPECT_THAT(client.Hears(), ElementsAre("RST_STREAM 1 PROTOCOL_ERROR"));
  ExpectConnectionIsGood(client);
}

TEST_P(RequestTrailers, MeanNothing) {
  RpcClient& client = Connect();
  client.Sends(HeadersOf(GetParam()) + testing::Data(1, GetParam().body) +
               std::string(testing::Headers(1).Field("grpc-status", "13").EndStream()));
  Settle();
  EXPECT_THAT(client.Hears(),
              ElementsAre(HeadersLine(1), MessageLine(1, "answer"), TrailersLine(1)));
}

}  // namespace
}  // namespace weir::server
