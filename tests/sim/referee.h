// Where everybody who watches a simulation reports the first thing that went wrong.
#ifndef WEIR_TESTS_SIM_REFEREE_H_
#define WEIR_TESTS_SIM_REFEREE_H_

#include <string>
#include <utility>

namespace weir::sim {

class Referee {
 public:
  // One sentence. What follows the first failure may be its consequence, and is dropped.
  void Fail(std::string sentence) {
    if (sentence_.empty()) sentence_ = std::move(sentence);
  }
  bool has_failed() const { return !sentence_.empty(); }
  const std::string& sentence() const { return sentence_; }

 private:
  std::string sentence_;
};

}  // namespace weir::sim

#endif  // WEIR_TESTS_SIM_REFEREE_H_
