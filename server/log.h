// Lines about the server's own problems, to the sink that the user chose.
#ifndef WEIR_SERVER_LOG_H_
#define WEIR_SERVER_LOG_H_

#include <string_view>
#include <utility>

#include "weir/server_options.h"

namespace weir::server {

// Thread-safe if the sink is. Immutable. Throws nothing: no line is worth a call, so one that
// cannot be made, or that the sink does not take, is left out.
class Log {
 public:
  // Without a sink, lines go to standard error, one write each.
  explicit Log(LogSink sink);

  void Info(std::string_view line) const noexcept { Write(LogSeverity::kInfo, line); }
  void Warning(std::string_view line) const noexcept { Write(LogSeverity::kWarning, line); }
  void Error(std::string_view line) const noexcept { Write(LogSeverity::kError, line); }

 private:
  void Write(LogSeverity severity, std::string_view line) const noexcept;

  LogSink sink_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_LOG_H_
