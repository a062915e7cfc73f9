#!/bin/bash
# greeter_server_test.sh SERVER CHECK: does the server that benchmarks and outsiders start answer
# correctly in each style, under load, stop on SIGTERM, and say what is wrong with its flags?
set -euo pipefail
SERVER="$1" CHECK="$2"
CALLS=20000

SERVER_PID=
WORK="$(mktemp -d)"
cleanup() {
  [[ -z "$SERVER_PID" ]] || kill "$SERVER_PID" 2>/dev/null || true
  rm -rf "$WORK"
}
trap cleanup EXIT

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# start FLAGS...: sets SERVER_PID and PORT.
start() {
  local line=
  rm -f "$WORK/output"
  mkfifo "$WORK/output"
  "$SERVER" --port=0 "$@" >"$WORK/output" &
  SERVER_PID=$!
  read -r -t 20 line <"$WORK/output" || true
  [[ "$line" =~ ^listening\ on\ .*:([0-9]+)$ ]] || fail "the server says '$line'"
  PORT="${BASH_REMATCH[1]}"
}

stop() {
  local code=0
  kill -TERM "$SERVER_PID"
  wait "$SERVER_PID" || code=$?
  SERVER_PID=
  ((code == 0)) || fail "the server ends with $code after SIGTERM"
}

# HelloRequest{name: "world"} with the prefix of gRPC.
printf '\0\0\0\0\x07\x0a\x05world' >"$WORK/request"

for execution in inline blocking coroutine; do
  for threads in 1 2; do
    start --execution="$execution" --threads="$threads"
    for name in world '' 'a name of some length, so that it does not fit any small buffer'; do
      "$CHECK" --address="127.0.0.1:$PORT" --name="$name"
    done
    h2load -n "$CALLS" -c 10 -m 100 -d "$WORK/request" -H 'content-type: application/grpc' \
      -H 'te: trailers' "http://127.0.0.1:$PORT/helloworld.Greeter/SayHello" >"$WORK/h2load"
    grep -q "^status codes: $CALLS 2xx" "$WORK/h2load" ||
      fail "$execution: not every call is answered: $(cat "$WORK/h2load")"
    stop
    printf '%s, %s threads: ok\n' "$execution" "$threads"
  done
done

# expect_refusal PATTERN FLAGS...: the server must not start, and print one line like PATTERN.
expect_refusal() {
  local pattern="$1" output code=0
  shift
  output="$(timeout 20 "$SERVER" "$@" 2>&1)" || code=$?
  ((code != 0 && code != 124)) || fail "the server starts with $*"
  [[ "$(wc -l <<<"$output")" == 1 ]] || fail "more than one line for $*: $output"
  [[ "$output" =~ $pattern ]] || fail "for $* the server says: $output"
}

expect_refusal 'execution' --execution=sideways
expect_refusal 'threads' --threads=-1
expect_refusal 'port' --port=70000
expect_refusal 'sped' --sped=11
start
expect_refusal 'cannot listen on .*: address already in use' --port="$PORT"
stop
