// What becomes of a response that the client does not take, when its handler is done?
//
// Such a response is flow-controlled data with trailers behind it: memory and a stream that a
// client can hold by sending no WINDOW_UPDATE, while it keeps the connection alive. The engine
// wants progress of every stream; here it is the deadline of the call that still counts.
#ifndef WEIR_SERVER_UNSENT_RESPONSES_H_
#define WEIR_SERVER_UNSENT_RESPONSES_H_

#include <cstddef>
#include <vector>

#include "transport/base/time.h"
#include "transport/driver/connection_driver.h"
#include "transport/http2/stream_id.h"
#include "transport/net/timer.h"

namespace weir::server {

// Of one connection; confined to its worker's thread.
class UnsentResponses final : private net::Timer {
 public:
  explicit UnsentResponses(driver::ConnectionDriver& driver) : driver_(driver) {}

  // `stream` has queued data, and everything it will ever have. It is reset when it still has some
  // at `deadline`.
  void Add(http2::StreamKey stream, TimePoint deadline);

  // The connection is gone.
  void Clear();

 private:
  struct Response {
    http2::StreamKey stream;
    TimePoint deadline;
  };

  void OnTimer(TimePoint now) override;
  void ResetTheLate(TimePoint now);
  void ForgetTheSent();

  driver::ConnectionDriver& driver_;
  std::vector<Response> responses_;
  size_t forget_at_ = 0;  // how many make it worth while to look for those that were sent
};

}  // namespace weir::server

#endif  // WEIR_SERVER_UNSENT_RESPONSES_H_
