#include "transport/grpc/request_head.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "tests/transport/grpc/section_maker.h"
#include "transport/grpc/metadata.h"
#include "transport/http2/field_section.h"

namespace weir::grpc {
namespace {

using Kind = Rejection::Kind;

// The answer to a request, with all that a client can see of it.
Rejection Judge(const Lines& lines) { return ParseRequestHead(*MakeSection(lines)).rejection; }

void ExpectAccepted(const Lines& lines) {
  const Rejection rejection = Judge(lines);
  EXPECT_FALSE(rejection.is_rejected()) << rejection.message;
  EXPECT_EQ(rejection.code, StatusCode::kOk);
}

void ExpectRejected(const Lines& lines, Kind kind, int http_status, StatusCode code) {
  const Rejection rejection = Judge(lines);
  EXPECT_EQ(RejectionTag(rejection.kind), RejectionTag(kind));
  EXPECT_EQ(rejection.http_status, http_status);
  EXPECT_EQ(StatusCodeName(rejection.code), StatusCodeName(code));
  EXPECT_FALSE(rejection.message.empty());
}

TEST(RequestHead, ReadsAnOrdinaryRequest) {
  const http2::FieldSectionPtr section = MakeSection({{":method", "POST"},
                                                      {":scheme", "http"},
                                                      {":path", "/helloworld.Greeter/SayHello"},
                                                      {":authority", "localhost:50051"},
                                                      {"content-type", "application/grpc+proto"},
                                                      {"te", "trailers"},
                                                      {"user-agent", "grpc-go/1.60"},
                                                      {"grpc-timeout", "250m"},
                                                      {"grpc-encoding", "gzip"},
                                                      {"grpc-accept-encoding", "gzip,zstd"},
                                                      {"x-key", "value"}});
  const RequestHead& head = ParseRequestHead(*section);
  EXPECT_FALSE(head.rejection.is_rejected());
  EXPECT_EQ(head.path, "/helloworld.Greeter/SayHello");
  EXPECT_EQ(head.service, "helloworld.Greeter");
  EXPECT_EQ(head.method, "SayHello");
  EXPECT_EQ(head.authority, "localhost:50051");
  EXPECT_EQ(head.content_subtype, "proto");
  EXPECT_EQ(head.encoding, "gzip");
  EXPECT_EQ(head.accept_encoding, "gzip,zstd");
  EXPECT_EQ(head.user_agent, "grpc-go/1.60");
  EXPECT_EQ(head.timeout, Duration(std::chrono::milliseconds(250)));
  EXPECT_TRUE(head.has_te_trailers);
  EXPECT_TRUE(head.has_user_metadata);
  EXPECT_EQ(head.route, nullptr);
}

TEST(RequestHead, NeedsNoMoreThanPathMethodAndContentType) {
  const http2::FieldSectionPtr section = MakeSection({{":method", "POST"},
                                                      {":scheme", "http"},
                                                      {":path", "/a.B/C"},
                                                      {"content-type", "application/grpc"}});
  const RequestHead& head = ParseRequestHead(*section);
  EXPECT_FALSE(head.rejection.is_rejected());
  EXPECT_EQ(head.authority, "");
  EXPECT_EQ(head.content_subtype, "");
  EXPECT_EQ(head.encoding, "");
  EXPECT_EQ(head.accept_encoding, "");
  EXPECT_EQ(head.timeout, std::nullopt);
  EXPECT_FALSE(head.has_te_trailers);
  EXPECT_FALSE(head.has_user_metadata);
}

TEST(RequestHead, IsParsedOncePerSection) {
  const http2::FieldSectionPtr section = MakeSection(OrdinaryRequest());
  const RequestHead& first = ParseRequestHead(*section);
  const int route = 0;
  first.route = &route;
  const RequestHead& second = ParseRequestHead(*section);
  EXPECT_EQ(&first, &second);
  EXPECT_EQ(second.route, &route);
  EXPECT_EQ(section->attachment(), &first);
}

TEST(RequestHead, IsParsedOnceEvenWhenRejected) {
  const http2::FieldSectionPtr section = MakeSection(RequestWith(":method", "GET"));
  const RequestHead& first = ParseRequestHead(*section);
  EXPECT_TRUE(first.rejection.is_rejected());
  EXPECT_EQ(&ParseRequestHead(*section), &first);
}

TEST(RequestHead, RefusesEveryMethodButPost) {
  for (std::string_view method : {"GET", "PUT", "HEAD", "OPTIONS", "post", "POSTX"}) {
    SCOPED_TRACE(method);
    ExpectRejected(RequestWith(":method", method), Kind::kMethodNotPost, 405,
                   StatusCode::kInternal);
  }
}

TEST(RequestHead, AcceptsContentTypesOfGrpc) {
  struct Row {
    std::string_view content_type;
    std::string_view subtype;
  };
  constexpr Row kRows[] = {
      {"application/grpc", ""},
      {"application/grpc+proto", "proto"},
      {"application/grpc+PROTO", "PROTO"},
      {"Application/GRPC", ""},
      {"application/grpc;charset=utf-8", ""},
      {"application/grpc ; x=y", ""},
      {"application/grpc;", ""},
      {"application/grpc;+json", ""},
      {"application/grpc+proto;x=y", "proto"},
      {"application/grpc+proto ; x=y", "proto"},
      {"application/grpc+", ""},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.content_type);
    const http2::FieldSectionPtr section =
        MakeSection(RequestWith("content-type", row.content_type));
    const RequestHead& head = ParseRequestHead(*section);
    EXPECT_FALSE(head.rejection.is_rejected()) << head.rejection.message;
    EXPECT_EQ(head.content_subtype, row.subtype);
  }
}

TEST(RequestHead, RefusesOtherContentTypes) {
  for (std::string_view content_type :
       {"", "application/grpcfoo", "application/grpc-web", "application/grpc-web+proto",
        "application/grp", "application/json", "text/html", "application/grpc x",
        "application/grpc +proto", "application/grpc,application/grpc", "application/grpc/proto",
        "xapplication/grpc"}) {
    SCOPED_TRACE(content_type);
    ExpectRejected(RequestWith("content-type", content_type), Kind::kContentTypeNotGrpc, 415,
                   StatusCode::kInvalidArgument);
  }
  ExpectRejected(RequestWithout("content-type"), Kind::kContentTypeNotGrpc, 415,
                 StatusCode::kInvalidArgument);
}

TEST(RequestHead, RefusesMessageFormatsOtherThanProtobuf) {
  for (std::string_view content_type :
       {"application/grpc+json", "application/grpc+proto3", "application/grpc+prot",
        "application/grpc+proto x", "application/grpc+proto+json", "application/grpc+thrift;x=y"}) {
    SCOPED_TRACE(content_type);
    ExpectRejected(RequestWith("content-type", content_type), Kind::kContentSubtypeUnknown, 200,
                   StatusCode::kUnimplemented);
  }
}

TEST(RequestHead, SplitsThePathAtTheLastSlash) {
  struct Row {
    std::string_view path;
    std::string_view service;
    std::string_view method;
  };
  constexpr Row kRows[] = {
      {"/a.B/C", "a.B", "C"}, {"/B/C", "B", "C"},           {"/x/a.B/C", "x/a.B", "C"},
      {"/a.b/c", "a.b", "c"}, {"/a.B/C%41", "a.B", "C%41"},  // not decoded: the path is what was
                                                             // sent
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.path);
    const http2::FieldSectionPtr section = MakeSection(RequestWith(":path", row.path));
    const RequestHead& head = ParseRequestHead(*section);
    EXPECT_FALSE(head.rejection.is_rejected());
    EXPECT_EQ(head.path, row.path);
    EXPECT_EQ(head.service, row.service);
    EXPECT_EQ(head.method, row.method);
  }
}

TEST(RequestHead, RefusesMalformedPaths) {
  for (std::string_view path :
       {"Svc/Method", "/", "//", "///", "//Svc/Method", "//Method", "/Svc", "/Svc/", "/Svc//Method",
        "/Svc/Method/", "/Svc/Method?x", "/Svc?x=/Method", "/Svc/Method#x", "*", "/x//Svc/Method",
        "http://host/Svc/Method", "Svc/"}) {
    SCOPED_TRACE(path);
    ExpectRejected(RequestWith(":path", path), Kind::kPathMalformed, 200,
                   StatusCode::kUnimplemented);
  }
  EXPECT_EQ(Judge(RequestWith(":path", "/Svc")).message, "malformed method name: /Svc");
}

TEST(RequestHead, TakesTheAuthorityFromHostWhenThereIsNone) {
  Lines lines = RequestWithout(":authority");
  lines.emplace_back("host", "h.example");
  const http2::FieldSectionPtr section = MakeSection(lines);
  EXPECT_EQ(ParseRequestHead(*section).authority, "h.example");
  EXPECT_FALSE(ParseRequestHead(*section).has_user_metadata);
}

TEST(RequestHead, DropsHostWhenThereIsAnAuthority) {
  const http2::FieldSectionPtr section = MakeSection(RequestWith("host", "h.example"));
  EXPECT_FALSE(ParseRequestHead(*section).rejection.is_rejected());
  EXPECT_EQ(ParseRequestHead(*section).authority, "localhost");
}

TEST(RequestHead, RefusesFieldsThatOccurTwice) {
  struct Row {
    std::string_view name;
    std::string_view value;
  };
  constexpr Row kRows[] = {{"host", "a"},
                           {"host", ""},
                           {"content-type", "application/grpc"},
                           {"grpc-timeout", "1S"},
                           {"grpc-encoding", "gzip"}};
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    Lines lines = RequestWith(row.name, row.value);
    ExpectAccepted(lines);
    lines.emplace_back(row.name, row.value);
    ExpectRejected(lines, Kind::kFieldRepeated, 400, StatusCode::kInternal);
    EXPECT_TRUE(Judge(lines).message.ends_with(row.name));
  }
}

TEST(RequestHead, CountsTheLastOfRepeatableFields) {
  Lines lines = OrdinaryRequest();
  lines.emplace_back("grpc-accept-encoding", "gzip");
  lines.emplace_back("grpc-accept-encoding", "zstd");
  const http2::FieldSectionPtr section = MakeSection(lines);
  EXPECT_FALSE(ParseRequestHead(*section).rejection.is_rejected());
  EXPECT_EQ(ParseRequestHead(*section).accept_encoding, "zstd");
}

TEST(RequestHead, ToleratesAMissingTe) {
  const http2::FieldSectionPtr section = MakeSection(RequestWithout("te"));
  EXPECT_FALSE(ParseRequestHead(*section).rejection.is_rejected());
  EXPECT_FALSE(ParseRequestHead(*section).has_te_trailers);
}

TEST(RequestHead, RefusesMalformedTimeouts) {
  for (std::string_view timeout :
       {"", "1", "S", "-1S", "+1S", "1.5S", "1 S", "123456789S", "1s", "0", "n"}) {
    SCOPED_TRACE(timeout);
    ExpectRejected(RequestWith("grpc-timeout", timeout), Kind::kTimeoutMalformed, 400,
                   StatusCode::kInternal);
  }
}

TEST(RequestHead, EndsACallWhoseTimeoutIsZero) {
  for (std::string_view timeout : {"0n", "0u", "0m", "0S", "0M", "0H", "00000000S"}) {
    SCOPED_TRACE(timeout);
    ExpectRejected(RequestWith("grpc-timeout", timeout), Kind::kDeadlinePassed, 200,
                   StatusCode::kDeadlineExceeded);
  }
}

TEST(RequestHead, ClampsLongTimeouts) {
  const http2::FieldSectionPtr section = MakeSection(RequestWith("grpc-timeout", "99999999H"));
  EXPECT_EQ(ParseRequestHead(*section).timeout, Duration::max());
}

TEST(RequestHead, RefusesBinaryMetadataThatIsNotBase64) {
  for (std::string_view value : {"!", "Z", "Zg=", "-_8", "Zg,!"}) {
    SCOPED_TRACE(value);
    ExpectRejected(RequestWith("x-key-bin", value), Kind::kBinaryMetadataMalformed, 400,
                   StatusCode::kInternal);
  }
  for (std::string_view value : {"", "Zg", "Zg==", "Zg,Zg==", "q6ur"}) {
    SCOPED_TRACE(value);
    ExpectAccepted(RequestWith("x-key-bin", value));
  }
}

TEST(RequestHead, IgnoresBinaryFieldsThatNobodySees) {
  ExpectAccepted(RequestWith("grpc-of-the-future-bin", "!"));
}

TEST(RequestHead, RefusesHeadersOverTheLimitBeforeAnythingElse) {
  // The section was cut: whatever is missing from it says nothing about the client.
  for (const Lines& lines : {OrdinaryRequest(), RequestWithout("content-type"),
                             RequestWith(":method", "GET"), RequestWith(":path", "/")}) {
    const http2::FieldSectionPtr section = MakeSectionOverLimit(lines);
    const Rejection& rejection = ParseRequestHead(*section).rejection;
    EXPECT_EQ(rejection.kind, Kind::kHeadersTooLarge);
    EXPECT_EQ(rejection.http_status, 200);
    EXPECT_EQ(rejection.code, StatusCode::kResourceExhausted);
  }
}

TEST(RequestHead, NamesTheMostFundamentalOfSeveralFaults) {
  Lines lines = {{":method", "POST"}, {":path", "bad"},
                 {":scheme", "http"}, {"content-type", "application/grpc"},
                 {"x-bin", "!"},      {"grpc-timeout", "bad"}};
  EXPECT_EQ(Judge(lines).kind, Kind::kPathMalformed);
  lines[1].second = "/a.B/C";
  EXPECT_EQ(Judge(lines).kind, Kind::kBinaryMetadataMalformed);
  lines[4].second = "Zg";
  EXPECT_EQ(Judge(lines).kind, Kind::kTimeoutMalformed);
  lines[5].second = "1S";
  EXPECT_FALSE(Judge(lines).is_rejected());
  lines[3].second = "text/html";
  lines[1].second = "bad";
  EXPECT_EQ(Judge(lines).kind, Kind::kContentTypeNotGrpc);
  lines[0].second = "GET";
  EXPECT_EQ(Judge(lines).kind, Kind::kMethodNotPost);
}

TEST(RequestHead, SeesUserMetadataWhereDecodeMetadataGivesSome) {
  struct Row {
    std::string_view name;
    std::string_view value;
    bool is_user_metadata;
  };
  constexpr Row kRows[] = {{"x-key", "", true},           {"x-bin", "", true},
                           {"authorization", "x", true},  {"grpc-trace-bin", "", true},
                           {"user-agent", "x", false},    {"te", "trailers", false},
                           {"host", "x", false},          {"content-length", "5", false},
                           {"grpc-encoding", "x", false}, {"grpc-unknown", "x", false}};
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.name);
    const http2::FieldSectionPtr section = MakeSection(RequestWith(row.name, row.value));
    EXPECT_EQ(ParseRequestHead(*section).has_user_metadata, row.is_user_metadata);
    Metadata metadata;
    ASSERT_TRUE(DecodeMetadata(*section, &metadata));
    size_t user_entries = 0;
    for (const Metadata::Entry& entry : metadata) {
      if (entry.key != ":authority" && entry.key != "user-agent") ++user_entries;
    }
    EXPECT_EQ(user_entries != 0, row.is_user_metadata);
  }
}

// Whatever a client sends, there is an answer, and metadata that was accepted can be decoded.
TEST(RequestHead, IsTotal) {
  constexpr std::string_view kNames[] = {
      "content-type", "host",  "grpc-timeout", "grpc-encoding", "grpc-accept-encoding",
      "user-agent",   "x-key", "x-bin",        "grpc-x",        "grpc-x-bin"};
  constexpr std::string_view kValues[] = {"",
                                          "application/grpc",
                                          "application/grpc+proto",
                                          "application/grpc+json",
                                          "trailers",
                                          "1S",
                                          "0n",
                                          "99999999H",
                                          "Zg==",
                                          "Zg,Zg",
                                          "!",
                                          "gzip",
                                          "\xFF\t\xFF",
                                          "/a/b"};
  constexpr std::string_view kPaths[] = {"/", "*", "/a/b", "/a.B/C", "//a/b", "/a/b/c", "a/b"};
  std::mt19937 random(10);
  int accepted = 0;
  for (int round = 0; round < 50000; ++round) {
    Lines lines = {{":method", random() % 16 == 0 ? "GET" : "POST"},
                   {":scheme", "http"},
                   {":path", kPaths[random() % std::size(kPaths)]}};
    if (random() % 2 == 0) lines.emplace_back("content-type", "application/grpc");
    for (size_t count = random() % 6; count > 0; --count) {
      lines.emplace_back(kNames[random() % std::size(kNames)],
                         kValues[random() % std::size(kValues)]);
    }
    const http2::FieldSectionPtr section =
        random() % 64 == 0 ? MakeSectionOverLimit(lines) : MakeSection(lines);
    const RequestHead& head = ParseRequestHead(*section);
    ASSERT_EQ(head.rejection.is_rejected(), head.rejection.code != StatusCode::kOk);
    if (head.rejection.is_rejected()) continue;
    ++accepted;
    ASSERT_EQ(head.path, "/" + std::string(head.service) + "/" + std::string(head.method));
    ASSERT_FALSE(head.service.empty());
    ASSERT_FALSE(head.method.empty());
    Metadata metadata;
    ASSERT_TRUE(DecodeMetadata(*section, &metadata));
  }
  EXPECT_GT(accepted, 500);
}

}  // namespace
}  // namespace weir::grpc
