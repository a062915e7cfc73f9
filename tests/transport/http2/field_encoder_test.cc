#include "transport/http2/field_encoder.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/testing/frame_builder.h"

namespace weir::http2 {
namespace {

namespace hpack = weir::testing::hpack;

constexpr std::array<OutputField, 1> kIndexed = {
    {{.name = "grpc-status", .value = "0", .indexed = true}}};

class FieldEncoderTest : public ::testing::Test {
 protected:
  std::string Encode(const FieldTemplate& fields) {
    return std::string(AsText(encoder_.Encode(fields)));
  }
  void EncodeOther(std::string_view name) {
    const std::array<OutputField, 1> fields = {{{.name = name, .value = "v", .indexed = true}}};
    encoder_.Encode(OutputFields(fields));
  }

  ConnectionCounters counters_;
  FieldEncoder encoder_{counters_};
  const FieldTemplate template_{kIndexed};
};

TEST_F(FieldEncoderTest, ATemplateIsEncodedUntilItsBlockIsPure) {
  EXPECT_NE(Encode(template_), hpack::Indexed(62));  // inserts
  EXPECT_EQ(Encode(template_), hpack::Indexed(62));
  EXPECT_EQ(counters_.output_blocks_encoded, 2u);
  EXPECT_EQ(Encode(template_), hpack::Indexed(62));
  EXPECT_EQ(counters_.output_blocks_encoded, 2u);
  EXPECT_EQ(counters_.output_templates_memoised, 1u);
}

TEST_F(FieldEncoderTest, AnInsertionByAnotherBlockMakesTheTemplateNew) {
  for (int i = 0; i < 3; ++i) Encode(template_);
  EncodeOther("other");
  EXPECT_EQ(Encode(template_), hpack::Indexed(63));
  EXPECT_EQ(Encode(template_), hpack::Indexed(63));
  EXPECT_EQ(counters_.output_templates_memoised, 2u);
}

TEST_F(FieldEncoderTest, AChangeOfTheTableSizeMakesTheTemplateNew) {
  for (int i = 0; i < 3; ++i) Encode(template_);
  encoder_.SetPeerTableSize(0);
  const std::string first = Encode(template_);
  EXPECT_TRUE(first.starts_with(hpack::TableSize(0)));
  const std::string second = Encode(template_);
  EXPECT_EQ(second, first.substr(1));
  EXPECT_EQ(Encode(template_), second);
  EXPECT_EQ(counters_.output_templates_memoised, 2u);
}

TEST_F(FieldEncoderTest, RemembersFourTemplates) {
  constexpr std::array<OutputField, 1> kFields = {{{.name = ":status", .value = "200"}}};
  const std::array<FieldTemplate, 5> templates = {FieldTemplate(kFields), FieldTemplate(kFields),
                                                  FieldTemplate(kFields), FieldTemplate(kFields),
                                                  FieldTemplate(kFields)};
  for (int i = 0; i < 4; ++i) Encode(templates[size_t(i)]);
  for (int i = 0; i < 4; ++i) Encode(templates[size_t(i)]);
  EXPECT_EQ(counters_.output_templates_memoised, 4u);
  Encode(templates[4]);
  Encode(templates[0]);
  EXPECT_EQ(counters_.output_templates_memoised, 4u);
}

TEST_F(FieldEncoderTest, ALargeTemplateIsEncodedEachTime) {
  const std::string value(100, '%');
  const std::array<OutputField, 1> fields = {{{.name = "x", .value = value}}};
  const FieldTemplate large(fields);
  EXPECT_EQ(Encode(large), Encode(large));
  EXPECT_EQ(counters_.output_templates_memoised, 0u);
}

TEST_F(FieldEncoderTest, IdlenessCostsTheMemoAndNotThePeersTable) {
  for (int i = 0; i < 3; ++i) Encode(template_);
  const uint64_t memoised = counters_.output_templates_memoised;
  encoder_.ReleaseIdleMemory();
  EXPECT_EQ(Encode(template_), hpack::Indexed(62));
  EXPECT_EQ(counters_.output_templates_memoised, memoised);
}

}  // namespace
}  // namespace weir::http2
