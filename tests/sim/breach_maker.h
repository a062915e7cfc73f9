// How does a client of the simulation break the one rule its profile names?
#ifndef WEIR_TESTS_SIM_BREACH_MAKER_H_
#define WEIR_TESTS_SIM_BREACH_MAKER_H_

#include <cstdint>
#include <string>

#include "tests/sim/client.h"

namespace weir::sim {

class BreachMaker {
 public:
  explicit BreachMaker(Client& client) : client_(client) {}

  // Breaks the rule if the state of the connection allows it, and leaves it to a later time if not.
  void TryToBreach();

 private:
  bool Breach();
  // A stream whose request may go on, or that waits for its response; 0 when there is none.
  uint32_t FindSendable() const;
  uint32_t FindWaiting() const;
  uint32_t FindEnded() const;

  // Each returns whether it could be done.
  bool ExceedStreamWindow();
  bool ExceedConnectionWindow();
  bool UpdateByZero();
  bool OverflowStreamWindow();
  bool OverflowInitialWindow();
  bool SendBadSettings();
  bool SpeakOnIdleStream();
  bool SpeakAfterEnd();
  bool SpeakAfterReset();
  bool SpeakOnWrongStream();
  bool SendBadLength();
  bool InterruptBlock();
  bool SendBadPadding();
  bool SendBadBlock();
  bool DependOnItself();
  bool OpenTooMany();
  bool Flood();
  bool OpenAndReset();
  bool SendManyContinuations();
  bool SendLargeBlock();
  bool SendBomb();

  void Write(uint8_t type, uint8_t flags, uint32_t stream_id, std::string_view payload) {
    client_.Write(type, flags, stream_id, payload);
  }
  void WriteSettings(uint16_t id, uint32_t value);
  // A new stream whose request nobody plans.
  uint32_t NewStream();

  Client& client_;
  Random& random_ = client_.random_;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_BREACH_MAKER_H_
