// A received field section (RFC 9113 §8.1): the decoded lines of one header block, immutable.
#ifndef WEIR_TRANSPORT_HTTP2_FIELD_SECTION_H_
#define WEIR_TRANSPORT_HTTP2_FIELD_SECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>

namespace weir::http2 {

struct FieldLine {
  std::string_view name;
  std::string_view value;
};

// What the layer above wants to keep with a field section. A repeated header block gives the same
// FieldSection object again, so work whose result hangs here is done once per distinct block.
class FieldSectionAttachment {
 public:
  virtual ~FieldSectionAttachment() = default;
};

// Validated by the engine before anybody sees it (RFC 9113 §8.2 and §8.3): names are lower-case
// tokens, pseudo-header fields come first and are present exactly once, no connection-specific
// field is left. Shared by count inside one thread (see FieldSectionPtr).
//
// One allocation: the lines stand behind the object, and the text behind the lines.
class FieldSection {
 public:
  FieldSection(const FieldSection&) = delete;
  FieldSection& operator=(const FieldSection&) = delete;

  // Pseudo-header fields of a request; empty in trailers. `authority` is also empty when absent.
  std::string_view method() const { return method_; }
  std::string_view scheme() const { return scheme_; }
  std::string_view path() const { return path_; }
  std::string_view authority() const { return authority_; }

  // Regular field lines in the order received, without pseudo-header fields.
  std::span<const FieldLine> lines() const {
    if (line_count_ == 0) return {};
    return {std::launder(reinterpret_cast<const FieldLine*>(this + 1)), line_count_};
  }

  // First value of a regular field, or an empty view with a null data() when it is absent.
  std::string_view Find(std::string_view name) const {
    for (const FieldLine& line : lines()) {
      if (line.name == name) return line.value;
    }
    return {};
  }

  // Size as RFC 9113 §6.5.2 counts it: every line's name + value + 32, pseudo-header fields
  // included.
  size_t list_size() const { return list_size_; }

  // The value of content-length in a request, or -1 when there is none.
  int64_t content_length() const { return content_length_; }

  // True when the section exceeded the advertised limits: it was decoded to its end (to keep the
  // compression state), but only the lines up to the limit were kept.
  bool is_over_limit() const { return is_over_limit_; }

  // May be set at any time, once; lives as long as the section.
  FieldSectionAttachment* attachment() const { return attachment_.get(); }
  void set_attachment(std::unique_ptr<FieldSectionAttachment> attachment) const {
    attachment_ = std::move(attachment);
  }

 private:
  friend class FieldSectionBuilder;
  friend class FieldSectionPtr;

  explicit FieldSection(size_t line_count) : line_count_(line_count) {}
  ~FieldSection() = default;

  // Room for so many lines, and so many octets of names and values behind them.
  static FieldSection* Make(size_t line_count, size_t text_size) {
    const size_t size = sizeof(FieldSection) + line_count * sizeof(FieldLine) + text_size;
    return ::new (::operator new(size)) FieldSection(line_count);
  }
  static void Destroy(const FieldSection* section) {
    section->~FieldSection();
    ::operator delete(const_cast<FieldSection*>(section));
  }
  FieldLine* line_places() { return reinterpret_cast<FieldLine*>(this + 1); }
  char* text_place() { return reinterpret_cast<char*>(line_places() + line_count_); }

  const size_t line_count_;
  std::string_view method_;
  std::string_view scheme_;
  std::string_view path_;
  std::string_view authority_;
  size_t list_size_ = 0;
  int64_t content_length_ = -1;
  bool is_over_limit_ = false;
  mutable uint32_t references_ = 0;
  mutable std::unique_ptr<FieldSectionAttachment> attachment_;
};

static_assert(alignof(FieldLine) <= alignof(FieldSection));

// Counted reference to a FieldSection. Not atomic: confined to the connection's thread.
class FieldSectionPtr {
 public:
  FieldSectionPtr() = default;
  explicit FieldSectionPtr(const FieldSection* section) : section_(section) { Acquire(); }
  FieldSectionPtr(const FieldSectionPtr& other) : section_(other.section_) { Acquire(); }
  FieldSectionPtr(FieldSectionPtr&& other) noexcept
      : section_(std::exchange(other.section_, nullptr)) {}
  FieldSectionPtr& operator=(FieldSectionPtr other) noexcept {
    std::swap(section_, other.section_);
    return *this;
  }
  ~FieldSectionPtr() { Release(); }

  void reset() {
    Release();
    section_ = nullptr;
  }
  const FieldSection* get() const { return section_; }
  const FieldSection* operator->() const { return section_; }
  const FieldSection& operator*() const { return *section_; }
  explicit operator bool() const { return section_ != nullptr; }

 private:
  void Acquire() {
    if (section_ != nullptr) ++section_->references_;
  }
  void Release() {
    if (section_ != nullptr && --section_->references_ == 0) {
      FieldSection::Destroy(section_);
    }
  }

  const FieldSection* section_ = nullptr;
};

}  // namespace weir::http2

#endif  // WEIR_TRANSPORT_HTTP2_FIELD_SECTION_H_
