// Makes the field sections that tests hand to the gRPC layer, the way the engine makes them.
#ifndef WEIR_TESTS_TRANSPORT_GRPC_SECTION_MAKER_H_
#define WEIR_TESTS_TRANSPORT_GRPC_SECTION_MAKER_H_

#include <string_view>
#include <utility>
#include <vector>

#include "transport/http2/field_section.h"

namespace weir::grpc {

using Lines = std::vector<std::pair<std::string_view, std::string_view>>;

// A request's section if the lines begin with pseudo-header fields, else one of trailers. They must
// be lines that the engine lets through; anything else is a mistake in the test, and aborts it.
http2::FieldSectionPtr MakeSection(const Lines& lines);

// A section that the engine has cut at about half of `lines`, because its limit was there.
http2::FieldSectionPtr MakeSectionOverLimit(const Lines& lines);

// The headers of an ordinary call to /a.B/C.
Lines OrdinaryRequest();

// OrdinaryRequest() with the value of `name` replaced, or with the line added.
Lines RequestWith(std::string_view name, std::string_view value);

// OrdinaryRequest() without the lines of `name`.
Lines RequestWithout(std::string_view name);

}  // namespace weir::grpc

#endif  // WEIR_TESTS_TRANSPORT_GRPC_SECTION_MAKER_H_
