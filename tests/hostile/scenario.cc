#include "tests/hostile/scenario.h"

#include <algorithm>

namespace hostile {

Scenarios AllScenarios() {
  Scenarios rows;
  AddControlFrames(&rows);
  AddStreamLifecycle(&rows);
  AddHeaderBlocks(&rows);
  AddFieldRules(&rows);
  AddDataFlow(&rows);
  AddMessageBodies(&rows);
  AddGrpcSemantics(&rows);
  AddServiceAttacks(&rows);
  AddConnections(&rows);
  AddTlsAttacks(&rows);
  AddInnocentTwins(&rows);
  // Variants stay in the order they were written in.
  std::ranges::stable_sort(rows, {}, &Scenario::id);
  return rows;
}

}  // namespace hostile
