#include "transport/grpc/status_code.h"

#include <cstddef>

namespace weir::grpc {

namespace {

struct Row {
  std::string_view name;
  std::string_view digits;
};

constexpr Row kRows[kStatusCodeCount] = {
    {"OK", "0"},
    {"CANCELLED", "1"},
    {"UNKNOWN", "2"},
    {"INVALID_ARGUMENT", "3"},
    {"DEADLINE_EXCEEDED", "4"},
    {"NOT_FOUND", "5"},
    {"ALREADY_EXISTS", "6"},
    {"PERMISSION_DENIED", "7"},
    {"RESOURCE_EXHAUSTED", "8"},
    {"FAILED_PRECONDITION", "9"},
    {"ABORTED", "10"},
    {"OUT_OF_RANGE", "11"},
    {"UNIMPLEMENTED", "12"},
    {"INTERNAL", "13"},
    {"UNAVAILABLE", "14"},
    {"DATA_LOSS", "15"},
    {"UNAUTHENTICATED", "16"},
};

const Row& RowOf(StatusCode code) {
  const auto index = static_cast<size_t>(code);
  return kRows[index < kStatusCodeCount ? index : static_cast<size_t>(StatusCode::kUnknown)];
}

}  // namespace

std::string_view StatusCodeName(StatusCode code) { return RowOf(code).name; }

std::string_view StatusCodeDigits(StatusCode code) { return RowOf(code).digits; }

}  // namespace weir::grpc
