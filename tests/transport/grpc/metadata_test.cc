#include "transport/grpc/metadata.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/transport/grpc/section_maker.h"
#include "transport/grpc/field_list.h"
#include "transport/http2/output_fields.h"

namespace weir::grpc {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs PairsOf(const Metadata& metadata) {
  Pairs pairs;
  for (const Metadata::Entry& entry : metadata) pairs.emplace_back(entry.key, entry.value);
  return pairs;
}

Pairs PairsOf(const FieldList& list) {
  Pairs pairs;
  for (const http2::OutputField& field : list.fields()) pairs.emplace_back(field.name, field.value);
  return pairs;
}

// A request that consists of `lines` besides what every request needs.
Lines Request(const Lines& lines) {
  Lines all = {{":method", "POST"}, {":scheme", "http"}, {":path", "/a.B/C"}};
  all.insert(all.end(), lines.begin(), lines.end());
  return all;
}

Pairs Decoded(const Lines& lines) {
  Metadata metadata;
  EXPECT_TRUE(DecodeMetadata(*MakeSection(Request(lines)), &metadata));
  return PairsOf(metadata);
}

bool Decodes(const Lines& lines) {
  Metadata metadata;
  return DecodeMetadata(*MakeSection(Request(lines)), &metadata);
}

TEST(Metadata, KeepsOrderAndDuplicates) {
  Metadata metadata;
  metadata.Add("b", "1");
  metadata.Add("a", std::string("2"));
  metadata.Add("b", std::string_view("3"));
  EXPECT_EQ(PairsOf(metadata), (Pairs{{"b", "1"}, {"a", "2"}, {"b", "3"}}));
  EXPECT_EQ(metadata.size(), 3u);
  EXPECT_EQ(metadata.byte_size(), 6u);
}

TEST(Metadata, FindsTheFirstAndAll) {
  Metadata metadata;
  metadata.Add("b", "1");
  metadata.Add("a", "2");
  metadata.Add("b", "3");
  ASSERT_NE(metadata.Find("b"), nullptr);
  EXPECT_EQ(*metadata.Find("b"), "1");
  EXPECT_EQ(metadata.Find("c"), nullptr);
  EXPECT_EQ(metadata.FindAll("b"), (std::vector<std::string_view>{"1", "3"}));
  EXPECT_TRUE(metadata.FindAll("c").empty());
}

TEST(Metadata, IsEmptyAfterClear) {
  Metadata metadata;
  EXPECT_TRUE(metadata.empty());
  metadata.Add("key", "value");
  EXPECT_FALSE(metadata.empty());
  metadata.clear();
  EXPECT_EQ(metadata, Metadata());
  EXPECT_EQ(metadata.byte_size(), 0u);
}

TEST(MetadataKey, HasLowerCaseLettersDigitsAndThreeMarks) {
  EXPECT_FALSE(IsValidMetadataKey(""));
  EXPECT_TRUE(IsValidMetadataKey("x-1_a.b"));
  for (int octet = 0; octet < 256; ++octet) {
    const char c = static_cast<char>(octet);
    constexpr std::string_view kAllowed = "0123456789abcdefghijklmnopqrstuvwxyz_-.";
    EXPECT_EQ(IsValidMetadataKey(std::string{'a', c}), kAllowed.find(c) != std::string_view::npos)
        << octet;
  }
}

TEST(MetadataKey, IsBinaryByItsEnd) {
  EXPECT_TRUE(IsBinaryMetadataKey("x-bin"));
  EXPECT_TRUE(IsBinaryMetadataKey("-bin"));
  EXPECT_FALSE(IsBinaryMetadataKey("bin"));
  EXPECT_FALSE(IsBinaryMetadataKey("x-bin-y"));
  EXPECT_FALSE(IsBinaryMetadataKey("x-binary"));
}

TEST(MetadataValue, IsPrintableAsciiWithoutSpaceAtTheEnds) {
  EXPECT_TRUE(IsValidAsciiMetadataValue(""));
  EXPECT_TRUE(IsValidAsciiMetadataValue("a b"));
  EXPECT_FALSE(IsValidAsciiMetadataValue(" a"));
  EXPECT_FALSE(IsValidAsciiMetadataValue("a "));
  EXPECT_FALSE(IsValidAsciiMetadataValue(" "));
  for (int octet = 0; octet < 256; ++octet) {
    const std::string value = {'a', static_cast<char>(octet), 'b'};
    EXPECT_EQ(IsValidAsciiMetadataValue(value), octet >= 0x20 && octet <= 0x7E) << octet;
  }
}

TEST(MetadataKey, IsReservedWhereHttpOrGrpcOwnsIt) {
  for (std::string_view key : {":authority",
                               ":path",
                               ":status",
                               ":",
                               "content-type",
                               "content-length",
                               "te",
                               "host",
                               "connection",
                               "keep-alive",
                               "proxy-connection",
                               "transfer-encoding",
                               "upgrade",
                               "grpc-status",
                               "grpc-message",
                               "grpc-timeout",
                               "grpc-encoding",
                               "grpc-accept-encoding",
                               "grpc-status-details-bin",
                               "grpc-message-type",
                               "grpc-previous-rpc-attempts",
                               "grpc-",
                               "grpc-of-the-future",
                               "grpc-of-the-future-bin"}) {
    EXPECT_TRUE(IsReservedMetadataKey(key)) << key;
  }
  for (std::string_view key :
       {"x-key", "grpc", "grpcx", "my-grpc-key", "authorization", "user-agent", "date", "te-x",
        "traceparent", "endpoint-load-metrics-bin", "grpc-retry-pushback-ms",
        "grpc-server-stats-bin", "grpc-trace-bin", "grpc-tags-bin"}) {
    EXPECT_FALSE(IsReservedMetadataKey(key)) << key;
  }
}

TEST(RequestField, IsVisibleUnlessTheTransportOwnsIt) {
  for (std::string_view name :
       {"user-agent", "authorization", "x-key", "cookie", "accept-encoding", "traceparent",
        "grpc-previous-rpc-attempts", "grpc-trace-bin", "grpc-tags-bin", "lb-token"}) {
    EXPECT_TRUE(IsVisibleRequestField(name)) << name;
  }
  for (std::string_view name :
       {":path", ":authority", "host", "content-type", "content-length", "te", "grpc-timeout",
        "grpc-encoding", "grpc-accept-encoding", "grpc-status", "grpc-message-type",
        "grpc-retry-pushback-ms", "grpc-of-the-future", "grpc-internal-bin"}) {
    EXPECT_FALSE(IsVisibleRequestField(name)) << name;
  }
}

TEST(DecodeMetadata, ShowsWhatTheApplicationMaySee) {
  EXPECT_EQ(Decoded({{":authority", "a.example:443"},
                     {"content-type", "application/grpc"},
                     {"te", "trailers"},
                     {"user-agent", "grpc-c++/1.51"},
                     {"grpc-timeout", "1S"},
                     {"grpc-accept-encoding", "gzip"},
                     {"x-key", "1"},
                     {"grpc-of-the-future", "x"},
                     {"grpc-previous-rpc-attempts", "2"},
                     {"x-key", "2"}}),
            (Pairs{{":authority", "a.example:443"},
                   {"user-agent", "grpc-c++/1.51"},
                   {"x-key", "1"},
                   {"grpc-previous-rpc-attempts", "2"},
                   {"x-key", "2"}}));
}

TEST(DecodeMetadata, RenamesHostWhenThereIsNoAuthority) {
  EXPECT_EQ(Decoded({{"host", "h"}}), (Pairs{{":authority", "h"}}));
  EXPECT_EQ(Decoded({{":authority", "a"}, {"host", "h"}}), (Pairs{{":authority", "a"}}));
  EXPECT_EQ(Decoded({}), Pairs{});
}

TEST(DecodeMetadata, DecodesBinaryValuesWithAndWithoutPadding) {
  EXPECT_EQ(Decoded({{"a-bin", "q6ur"}, {"b-bin", "Zg"}, {"c-bin", "Zg=="}, {"d-bin", ""}}),
            (Pairs{{"a-bin", "\xAB\xAB\xAB"}, {"b-bin", "f"}, {"c-bin", "f"}, {"d-bin", ""}}));
}

TEST(DecodeMetadata, SplitsJoinedBinaryValuesAndNoOthers) {
  EXPECT_EQ(
      Decoded({{"a-bin", "Zg,Zm8=, Zm9v,"}, {"b", "1,2, 3"}}),
      (Pairs{{"a-bin", "f"}, {"a-bin", "fo"}, {"a-bin", "foo"}, {"a-bin", ""}, {"b", "1,2, 3"}}));
}

TEST(DecodeMetadata, RefusesBinaryValuesThatAreNotBase64) {
  for (std::string_view value : {"Z", "Zg=", "Zh", "-_8", "Zg,Z", "Zg Zg", "!", "Zg;Zg"}) {
    EXPECT_FALSE(Decodes({{"a-bin", value}})) << value;
    EXPECT_FALSE(IsValidBinaryFieldValue(value)) << value;
  }
  EXPECT_TRUE(Decodes({{"a", "-_8"}, {"grpc-unknown-bin", "!"}}));
  EXPECT_TRUE(IsValidBinaryFieldValue("Zg, Zg=="));
}

TEST(DecodeMetadata, PassesOnTextThatGrpcForbidsAndHttpAllows) {
  EXPECT_EQ(Decoded({{"x!key", "caf\xC3\xA9\t!"}}), (Pairs{{"x!key", "caf\xC3\xA9\t!"}}));
}

TEST(DecodeMetadata, ReadsTrailers) {
  Metadata metadata;
  ASSERT_TRUE(DecodeMetadata(*MakeSection({{"x-checksum", "1"}, {"host", "h"}}), &metadata));
  EXPECT_EQ(PairsOf(metadata), (Pairs{{"x-checksum", "1"}}));
}

TEST(AppendMetadataFields, EncodesBinaryValuesWithoutPadding) {
  Metadata metadata;
  metadata.Add("x-key", "a value");
  metadata.Add("a-bin", std::string("\0\xFF", 2));
  metadata.Add("b-bin", "");
  metadata.Add("x-empty", "");
  FieldList list;
  EXPECT_EQ(AppendMetadataFields(metadata, &list), 0u);
  EXPECT_EQ(PairsOf(list),
            (Pairs{{"x-key", "a value"}, {"a-bin", "AP8"}, {"b-bin", ""}, {"x-empty", ""}}));
  EXPECT_TRUE(std::none_of(list.fields().begin(), list.fields().end(),
                           [](const http2::OutputField& field) { return field.indexed; }));
}

TEST(AppendMetadataFields, LeavesOutWhatMustNotBeSent) {
  Metadata metadata;
  for (std::string_view key : {":status", "content-type", "grpc-status", "connection", "", "Upper",
                               "with space", "x:y", "caf\xC3\xA9"}) {
    metadata.Add(key, "value");
  }
  for (std::string_view value : {"\r\nx: y", " a", "a ", "\t", "caf\xC3\xA9", "\x7F"}) {
    metadata.Add("x-key", value);
  }
  metadata.Add("x-key", std::string_view("\0", 1));
  metadata.Add("x-key", "sent");
  FieldList list;
  EXPECT_EQ(AppendMetadataFields(metadata, &list), metadata.size() - 1);
  EXPECT_EQ(PairsOf(list), (Pairs{{"x-key", "sent"}}));
}

TEST(AppendMetadataFields, GivesTheSizesThatWereForetold) {
  Metadata metadata;
  for (size_t size = 0; size < 8; ++size) {
    metadata.Add("a-bin", std::string(size, '\xFF'));
    metadata.Add("x-key", std::string(size, 'x'));
  }
  metadata.Add("grpc-status", "0");
  for (const Metadata::Entry& entry : metadata) {
    FieldList list;
    EXPECT_EQ(AppendMetadataField(entry, &list), entry.key != "grpc-status");
    EXPECT_EQ(list.list_size(), MetadataFieldSize(entry));
  }
}

TEST(MetadataOnTheWire, ComesBackAsItWas) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    Metadata sent;
    for (size_t count = random() % 20; count > 0; --count) {
      std::string key = "k";
      key += static_cast<char>('a' + random() % 3);
      std::string value(random() % 40, '\0');
      if (random() % 2 == 0) {
        key += "-bin";
        for (char& c : value) c = static_cast<char>(random());
      } else {
        for (char& c : value) c = static_cast<char>('!' + random() % ('~' - '!' + 1));
      }
      sent.Add(key, value);
    }
    FieldList list;
    ASSERT_EQ(AppendMetadataFields(sent, &list), 0u) << seed;
    Lines lines;
    for (const http2::OutputField& field : list.fields())
      lines.emplace_back(field.name, field.value);
    Metadata received;
    ASSERT_TRUE(DecodeMetadata(*MakeSection(lines), &received)) << seed;
    ASSERT_EQ(received, sent) << seed;
  }
}

}  // namespace
}  // namespace weir::grpc
