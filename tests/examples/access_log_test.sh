#!/bin/bash
# Does the interceptor example log every call, refused or not?
set -euo pipefail
source examples/support/serving.sh

log="$TEST_TMPDIR/log"
start_server examples/interceptor/interceptor_server --token=secret --port=0 2>"$log"
examples/clients/interceptor_client --token=secret --target="127.0.0.1:$server_port"
stop_server

expect_lines() {
  local wanted="$1" pattern="$2" found
  found="$(grep -c -- "$pattern" "$log" || true)"
  if [[ "$found" -ne "$wanted" ]]; then
    echo "$found lines match '$pattern', not $wanted, in:" >&2
    cat "$log" >&2
    exit 1
  fi
}
expect_lines 4 "method=/helloworld.Greeter/SayHello "
expect_lines 3 "status=UNAUTHENTICATED "
expect_lines 1 "status=OK "
expect_lines 0 "secret"
