#include "transport/grpc/response_head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "transport/grpc/percent_encoding.h"
#include "transport/http2/output_fields.h"

namespace weir::grpc {
namespace {

struct Field {
  std::string name;
  std::string value;
  bool indexed;

  friend bool operator==(const Field&, const Field&) = default;
  friend void PrintTo(const Field& field, std::ostream* out) {
    *out << field.name << ": " << field.value << (field.indexed ? " (indexed)" : "");
  }
};

std::vector<Field> FieldsOf(http2::OutputFields fields) {
  std::vector<Field> result;
  for (const http2::OutputField& field : fields) {
    result.push_back({std::string(field.name), std::string(field.value), field.indexed});
  }
  return result;
}

const std::string* Find(const std::vector<Field>& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

std::vector<Field> Trailers(const ResponseStatus& status) {
  FieldList list;
  EXPECT_TRUE(BuildTrailers(status, kNoHeaderListLimit, &list));
  return FieldsOf(list.fields());
}

const Field kStatus200 = {":status", "200", true};
const Field kGrpc = {"content-type", "application/grpc", true};

TEST(ResponseTemplates, AreWhatTheBuildersGiveForAPlainSuccess) {
  FieldList headers;
  BuildInitialHeaders({}, &headers);
  EXPECT_EQ(FieldsOf(kOkHeaders.fields()), FieldsOf(headers.fields()));
  EXPECT_EQ(FieldsOf(kOkHeaders.fields()), (std::vector<Field>{kStatus200, kGrpc}));
  EXPECT_EQ(FieldsOf(kOkTrailers.fields()), Trailers({}));
  EXPECT_EQ(FieldsOf(kOkTrailers.fields()), (std::vector<Field>{{"grpc-status", "0", true}}));
}

TEST(InitialHeaders, CarryEncodingsAndMetadata) {
  Metadata metadata;
  metadata.Add("x-key", "value");
  metadata.Add("x-bin", "f");
  metadata.Add("grpc-status", "never sent");
  FieldList list;
  BuildInitialHeaders(
      {.encoding = "gzip", .accept_encoding = "identity,gzip", .metadata = &metadata}, &list);
  EXPECT_EQ(FieldsOf(list.fields()),
            (std::vector<Field>{kStatus200,
                                kGrpc,
                                {"grpc-encoding", "gzip", true},
                                {"grpc-accept-encoding", "identity,gzip", true},
                                {"x-key", "value", false},
                                {"x-bin", "Zg", false}}));
}

TEST(BuildTrailers, CarriesEveryCode) {
  for (int code = 0; code < kStatusCodeCount; ++code) {
    const std::vector<Field> fields = Trailers({.code = static_cast<StatusCode>(code)});
    EXPECT_EQ(fields, (std::vector<Field>{{"grpc-status", std::to_string(code), code == 0}}));
  }
  EXPECT_EQ(Trailers({.code = static_cast<StatusCode>(99)}),
            (std::vector<Field>{{"grpc-status", "2", false}}));
}

TEST(BuildTrailers, CarriesMessageDetailsAndMetadata) {
  Metadata metadata;
  metadata.Add("x-key", "value");
  EXPECT_EQ(Trailers({.code = StatusCode::kNotFound,
                      .message = "no \u00E9clair",
                      .details = std::string_view("\x08\x05", 2),
                      .metadata = &metadata}),
            (std::vector<Field>{{"grpc-status", "5", false},
                                {"grpc-message", "no %C3%A9clair", false},
                                {"grpc-status-details-bin", "CAU", false},
                                {"x-key", "value", false}}));
}

TEST(BuildTrailers, KeepsAMessageFromBecomingAField) {
  const std::vector<Field> fields =
      Trailers({.code = StatusCode::kInternal, .message = "x\r\ngrpc-status: 0\r\n"});
  EXPECT_EQ(fields, (std::vector<Field>{{"grpc-status", "13", false},
                                        {"grpc-message", "x%0D%0Agrpc-status: 0%0D%0A", false}}));
}

TEST(BuildTrailersOnly, PutsInitialAndTrailingMetadataIntoOneSection) {
  Metadata initial;
  initial.Add("x-initial", "1");
  Metadata trailing;
  trailing.Add("x-trailing", "2");
  FieldList list;
  EXPECT_TRUE(
      BuildTrailersOnly({.accept_encoding = "identity,gzip", .metadata = &initial},
                        {.code = StatusCode::kUnknown, .message = "m", .metadata = &trailing},
                        kNoHeaderListLimit, &list));
  EXPECT_EQ(FieldsOf(list.fields()),
            (std::vector<Field>{kStatus200,
                                kGrpc,
                                {"grpc-accept-encoding", "identity,gzip", true},
                                {"grpc-status", "2", false},
                                {"grpc-message", "m", false},
                                {"x-initial", "1", false},
                                {"x-trailing", "2", false}}));
}

TEST(BuildRejection, CarriesTheHttpStatus) {
  struct Row {
    Rejection::Kind kind;
    std::string http_status;
    std::string grpc_status;
  };
  const Row kRows[] = {{Rejection::Kind::kMethodNotPost, "405", "13"},
                       {Rejection::Kind::kContentTypeNotGrpc, "415", "3"},
                       {Rejection::Kind::kTimeoutMalformed, "400", "13"},
                       {Rejection::Kind::kServiceUnknown, "200", "12"}};
  for (const Row& row : kRows) {
    FieldList list;
    EXPECT_TRUE(BuildRejection(MakeRejection(row.kind, "d"), "", kNoHeaderListLimit, &list));
    const std::vector<Field> fields = FieldsOf(list.fields());
    ASSERT_GE(fields.size(), 4u);
    EXPECT_EQ(fields[0], (Field{":status", row.http_status, true}));
    EXPECT_EQ(fields[1], kGrpc);
    EXPECT_EQ(*Find(fields, "grpc-status"), row.grpc_status);
    EXPECT_EQ(*Find(fields, "grpc-message"), MakeRejection(row.kind, "d").message);
    EXPECT_EQ(Find(fields, "allow") != nullptr, row.http_status == "405");
  }
}

TEST(BuildRejection, TellsWhichEncodingsWouldDo) {
  FieldList list;
  BuildRejection(MakeRejection(Rejection::Kind::kEncodingUnsupported, "br"), "identity,gzip",
                 kNoHeaderListLimit, &list);
  const std::vector<Field> fields = FieldsOf(list.fields());
  EXPECT_EQ(*Find(fields, "grpc-accept-encoding"), "identity,gzip");
  EXPECT_EQ(*Find(fields, "grpc-message"), "grpc-encoding is not supported: br");
}

// The sizes of the fields in the tests below, each 32 more than its text.
constexpr size_t kStatusSize = 32 + 11 + 2;
constexpr size_t kMessageOverhead = 32 + 12;

TEST(TrimmedTrailers, AreWholeAtExactlyTheLimit) {
  Metadata metadata;
  metadata.Add("x-key", "value");
  const ResponseStatus status = {.code = StatusCode::kInternal,
                                 .message = "message",
                                 .details = "details",
                                 .metadata = &metadata};
  const size_t size = kStatusSize + (kMessageOverhead + 7) + (32 + 23 + 10) + (32 + 10);
  FieldList whole;
  EXPECT_TRUE(BuildTrailers(status, size, &whole));
  EXPECT_EQ(whole.list_size(), size);
  EXPECT_EQ(whole.fields().size(), 4u);

  FieldList trimmed;
  EXPECT_FALSE(BuildTrailers(status, size - 1, &trimmed));
  const std::vector<Field> fields = FieldsOf(trimmed.fields());
  EXPECT_EQ(fields.size(), 3u);
  EXPECT_EQ(Find(fields, "grpc-status-details-bin"), nullptr);
  EXPECT_EQ(*Find(fields, "grpc-message"), "message");
  EXPECT_EQ(*Find(fields, "x-key"), "value");
}

TEST(TrimmedTrailers, CutALongMessageBetweenCharacters) {
  std::string message;
  for (int i = 0; i < 1000; ++i) message += "\u00E9";
  FieldList list;
  const size_t limit = kStatusSize + kMessageOverhead + 20;
  EXPECT_FALSE(BuildTrailers({.code = StatusCode::kInternal, .message = message}, limit, &list));
  EXPECT_EQ(FieldsOf(list.fields()),
            (std::vector<Field>{{"grpc-status", "13", false},
                                {"grpc-message", "%C3%A9%C3%A9%C3%A9", false}}));
}

TEST(TrimmedTrailers, KeepMetadataBesideTheFirstKibibyteOfTheMessage) {
  Metadata metadata;
  metadata.Add("x-key", "value");
  const std::string message(1 << 20, 'm');
  FieldList list;
  EXPECT_FALSE(BuildTrailers(
      {.code = StatusCode::kInternal, .message = message, .metadata = &metadata}, 8192, &list));
  EXPECT_EQ(list.list_size(), 8192u);
  const std::vector<Field> fields = FieldsOf(list.fields());
  EXPECT_EQ(*Find(fields, "x-key"), "value");
  EXPECT_EQ(Find(fields, "grpc-message")->size(), 8192 - kStatusSize - 42 - kMessageOverhead);
}

TEST(TrimmedTrailers, DropMetadataThatLeavesNoRoomForTheMessage) {
  Metadata metadata;
  metadata.Add("x-small", "1");
  metadata.Add("x-huge", std::string(10000, 'x'));
  metadata.Add("x-also-small", "2");
  FieldList list;
  EXPECT_FALSE(BuildTrailers(
      {.code = StatusCode::kInternal, .message = "message", .metadata = &metadata}, 8192, &list));
  const std::vector<Field> fields = FieldsOf(list.fields());
  EXPECT_EQ(*Find(fields, "grpc-message"), "message");
  EXPECT_NE(Find(fields, "x-small"), nullptr);
  EXPECT_EQ(Find(fields, "x-huge"), nullptr);
  EXPECT_NE(Find(fields, "x-also-small"), nullptr);
}

TEST(TrimmedTrailers, PreferTheFirstKibibyteOfTheMessageToMetadata) {
  const std::string value(1500, 'x');
  Metadata metadata;
  metadata.Add("x-key", value);
  const size_t room_for_metadata_alone = kStatusSize + 32 + 5 + value.size();
  for (size_t message_size : {size_t{500}, size_t{1024}, size_t{5000}}) {
    const std::string message(message_size, 'm');
    FieldList list;
    EXPECT_FALSE(
        BuildTrailers({.code = StatusCode::kInternal, .message = message, .metadata = &metadata},
                      room_for_metadata_alone, &list));
    const std::vector<Field> fields = FieldsOf(list.fields());
    EXPECT_EQ(Find(fields, "x-key"), nullptr);
    EXPECT_EQ(Find(fields, "grpc-message")->size(),
              std::min(message_size, room_for_metadata_alone - kStatusSize - kMessageOverhead));
  }
}

TEST(TrimmedTrailers, CarryTheCodeEvenWhereNothingFits) {
  for (size_t limit : {size_t{0}, size_t{1}, kStatusSize - 1, kStatusSize}) {
    FieldList list;
    EXPECT_FALSE(
        BuildTrailers({.code = StatusCode::kInternal, .message = "message"}, limit, &list));
    EXPECT_EQ(FieldsOf(list.fields()), (std::vector<Field>{{"grpc-status", "13", false}}));
  }
}

TEST(TrimmedTrailers, DoNotCountMetadataThatIsNeverSent) {
  Metadata metadata;
  metadata.Add("grpc-status", std::string(10000, 'x'));
  FieldList list;
  EXPECT_TRUE(BuildTrailers({.code = StatusCode::kInternal, .metadata = &metadata}, 100, &list));
  EXPECT_EQ(list.fields().size(), 1u);
}

TEST(TrimmedTrailers, FitEveryLimitTheyCanAndSayWhetherAllWasSent) {
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    std::mt19937 random(seed);
    Metadata initial;
    Metadata trailing;
    for (size_t count = random() % 6; count > 0; --count) {
      Metadata& metadata = random() % 2 == 0 ? initial : trailing;
      metadata.Add(random() % 2 == 0 ? "x-key" : "x-bin", std::string(random() % 1500, 'x'));
    }
    std::string message(random() % 3 == 0 ? random() % 3000 : random() % 30, '\0');
    for (char& c : message) c = random() % 8 == 0 ? static_cast<char>(random()) : 'm';
    const std::string details(random() % 2 == 0 ? 0 : random() % 1000, 'd');
    const ResponseHeaders headers = {.metadata = &initial};
    const ResponseStatus status = {.code = StatusCode::kInternal,
                                   .message = message,
                                   .details = details,
                                   .metadata = &trailing};
    FieldList whole;
    ASSERT_TRUE(BuildTrailersOnly(headers, status, kNoHeaderListLimit, &whole));
    const size_t limit = 200 + random() % 6000;
    FieldList list;
    const bool is_whole = BuildTrailersOnly(headers, status, limit, &list);
    ASSERT_EQ(is_whole, whole.list_size() <= limit) << seed;
    ASSERT_LE(list.list_size(), limit) << seed;
    const std::vector<Field> fields = FieldsOf(list.fields());
    ASSERT_EQ(*Find(fields, "grpc-status"), "13") << seed;
    if (is_whole) {
      ASSERT_EQ(fields, FieldsOf(whole.fields())) << seed;
    } else if (const std::string* cut = Find(fields, "grpc-message")) {
      const std::vector<Field> all = FieldsOf(whole.fields());
      const std::string full = PercentDecode(*Find(all, "grpc-message"));
      ASSERT_TRUE(full.starts_with(PercentDecode(*cut))) << seed;
    }
  }
}

}  // namespace
}  // namespace weir::grpc
