// Lines about the server's own problems, to the sink that the user chose.
#ifndef WEIR_SERVER_LOG_H_
#define WEIR_SERVER_LOG_H_

#include <string_view>
#include <utility>

#include "weir/server_options.h"

namespace weir::server {

// Thread-safe if the sink is. Immutable.
class Log {
 public:
  // Without a sink, lines go to standard error, one write each.
  explicit Log(LogSink sink);

  void Info(std::string_view line) const { sink_(LogSeverity::kInfo, line); }
  void Warning(std::string_view line) const { sink_(LogSeverity::kWarning, line); }
  void Error(std::string_view line) const { sink_(LogSeverity::kError, line); }

 private:
  LogSink sink_;
};

}  // namespace weir::server

#endif  // WEIR_SERVER_LOG_H_
