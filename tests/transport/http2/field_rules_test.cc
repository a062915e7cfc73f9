#include "transport/http2/field_rules.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::http2 {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Judged {
  Violation violation;
  int64_t content_length;
};

Judged Judge(SectionKind kind, const Fields& fields) {
  FieldRules rules(kind);
  for (const auto& [name, value] : fields) {
    const Violation violation = rules.OnField(RoleOf(name), name, value);
    if (violation != Violation::kNone) return {violation, -1};
  }
  return {rules.OnEnd(), rules.content_length()};
}

Violation Request(const Fields& fields) { return Judge(SectionKind::kRequest, fields).violation; }

// A good request, and more behind it.
Violation RequestWith(const Fields& more) {
  Fields fields = {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return Request(fields);
}

Violation RequestWith(std::string_view name, std::string_view value) {
  return RequestWith(Fields{{std::string(name), std::string(value)}});
}

TEST(FieldRules, TakesOrdinaryRequests) {
  EXPECT_EQ(RequestWith({}), Violation::kNone);
  EXPECT_EQ(RequestWith({{":authority", "localhost:50051"},
                         {"content-type", "application/grpc"},
                         {"te", "trailers"},
                         {"grpc-timeout", "1S"},
                         {"x-empty", ""},
                         {"x-bin", "AAECAw"},
                         {"x-utf8", "\xc3\xa9\xff"}}),
            Violation::kNone);
  EXPECT_EQ(Request({{":path", "*"}, {":scheme", "https"}, {":method", "OPTIONS"}}),
            Violation::kNone);
}

TEST(FieldRules, RefusesPseudoFieldsThatRequestsDoNotHave) {
  EXPECT_EQ(RequestWith(":status", "200"), Violation::kPseudoFieldUnknown);
  EXPECT_EQ(RequestWith(":protocol", "websocket"), Violation::kPseudoFieldUnknown);
  EXPECT_EQ(RequestWith(":", "x"), Violation::kPseudoFieldUnknown);
  EXPECT_EQ(RequestWith(":Path", "/"), Violation::kPseudoFieldUnknown);
}

TEST(FieldRules, RefusesPseudoFieldsTwice) {
  EXPECT_EQ(RequestWith(":method", "POST"), Violation::kPseudoFieldDuplicate);
  EXPECT_EQ(RequestWith(":scheme", "http"), Violation::kPseudoFieldDuplicate);
  EXPECT_EQ(RequestWith(":path", "/"), Violation::kPseudoFieldDuplicate);
  EXPECT_EQ(RequestWith({{":authority", "a"}, {":authority", "a"}}),
            Violation::kPseudoFieldDuplicate);
}

TEST(FieldRules, RefusesPseudoFieldsBehindRegularOnes) {
  EXPECT_EQ(RequestWith({{"te", "trailers"}, {":authority", "a"}}),
            Violation::kPseudoFieldAfterRegular);
}

TEST(FieldRules, RefusesRequestsThatLackAPseudoField) {
  EXPECT_EQ(Request({{":scheme", "http"}, {":path", "/"}}), Violation::kPseudoFieldMissing);
  EXPECT_EQ(Request({{":method", "GET"}, {":path", "/"}}), Violation::kPseudoFieldMissing);
  EXPECT_EQ(Request({{":method", "GET"}, {":scheme", "http"}}), Violation::kPseudoFieldMissing);
  EXPECT_EQ(Request({}), Violation::kPseudoFieldMissing);
}

TEST(FieldRules, KnowsWhatConnectMayHave) {
  const std::pair<std::string, std::string> connect = {":method", "CONNECT"};
  EXPECT_EQ(Request({connect, {":authority", "a:1"}}), Violation::kNone);
  EXPECT_EQ(Request({connect}), Violation::kConnectRequest);
  EXPECT_EQ(Request({connect, {":authority", "a:1"}, {":path", "/"}}), Violation::kConnectRequest);
  EXPECT_EQ(Request({connect, {":authority", "a:1"}, {":scheme", "http"}}),
            Violation::kConnectRequest);
  EXPECT_EQ(Request({connect, {":protocol", "websocket"}}), Violation::kPseudoFieldUnknown);
}

TEST(FieldRules, ChecksTheValuesOfPseudoFields) {
  const auto with = [](const std::string& name, const std::string& value) {
    Fields fields = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a"}};
    for (auto& field : fields) {
      if (field.first == name) field.second = value;
    }
    return Request(fields);
  };
  for (const char* value : {"", "GE T", "GET\n", "G@T"}) {
    EXPECT_EQ(with(":method", value), Violation::kMethod) << value;
  }
  for (const char* value : {"", "1http", "ht tp", "http:", "\xc3\xa9"}) {
    EXPECT_EQ(with(":scheme", value), Violation::kScheme) << value;
  }
  EXPECT_EQ(with(":scheme", "coap+tcp"), Violation::kNone);
  for (const char* value : {"user@host", "a b", "a/b", "a\\b", "a?b", "a#b"}) {
    EXPECT_EQ(with(":authority", value), Violation::kAuthority) << value;
  }
  for (const char* value : {"", "[::1]:50051", "10.0.0.1:80", "%2Ftmp%2Fsocket"}) {
    EXPECT_EQ(with(":authority", value), Violation::kNone) << value;
  }
  for (const char* value : {"", "/a b", "/a\tb", "/\x7f"}) {
    EXPECT_EQ(with(":path", value), Violation::kPath) << value;
  }
  EXPECT_EQ(with(":path", std::string("/\0", 2)), Violation::kPath);
  EXPECT_EQ(with(":path", "no/leading/slash"), Violation::kNone);  // for the layer above to judge
}

TEST(FieldRules, RefusesEveryOctetThatNoNameHas) {
  const std::string_view allowed = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz";
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    const bool is_allowed = allowed.find(c) != std::string_view::npos;
    EXPECT_EQ(RequestWith(std::string("x") + c + "y", "v"),
              is_allowed ? Violation::kNone : Violation::kFieldName)
        << octet;
  }
  EXPECT_EQ(RequestWith("", "v"), Violation::kFieldName);
}

TEST(FieldRules, RefusesEveryOctetThatNoValueHas) {
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    const bool is_allowed = c != '\0' && c != '\r' && c != '\n';
    EXPECT_EQ(RequestWith("x", std::string("a") + c + "b"),
              is_allowed ? Violation::kNone : Violation::kFieldValue)
        << octet;
  }
}

TEST(FieldRules, RefusesWhiteSpaceAtTheEndsOfAValue) {
  for (const char* value : {" a", "a ", "\ta", "a\t", " ", "\t"}) {
    EXPECT_EQ(RequestWith("x", value), Violation::kFieldValue);
  }
  EXPECT_EQ(RequestWith("x", "a b\tc"), Violation::kNone);
}

TEST(FieldRules, RefusesFieldsOfHttp11Connections) {
  for (const char* name :
       {"connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"}) {
    EXPECT_EQ(RequestWith(name, "x"), Violation::kConnectionSpecificField) << name;
    EXPECT_EQ(Judge(SectionKind::kTrailers, {{name, "x"}}).violation,
              Violation::kConnectionSpecificField);
  }
  EXPECT_EQ(RequestWith("upgrade-insecure-requests", "1"), Violation::kNone);
}

TEST(FieldRules, TeIsTrailersOrAbsent) {
  EXPECT_EQ(RequestWith("te", "trailers"), Violation::kNone);
  EXPECT_EQ(RequestWith("te", "trailers, deflate"), Violation::kTe);
  EXPECT_EQ(RequestWith("te", ""), Violation::kTe);
}

TEST(FieldRules, ReadsContentLength) {
  const auto length = [](const Fields& more) {
    Fields fields = {{":method", "POST"}, {":scheme", "http"}, {":path", "/"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return Judge(SectionKind::kRequest, fields);
  };
  EXPECT_EQ(length({}).content_length, -1);
  EXPECT_EQ(length({{"content-length", "0"}}).content_length, 0);
  EXPECT_EQ(length({{"content-length", "0123"}}).content_length, 123);
  EXPECT_EQ(length({{"content-length", "7"}, {"content-length", "7"}}).content_length, 7);
  EXPECT_EQ(length({{"content-length", "7"}, {"content-length", "8"}}).violation,
            Violation::kContentLength);
  for (const char* value :
       {"", "-1", "+1", "1.0", "0x1", "1 2", "99999999999999999999", "18446744073709551617"}) {
    EXPECT_EQ(length({{"content-length", value}}).violation, Violation::kContentLength) << value;
  }
}

TEST(FieldRules, TrailersHaveNoPseudoFields) {
  EXPECT_EQ(Judge(SectionKind::kTrailers, {}).violation, Violation::kNone);
  EXPECT_EQ(Judge(SectionKind::kTrailers, {{"x", "y"}}).violation, Violation::kNone);
  EXPECT_EQ(Judge(SectionKind::kTrailers, {{":path", "/"}}).violation,
            Violation::kPseudoFieldInTrailers);
  EXPECT_EQ(Judge(SectionKind::kTrailers, {{":status", "200"}}).violation,
            Violation::kPseudoFieldInTrailers);
}

}  // namespace
}  // namespace weir::http2
