#include "transport/http2/field_section_builder.h"

#include <algorithm>
#include <new>
#include <utility>

namespace weir::http2 {
namespace {

// Beyond the limits times this, a section does not come from a peer that means well
// (CVE-2016-6581).
constexpr size_t kAbuseFactor = 4;

}  // namespace

Violation SectionSize::Add(std::string_view name, std::string_view value) {
  list_size_ += name.size() + value.size() + kLineOverhead;
  ++fields_;
  if (list_size_ > kAbuseFactor * options_.header_list_size_max) {
    return Violation::kHeaderListTooLarge;
  }
  if (fields_ > kAbuseFactor * options_.header_fields_max) return Violation::kTooManyFields;
  return Violation::kNone;
}

bool FieldSectionBuilder::OnField(std::string_view name, std::string_view value) {
  const Violation abuse = size_.Add(name, value);
  if (abuse != Violation::kNone) {
    violation_ = abuse;
    return false;
  }
  // What is malformed is still decoded to its end, but not looked at any further.
  if (violation_ != Violation::kNone) return true;
  const FieldRole role = RoleOf(name);
  violation_ = rules_.OnField(role, name, value);
  if (violation_ == Violation::kNone && !size_.is_over_limit()) Keep(role, name, value);
  return true;
}

void FieldSectionBuilder::Keep(FieldRole role, std::string_view name, std::string_view value) {
  if (role != FieldRole::kRegular) name = {};
  const Place place = {
      .begin = static_cast<uint32_t>(text_size_),
      .name_size = static_cast<uint32_t>(name.size()),
      .value_size = static_cast<uint32_t>(value.size()),
  };
  char* const text = AddText(name.size() + value.size());
  std::copy(name.begin(), name.end(), text);
  std::copy(value.begin(), value.end(), text + name.size());
  switch (role) {
    case FieldRole::kRegular:
      AddLine(place);
      break;
    case FieldRole::kMethod:
      method_ = place;
      break;
    case FieldRole::kScheme:
      scheme_ = place;
      break;
    case FieldRole::kAuthority:
      authority_ = place;
      break;
    case FieldRole::kPath:
      path_ = place;
      break;
    case FieldRole::kUnknownPseudo:
      break;  // refused by the rules
  }
}

void FieldSectionBuilder::AddLine(const Place& place) {
  if (line_count_ < kNearLines) [[likely]] {
    near_lines_[line_count_] = place;
  } else {
    far_lines_.push_back(place);
  }
  ++line_count_;
}

void FieldSectionBuilder::GrowText(size_t added) {
  const size_t capacity = std::max(2 * text_capacity_, text_size_ + added);
  auto grown = std::make_unique_for_overwrite<char[]>(capacity);
  std::copy(text_, text_ + text_size_, grown.get());
  far_text_ = std::move(grown);
  text_ = far_text_.get();
  text_capacity_ = capacity;
}

Violation FieldSectionBuilder::Finish(FieldSectionPtr* section) {
  if (violation_ == Violation::kNone) violation_ = rules_.OnEnd();
  if (violation_ != Violation::kNone) return violation_;

  FieldSection* const made = FieldSection::Make(line_count_, text_size_);
  *section = FieldSectionPtr(made);
  char* const text = made->text_place();
  std::copy(text_, text_ + text_size_, text);
  const auto value_of = [text](const Place& place) {
    return std::string_view(text + place.begin + place.name_size, place.value_size);
  };
  FieldLine* line = made->line_places();
  for (size_t i = 0; i < line_count_; ++i, ++line) {
    const Place& place = i < kNearLines ? near_lines_[i] : far_lines_[i - kNearLines];
    const std::string_view name(text + place.begin, place.name_size);
    ::new (line) FieldLine{.name = name, .value = value_of(place)};
  }
  made->method_ = value_of(method_);
  made->scheme_ = value_of(scheme_);
  made->path_ = value_of(path_);
  made->authority_ = value_of(authority_);
  made->list_size_ = size_.list_size();
  made->content_length_ = rules_.content_length();
  made->is_over_limit_ = size_.is_over_limit();
  return Violation::kNone;
}

}  // namespace weir::http2
