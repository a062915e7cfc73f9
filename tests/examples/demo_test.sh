#!/bin/bash
# Does the demonstration show every conversation to its end?
set -euo pipefail

output="$TEST_TMPDIR/output"
examples/demo | tee "$output"
for line in "SayHello" "GetFeature" "ListFeatures" "RecordRoute" "RouteChat" \
  '  <-- HelloReply { message: "Hello weir" }'; do
  grep -qxF -- "$line" "$output"
done
[[ "$(grep -c 'stopped gracefully$' "$output")" -eq 4 ]]
