#include "weir/stop_signal.h"

#include <pthread.h>

namespace weir {

StopSignal::StopSignal() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int StopSignal::Wait() {
  int signal_number = 0;
  // Fails only for a set with an invalid signal.
  sigwait(&signals_, &signal_number);
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  return signal_number;
}

}  // namespace weir
