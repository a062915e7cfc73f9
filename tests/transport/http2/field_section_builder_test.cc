#include "transport/http2/field_section_builder.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::http2 {
namespace {

class FieldSectionBuilderTest : public ::testing::Test {
 protected:
  FieldSectionBuilder Builder(SectionKind kind = SectionKind::kRequest) {
    return FieldSectionBuilder(kind, options_);
  }
  // 3 lines: 7 + 3 + 7 + 4 + 5 + 6 octets and 32 for each.
  static constexpr size_t kPseudoSize = 32 + 3 * 32;
  static void AddPseudoFields(FieldSectionBuilder* builder) {
    EXPECT_TRUE(builder->OnField(":method", "GET"));
    EXPECT_TRUE(builder->OnField(":scheme", "http"));
    EXPECT_TRUE(builder->OnField(":path", "/a.B/C"));
  }

  ConnectionOptions options_;
};

TEST_F(FieldSectionBuilderTest, KeepsPseudoFieldsApartFromLines) {
  FieldSectionBuilder builder = Builder();
  AddPseudoFields(&builder);
  EXPECT_TRUE(builder.OnField(":authority", "host"));
  EXPECT_TRUE(builder.OnField("te", "trailers"));
  EXPECT_TRUE(builder.OnField("x", ""));
  EXPECT_TRUE(builder.OnField("x", "2"));
  FieldSectionPtr section;
  ASSERT_EQ(builder.Finish(&section), Violation::kNone);
  EXPECT_EQ(section->method(), "GET");
  EXPECT_EQ(section->scheme(), "http");
  EXPECT_EQ(section->path(), "/a.B/C");
  EXPECT_EQ(section->authority(), "host");
  ASSERT_EQ(section->lines().size(), 3u);
  EXPECT_EQ(section->lines()[2].value, "2");
  EXPECT_EQ(section->Find("te"), "trailers");
  EXPECT_NE(section->Find("x").data(), nullptr);
  EXPECT_EQ(section->Find("y").data(), nullptr);
  EXPECT_EQ(section->list_size(), kPseudoSize + 14 + 32 + 10 + 32 + 1 + 32 + 2 + 32);
  EXPECT_FALSE(section->is_over_limit());
}

TEST_F(FieldSectionBuilderTest, LinesSurviveTheGrowthOfTheText) {
  options_.header_list_size_max = 1 << 20;
  options_.header_fields_max = 1000;
  FieldSectionBuilder builder = Builder();
  AddPseudoFields(&builder);
  for (int i = 0; i < 500; ++i) {
    EXPECT_TRUE(builder.OnField("name-" + std::to_string(i), std::string(size_t(i), 'v')));
  }
  FieldSectionPtr section;
  ASSERT_EQ(builder.Finish(&section), Violation::kNone);
  EXPECT_EQ(section->path(), "/a.B/C");
  EXPECT_EQ(section->authority(), "");
  for (size_t i = 0; i < 500; ++i) {
    ASSERT_EQ(section->lines()[i].name, "name-" + std::to_string(i));
    ASSERT_EQ(section->lines()[i].value, std::string(i, 'v'));
  }
}

TEST_F(FieldSectionBuilderTest, CountsListSizeOneBelowAtAndOneAbove) {
  options_.header_list_size_max = kPseudoSize + 100;
  for (const size_t size : {99u, 100u, 101u}) {
    FieldSectionBuilder builder = Builder();
    AddPseudoFields(&builder);
    EXPECT_TRUE(builder.OnField("x", std::string(size - 32 - 1, 'v')));
    FieldSectionPtr section;
    ASSERT_EQ(builder.Finish(&section), Violation::kNone);
    EXPECT_EQ(section->is_over_limit(), size > 100);
    EXPECT_EQ(section->lines().size(), size > 100 ? 0u : 1u);
    EXPECT_EQ(section->list_size(), kPseudoSize + size);
  }
}

TEST_F(FieldSectionBuilderTest, CountsFieldsOneBelowAtAndOneAbove) {
  options_.header_fields_max = 10;
  for (const int fields : {9, 10, 11}) {
    FieldSectionBuilder builder = Builder();
    AddPseudoFields(&builder);
    for (int i = 3; i < fields; ++i) EXPECT_TRUE(builder.OnField("cookie", ""));
    FieldSectionPtr section;
    ASSERT_EQ(builder.Finish(&section), Violation::kNone);
    EXPECT_EQ(section->is_over_limit(), fields > 10);
    EXPECT_EQ(section->lines().size(), 7u - (fields == 9 ? 1 : 0));
  }
}

TEST_F(FieldSectionBuilderTest, StopsAtFourTimesTheLimits) {
  options_.header_fields_max = 4;
  FieldSectionBuilder many = Builder(SectionKind::kTrailers);
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(many.OnField("a", ""));
  EXPECT_FALSE(many.OnField("a", ""));
  EXPECT_EQ(many.violation(), Violation::kTooManyFields);

  options_.header_list_size_max = 1000;
  FieldSectionBuilder large = Builder(SectionKind::kTrailers);
  EXPECT_TRUE(large.OnField("a", std::string(4000 - 33, 'v')));
  EXPECT_FALSE(large.OnField("", ""));
  EXPECT_EQ(large.violation(), Violation::kHeaderListTooLarge);

  FieldDiscarder discarder(options_);
  EXPECT_TRUE(discarder.OnField("a", std::string(4000 - 33, 'v')));
  EXPECT_FALSE(discarder.OnField("", ""));
  EXPECT_EQ(discarder.violation(), Violation::kHeaderListTooLarge);
}

TEST_F(FieldSectionBuilderTest, GoesOnBehindAMalformedLineAndReportsIt) {
  FieldSectionBuilder builder = Builder();
  AddPseudoFields(&builder);
  EXPECT_TRUE(builder.OnField("Upper", "x"));
  EXPECT_TRUE(builder.OnField("te", "gzip"));
  FieldSectionPtr section;
  EXPECT_EQ(builder.Finish(&section), Violation::kFieldName);
  EXPECT_FALSE(section);
}

TEST_F(FieldSectionBuilderTest, ReportsWhatIsMissingAtTheEnd) {
  FieldSectionBuilder builder = Builder();
  EXPECT_TRUE(builder.OnField(":method", "GET"));
  FieldSectionPtr section;
  EXPECT_EQ(builder.Finish(&section), Violation::kPseudoFieldMissing);
}

// A pseudo-header field beyond the limit is there, though its value is not kept.
TEST_F(FieldSectionBuilderTest, APathBeyondTheLimitIsNotMissing) {
  options_.header_list_size_max = 200;
  FieldSectionBuilder builder = Builder();
  EXPECT_TRUE(builder.OnField(":method", "GET"));
  EXPECT_TRUE(builder.OnField(":scheme", "http"));
  EXPECT_TRUE(builder.OnField(":path", "/" + std::string(300, 'p')));
  FieldSectionPtr section;
  ASSERT_EQ(builder.Finish(&section), Violation::kNone);
  EXPECT_TRUE(section->is_over_limit());
  EXPECT_EQ(section->path(), "");
}

TEST(FieldSectionPtr, LastReferenceFreesTheSectionAndItsAttachment) {
  struct Probe final : FieldSectionAttachment {
    explicit Probe(bool* gone) : is_gone(gone) {}
    ~Probe() override { *is_gone = true; }
    bool* is_gone;
  };
  bool is_gone = false;
  ConnectionOptions options;
  FieldSectionBuilder builder(SectionKind::kTrailers, options);
  FieldSectionPtr first;
  ASSERT_EQ(builder.Finish(&first), Violation::kNone);
  first->set_attachment(std::make_unique<Probe>(&is_gone));
  FieldSectionPtr second = first;
  EXPECT_EQ(second.get(), first.get());
  first.reset();
  EXPECT_FALSE(is_gone);
  second = FieldSectionPtr();
  EXPECT_TRUE(is_gone);
}

}  // namespace
}  // namespace weir::http2
