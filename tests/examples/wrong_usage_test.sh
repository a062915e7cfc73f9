#!/bin/bash
# Does every mistake on a command line end an example with one clear sentence?
set -euo pipefail
source examples/support/serving.sh

readonly greeter=examples/greeter/greeter_server
readonly route_guide=examples/route_guide/route_guide_server
readonly interceptor=examples/interceptor/interceptor_server
readonly proxy=examples/proxy/proxy_server
failures=0

# refuses EXIT_CODE SENTENCE PROGRAM [FLAG...]: nothing else is printed, nothing is served.
refuses() {
  local wanted_code="$1" wanted="$2" code=0 output
  shift 2
  output="$(timeout 30 "$@" 2>&1)" || code=$?
  wanted="${1##*/}: $wanted"
  if [[ "$code" -ne "$wanted_code" || "$output" != "$wanted" ]]; then
    printf '%s\n  ended with %s: %s\n  instead of %s: %s\n' \
      "$*" "$code" "$output" "$wanted_code" "$wanted" >&2
    failures=$((failures + 1))
  fi
}

refuses 2 'unknown flag --prot; see --help' "$greeter" --prot=1
refuses 2 'flag --port takes an integer from 0 to 65535, not "x"' "$greeter" --port x
refuses 2 'flag --port takes an integer from 0 to 65535, not "65536"' "$greeter" --port=65536
refuses 2 'flag --port needs a value: an integer from 0 to 65535' "$greeter" --port
refuses 2 'unexpected argument "50051"; every argument is a flag, see --help' "$greeter" 50051
refuses 2 'flag --style takes blocking or coroutine, not "async"' "$route_guide" --style=async
refuses 2 'flag --token is required: what clients must send as `authorization: Bearer TOKEN`' \
  "$interceptor" --port=0
refuses 2 'flag --upstream is required: HOST:PORT of the other server, without TLS' "$proxy"

start_server "$greeter" --port=0
in_use="cannot listen on 0.0.0.0:$server_port: address already in use"
refuses 1 "$in_use" "$greeter" --port="$server_port"
refuses 1 "$in_use" "$route_guide" --port="$server_port"
refuses 1 "$in_use" "$interceptor" --port="$server_port" --token=x
refuses 1 "$in_use" "$proxy" --port="$server_port" --upstream=localhost:1
stop_server

"$greeter" --help | grep -q -- '--port  port to listen on'
exit $((failures > 0))
