#include "tests/transport/grpc/section_maker.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "transport/base/check.h"
#include "transport/http2/field_rules.h"
#include "transport/http2/field_section_builder.h"
#include "transport/http2/options.h"
#include "transport/http2/violation.h"

namespace weir::grpc {

namespace {

http2::FieldSectionPtr Build(const Lines& lines, const http2::ConnectionOptions& options) {
  const bool is_request = !lines.empty() && lines[0].first.starts_with(':');
  const http2::SectionKind kind =
      is_request ? http2::SectionKind::kRequest : http2::SectionKind::kTrailers;
  http2::FieldSectionBuilder builder(kind, options);
  for (const auto& [name, value] : lines) WEIR_CHECK(builder.OnField(name, value));
  http2::FieldSectionPtr section;
  WEIR_CHECK(builder.Finish(&section) == http2::Violation::kNone);
  return section;
}

}  // namespace

http2::FieldSectionPtr MakeSection(const Lines& lines) {
  http2::FieldSectionPtr section = Build(lines, http2::ConnectionOptions());
  WEIR_CHECK(!section->is_over_limit());
  return section;
}

http2::FieldSectionPtr MakeSectionOverLimit(const Lines& lines) {
  size_t list_size = 0;
  for (const auto& [name, value] : lines) list_size += name.size() + value.size() + 32;
  http2::ConnectionOptions options;
  options.header_list_size_max = static_cast<uint32_t>(list_size / 2);
  http2::FieldSectionPtr section = Build(lines, options);
  WEIR_CHECK(section->is_over_limit());
  return section;
}

Lines OrdinaryRequest() {
  return {{":method", "POST"},
          {":scheme", "http"},
          {":path", "/a.B/C"},
          {":authority", "localhost"},
          {"content-type", "application/grpc"},
          {"te", "trailers"},
          {"user-agent", "tester/1"}};
}

Lines RequestWith(std::string_view name, std::string_view value) {
  Lines lines = OrdinaryRequest();
  const auto line =
      std::find_if(lines.begin(), lines.end(), [&](const auto& l) { return l.first == name; });
  if (line != lines.end()) {
    line->second = value;
  } else {
    lines.emplace_back(name, value);
  }
  return lines;
}

Lines RequestWithout(std::string_view name) {
  Lines lines = OrdinaryRequest();
  std::erase_if(lines, [&](const auto& line) { return line.first == name; });
  return lines;
}

}  // namespace weir::grpc
