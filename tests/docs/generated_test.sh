#!/bin/bash
# generated_test.sh GENERATE PAGE...: are the generated pages what the code's tables say today?
set -euo pipefail
GENERATE="$1"
shift

mkdir -p "$TEST_TMPDIR/pages"
"$GENERATE" "$TEST_TMPDIR/pages"
for page in "$@"; do
  diff -u "$page" "$TEST_TMPDIR/pages/$(basename "$page")" || {
    # shellcheck disable=SC2016  # to be typed as it stands
    printf '%s is out of date: bazel run //docs/generated:generate -- "$PWD/docs/generated"\n' \
      "$page"
    exit 1
  }
done
# Every page that is written was compared.
[[ "$(find "$TEST_TMPDIR/pages" -type f | wc -l)" == $# ]]
