// Makes a FieldSection of decoded lines: counts them, checks them, and keeps what the limits allow.
//
// What is kept is collected on the stack, as long as it is no more than usual, and then copied to a
// section of just the right size.
#ifndef WEIR_TRANSPORT_HTTP2_FIELD_SECTION_BUILDER_H_
#define WEIR_TRANSPORT_HTTP2_FIELD_SECTION_BUILDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "transport/http2/field_rules.h"
#include "transport/http2/field_section.h"
#include "transport/http2/hpack_decoder.h"
#include "transport/http2/options.h"
#include "transport/http2/violation.h"

namespace weir::http2 {

// How large a field section has become, and whether that is still bearable.
class SectionSize {
 public:
  // RFC 9113 §6.5.2 counts so much more than name and value for each line.
  static constexpr size_t kLineOverhead = 32;

  // `options` must outlive this object.
  explicit SectionSize(const ConnectionOptions& options) : options_(options) {}

  // Counts a line. Not kNone when the section is so far over the limits that decoding the rest of
  // the block would be work for an attacker.
  Violation Add(std::string_view name, std::string_view value);

  size_t list_size() const { return list_size_; }
  // More than was announced: the section is refused, but the connection goes on.
  bool is_over_limit() const {
    return list_size_ > options_.header_list_size_max || fields_ > options_.header_fields_max;
  }

 private:
  const ConnectionOptions& options_;
  size_t list_size_ = 0;
  size_t fields_ = 0;
};

class FieldSectionBuilder final : public FieldSink {
 public:
  FieldSectionBuilder(SectionKind kind, const ConnectionOptions& options)
      : size_(options), rules_(kind) {}
  FieldSectionBuilder(const FieldSectionBuilder&) = delete;
  FieldSectionBuilder& operator=(const FieldSectionBuilder&) = delete;

  bool OnField(std::string_view name, std::string_view value) override;

  // The first rule that was broken; kNone sets `section`. Once.
  Violation Finish(FieldSectionPtr* section);

  Violation violation() const { return violation_; }

 private:
  static constexpr size_t kNearText = 1024;
  static constexpr size_t kNearLines = 24;

  // Where in the text something is: names and values stand there one behind the other.
  struct Place {
    uint32_t begin;
    uint32_t name_size;
    uint32_t value_size;
  };

  void Keep(FieldRole role, std::string_view name, std::string_view value);
  void AddLine(const Place& place);
  char* AddText(size_t size) {
    if (text_capacity_ - text_size_ < size) [[unlikely]] {
      GrowText(size);
    }
    char* const place = text_ + text_size_;
    text_size_ += size;
    return place;
  }
  void GrowText(size_t added);

  SectionSize size_;
  FieldRules rules_;
  Violation violation_ = Violation::kNone;

  // Not set before they are used.
  std::array<char, kNearText> near_text_;
  std::array<Place, kNearLines> near_lines_;
  std::unique_ptr<char[]> far_text_;
  std::vector<Place> far_lines_;  // behind the near ones
  char* text_ = near_text_.data();
  size_t text_size_ = 0;
  size_t text_capacity_ = kNearText;
  size_t line_count_ = 0;
  // Pseudo-header fields, of which only the value is kept.
  Place method_ = {};
  Place scheme_ = {};
  Place path_ = {};
  Place authority_ = {};
};

// For blocks that only the compression state needs.
class FieldDiscarder final : public FieldSink {
 public:
  explicit FieldDiscarder(const ConnectionOptions& options) : size_(options) {}

  bool OnField(std::string_view name, std::string_view value) override {
    violation_ = size_.Add(name, value);
    return violation_ == Violation::kNone;
  }

  Violation violation() const { return violation_; }

 private:
  SectionSize size_;
  Violation violation_ = Violation::kNone;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FIELD_SECTION_BUILDER_H_
