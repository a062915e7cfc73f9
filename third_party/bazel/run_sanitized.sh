#!/bin/sh
# Runs a test of a sanitizer build: with the list of what ThreadSanitizer cannot judge, and without
# address randomisation, because the runtimes of GCC 12 cannot place their shadow memory when the
# kernel randomises more than 28 bits (vm.mmap_rnd_bits). Where a container refuses that, the test
# runs as it is.
suppressions="$(cd "$(dirname "$0")" && pwd)/tsan_suppressions.txt"
if [ ! -r "$suppressions" ]; then
  echo "run_sanitized: cannot read $suppressions" >&2
  exit 1
fi
export TSAN_OPTIONS="${TSAN_OPTIONS:-}:suppressions=$suppressions"
if setarch --addr-no-randomize true 2>/dev/null; then
  exec setarch --addr-no-randomize "$@"
fi
exec "$@"
