// One line per call that has a handler, when it ends.
#ifndef WEIR_INTERCEPTORS_ACCESS_LOG_H_
#define WEIR_INTERCEPTORS_ACCESS_LOG_H_

#include <functional>
#include <memory>
#include <string_view>

#include "weir/interceptor.h"

namespace weir {

// Receives one line without its line feed. Called from all worker threads at once; must not block
// for long.
using AccessLogSink = std::function<void(std::string_view line)>;

// Logs
//   2026-11-21T20:15:04.123Z method=/helloworld.Greeter/SayHello peer=ipv4:127.0.0.1:40112
//   status=OK duration_us=84 received=1/7B sent=1/13B
// (on one line; a status that is not OK is followed by message="..."). Without a sink the lines go
// to standard error.
std::unique_ptr<Interceptor> MakeAccessLog(AccessLogSink sink = nullptr);

}  // namespace weir

#endif  // WEIR_INTERCEPTORS_ACCESS_LOG_H_
