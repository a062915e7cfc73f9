#include "server/log.h"

#include <cstdio>
#include <string>

namespace weir::server {
namespace {

std::string_view SeverityName(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::kInfo:
      return "info";
    case LogSeverity::kWarning:
      return "warning";
    case LogSeverity::kError:
      return "error";
  }
  return "error";
}

void WriteToStandardError(LogSeverity severity, std::string_view line) {
  std::string text = "weir: ";
  text.append(SeverityName(severity)).append(": ").append(line).push_back('\n');
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

void Log::Write(LogSeverity severity, std::string_view line) const noexcept {
  try {
    sink_(severity, line);
  } catch (...) {
    // There is nobody to be told.
  }
}

Log::Log(LogSink sink) : sink_(sink ? std::move(sink) : LogSink(WriteToStandardError)) {}

}  // namespace weir::server
