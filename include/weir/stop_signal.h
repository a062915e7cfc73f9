// Waiting for SIGTERM or SIGINT, for programs that only serve.
#ifndef WEIR_STOP_SIGNAL_H_
#define WEIR_STOP_SIGNAL_H_

#include <signal.h>

namespace weir {

// Create it first thing in main(), before any thread: it blocks SIGTERM and SIGINT, and threads
// inherit that. A second signal while the program shuts down then ends it at once.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Returns the number of the signal that came. From then on the signals act as usual.
  int Wait();

 private:
  sigset_t signals_;
};

}  // namespace weir

#endif  // WEIR_STOP_SIGNAL_H_
