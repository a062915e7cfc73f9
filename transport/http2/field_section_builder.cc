#include "transport/http2/field_section_builder.h"

#include <algorithm>
#include <utility>

namespace weir::http2 {
namespace {

// Beyond the limits times this, a section does not come from a peer that means well
// (CVE-2016-6581).
constexpr size_t kAbuseFactor = 4;

// Huffman coding and the static table make text about twice as long as its block.
size_t ExpectedText(size_t block_size) { return 2 * block_size + 128; }

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

FieldSectionBuilder::FieldSectionBuilder(SectionKind kind, const ConnectionOptions& options,
                                         size_t block_size)
    : size_(options), rules_(kind), section_(std::make_unique<FieldSection>()) {
  const size_t expected = ExpectedText(block_size);
  section_->text_.reserve(std::min<size_t>(expected, options.header_list_size_max));
  section_->lines_.reserve(8);
}

FieldSectionBuilder::~FieldSectionBuilder() = default;

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
  GrowText(name.size() + value.size());
  switch (role) {
    case FieldRole::kRegular: {
      const std::string_view stored_name = Store(name);
      section_->lines_.push_back({stored_name, Store(value)});
      break;
    }
    case FieldRole::kMethod:
      section_->method_ = Store(value);
      break;
    case FieldRole::kScheme:
      section_->scheme_ = Store(value);
      break;
    case FieldRole::kAuthority:
      section_->authority_ = Store(value);
      break;
    case FieldRole::kPath:
      section_->path_ = Store(value);
      break;
    case FieldRole::kUnknownPseudo:
      break;  // refused by the rules
  }
}

// There is room for it.
std::string_view FieldSectionBuilder::Store(std::string_view text) {
  std::string& all = section_->text_;
  const size_t begin = all.size();
  all.append(text);
  return {all.data() + begin, text.size()};
}

// The lines are views of the text, so they move with it.
void FieldSectionBuilder::GrowText(size_t added) {
  std::string& text = section_->text_;
  if (text.capacity() - text.size() >= added) return;
  std::string grown;
  grown.reserve(std::max(2 * text.capacity(), text.size() + added));
  grown.append(text);
  const auto move = [&](std::string_view& view) {
    if (view.data() == nullptr) return;
    view = {grown.data() + (view.data() - text.data()), view.size()};
  };
  for (FieldLine& line : section_->lines_) {
    move(line.name);
    move(line.value);
  }
  move(section_->method_);
  move(section_->scheme_);
  move(section_->authority_);
  move(section_->path_);
  text.swap(grown);
}

Violation FieldSectionBuilder::Finish(FieldSectionPtr* section) {
  if (violation_ == Violation::kNone) violation_ = rules_.OnEnd();
  if (violation_ != Violation::kNone) return violation_;
  section_->list_size_ = size_.list_size();
  section_->content_length_ = rules_.content_length();
  section_->is_over_limit_ = size_.is_over_limit();
  *section = FieldSectionPtr(section_.release());
  return Violation::kNone;
}

}  // namespace weir::http2
