// What becomes of a response that the client does not take, when its handler is done?
//
// Such a response is flow-controlled data with trailers behind it: memory and a stream that a
// client can hold by sending no WINDOW_UPDATE, while it keeps the connection alive (CVE-2019-9517
// and its relatives). The deadline of its call still counts, and without one there has to be
// progress.
#ifndef WEIR_SERVER_UNSENT_RESPONSES_H_
#define WEIR_SERVER_UNSENT_RESPONSES_H_

#include <chrono>
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
  // In this time a client has to take this much of each response, or all of it.
  static constexpr Duration kProgressInterval = std::chrono::seconds(120);
  static constexpr size_t kProgressBytes = 1024;

  explicit UnsentResponses(driver::ConnectionDriver& driver) : driver_(driver) {}

  // `stream` has queued data, and everything it will ever have. It is reset when it still has some
  // at `deadline` (kNever for none), or makes no progress.
  void Add(http2::StreamKey stream, TimePoint deadline);

  // The connection is gone.
  void Clear();

 private:
  struct Response {
    http2::StreamKey stream;
    TimePoint deadline;
    TimePoint progress_due;
    size_t queued;  // bytes, when progress_due was set

    TimePoint due() const { return deadline < progress_due ? deadline : progress_due; }
  };

  void OnTimer(TimePoint now) override;
  // False when it needs no watching any more.
  bool Judge(Response& response, TimePoint now);
  void ForgetTheSent();

  driver::ConnectionDriver& driver_;
  std::vector<Response> responses_;
  size_t forget_at_ = 0;  // how many make it worth while to look for those that were sent
};

}  // namespace weir::server

#endif  // WEIR_SERVER_UNSENT_RESPONSES_H_
