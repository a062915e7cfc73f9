// Makes a FieldSection of decoded lines: counts them, checks them, and keeps what the limits allow.
#ifndef WEIR_TRANSPORT_HTTP2_FIELD_SECTION_BUILDER_H_
#define WEIR_TRANSPORT_HTTP2_FIELD_SECTION_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "transport/http2/field_rules.h"
#include "transport/http2/field_section.h"
#include "transport/http2/hpack.h"
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
  // `block_size` is the size of the header block, a hint for how much text there will be.
  FieldSectionBuilder(SectionKind kind, const ConnectionOptions& options, size_t block_size);
  ~FieldSectionBuilder();

  bool OnField(std::string_view name, std::string_view value) override;

  // The first rule that was broken; kNone sets `section`. Once.
  Violation Finish(FieldSectionPtr* section);

  Violation violation() const { return violation_; }

 private:
  void Keep(FieldRole role, std::string_view name, std::string_view value);
  std::string_view Store(std::string_view text);
  void GrowText(size_t added);

  SectionSize size_;
  FieldRules rules_;
  Violation violation_ = Violation::kNone;
  std::unique_ptr<FieldSection> section_;
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
