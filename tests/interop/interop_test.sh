#!/bin/bash
# interop_test.sh RUN SERVER CLIENT: does the interoperability server pass, and does it say in one
# sentence what is wrong with its flags?
set -euo pipefail
RUN="$1" SERVER="$2" CLIENT="$3"

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# expect_refusal PATTERN FLAGS...: the server must not start, and print one line like PATTERN.
expect_refusal() {
  local pattern="$1" output code=0
  shift
  output="$(timeout 20 "$SERVER" "$@" 2>&1)" || code=$?
  ((code != 0 && code != 124)) || fail "the server starts with $*"
  [[ "$(wc -l <<<"$output")" == 1 ]] || fail "more than one line for $*: $output"
  [[ "$output" =~ $pattern ]] || fail "for $* the server says: $output"
}

"$RUN" --judges cpp --server "$SERVER" --client "$CLIENT"

expect_refusal 'port' --port=70000
expect_refusal 'port' --port=many
expect_refusal 'nonsense' --nonsense
expect_refusal 'tls_cert_file' --port=0 --use_tls
expect_refusal 'no-such-file' --port=0 --use_tls --tls_cert_file=/no-such-file.pem \
  --tls_key_file=/no-such-file.key

# A port that somebody else has: the server's own, a moment later.
exec {OUTPUT}< <(exec "$SERVER" --port=0)
SERVER_PID=$!
trap 'kill "$SERVER_PID"' EXIT
read -r -t 20 line <&"$OUTPUT" || fail "the server does not start"
expect_refusal 'cannot listen on .*: address already in use' --port="${line##*:}"
