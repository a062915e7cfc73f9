#!/bin/bash
# Shows the examples at work: starts each server, lets the upstream gRPC C++ client talk to it, and
# stops it gracefully. Takes a few seconds; the exit code is 0 only if everything went as expected.
set -euo pipefail

cd "${RUNFILES_DIR:-$0.runfiles}/weir"
source examples/support/serving.sh

# show TITLE CLIENT [CLIENT FLAG...] -- SERVER [SERVER FLAG...]
show() {
  local title="$1" client=()
  shift
  while [[ "$1" != -- ]]; do
    client+=("$1")
    shift
  done
  shift
  printf '\n=== %s\n' "$title"
  start_server "$@" --port=0
  printf '%s listens on port %s\n\n' "${1##*/}" "$server_port"
  "${client[@]}" --target="127.0.0.1:$server_port"
  stop_server
  printf '\n%s got SIGTERM and stopped gracefully\n' "${1##*/}"
}

show "Greeter: a unary call, blocking handler" \
  examples/clients/greeter_client --name=weir -- \
  examples/greeter/greeter_server
show "Route guide: all four shapes of a call, blocking handlers" \
  examples/clients/route_guide_client -- \
  examples/route_guide/route_guide_server --style=blocking
show "Route guide: all four shapes of a call, coroutines" \
  examples/clients/route_guide_client -- \
  examples/route_guide/route_guide_server --style=coroutine
show "Interceptors: a check of tokens, and an access log" \
  examples/clients/interceptor_client --token=open-sesame -- \
  examples/interceptor/interceptor_server --token=open-sesame
