#!/bin/bash
# load_test.sh LOAD GREETER_SERVER STREAMS_SERVER ODD_SERVER SERVING: does the load client make the
# calls it is told to, count them exactly, and find what a server does wrong?
set -euo pipefail
LOAD="$1" GREETER="$2" STREAMS="$3" ODD="$4"
source "$5"
WORK="$(mktemp -d -p "$TEST_TMPDIR")"

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# load FLAGS...: one run against the server that was started last. Sets `output`, `errors`, `code`.
load() {
  code=0
  output="$(timeout 60 "$LOAD" --address="127.0.0.1:$server_port" --json --quiet "$@" \
    2>"$WORK/errors")" || code=$?
  errors="$(cat "$WORK/errors")"
  printf '%s\n  %s%s\n' "$*" "$output" "$errors"
}

# field NAME: of the JSON that the last run printed; dots lead into objects.
field() {
  python3 -c '
import json, sys
value = json.loads(sys.argv[1])
for name in sys.argv[2].split("."):
    value = value[name]
print(value)' "$output" "$1"
}

# expect NAME VALUE...: pairs that the JSON of the last run must have.
expect() {
  while (($#)); do
    [[ "$(field "$1")" == "$2" ]] || fail "$1 is $(field "$1"), not $2: $output$errors"
    shift 2
  done
}

succeeds() { load "$@"; ((code == 0)) || fail "exit code $code: $output$errors"; expect failed 0; }

# fails_with PATTERN FLAGS...: the run must end with 1, and its first failure be like PATTERN.
fails_with() {
  local pattern="$1"
  shift
  load "$@"
  ((code == 1)) || fail "exit code $code for $*"
  [[ "$(field first_failure)" =~ $pattern ]] || fail "the first failure is $(field first_failure)"
}

# says PATTERN CODE FLAGS...: no run; one sentence and this exit code.
says() {
  local pattern="$1" wanted="$2"
  shift 2
  load "$@"
  ((code == wanted)) || fail "exit code $code for $*"
  [[ -z "$output" && "$(wc -l <<<"$errors")" == 1 && "$errors" =~ $pattern ]] ||
    fail "for $* it says: $output$errors"
}

start_server "$GREETER" --port=0 --threads=2

# Exactly as many calls as wanted, whatever the connections and streams.
succeeds --calls=2000 --connections=10 --streams=10
expect calls 2000 connections_opened 10 messages 2000 payload_bytes 22000
succeeds --calls=1 --connections=3 --streams=7
expect calls 1
succeeds --calls=50 --streams=2 --bytes=300000
expect calls 50 payload_bytes 15000300

# An open loop makes the calls of its schedule.
succeeds --seconds=1 --rate=2000 --connections=4 --streams=10
expect calls 2000
succeeds --seconds=1 --warm_up_seconds=1 --rate=1000 --arrivals=poisson --streams=100
((850 <= $(field calls) && $(field calls) <= 1150)) || fail "$(field calls) calls, not about 1000"
[[ "$(field late_us.max)" != 0.000 ]] || fail "never late, which cannot be"

for headers in minimal grpc-go grpc-java grpc-cpp; do
  succeeds --calls=2000 --connections=2 --streams=5 --headers="$headers"
  expect calls 2000
  succeeds --calls=2000 --connections=2 --streams=5 --headers="$headers" --timeout_ms=20000 \
    --traceparent --gzip --bytes=3000
  expect calls 2000
done

succeeds --calls=1000 --churn --calls_per_connection=10 --connections=5 --streams=4
expect calls 1000
(($(field connections_opened) >= 100)) || fail "$(field connections_opened) connections opened"

fails_with 'grpc-status 12 \(UNIMPLEMENTED\)' --calls=30 --path=/helloworld.Greeter/Missing
expect failed 30 calls 0 failures.trailers_only 30

# Idle: the calls, "ready", and then nothing until SIGTERM.
mkfifo "$WORK/idle"
"$LOAD" --address="127.0.0.1:$server_port" --idle --connections=150 --json >"$WORK/idle" &
idle_pid=$!
exec {idle}<"$WORK/idle"
read -r -t 30 line <&"$idle" || true
[[ "$line" == ready ]] || fail "idle says '$line'"
kill -TERM "$idle_pid"
wait "$idle_pid" || fail "idle ends with $?"
read -r output <&"$idle"
expect calls 150 failed 0 connections_opened 150

stop_server
says 'cannot connect to 127.0.0.1:[0-9]+: Connection refused$' 1 --calls=1
says 'exclude each other' 2 --calls=1 --seconds=1
says 'not HOST:PORT' 2 --address=nowhere --calls=1

start_server "$STREAMS"
succeeds --shape=download --calls=20 --streams=4 --messages=50 --bytes=1000
expect calls 20 messages 1000 payload_bytes 1000000
succeeds --shape=download --calls=5 --messages=0
succeeds --shape=upload --calls=20 --connections=2 --streams=4 --messages=50 --bytes=70000
expect calls 20 messages 1000 payload_bytes 70000000
succeeds --shape=upload --calls=5 --messages=0
succeeds --shape=chat --calls=20 --connections=2 --streams=4 --messages=50 --bytes=20000
expect calls 20 messages 1000 payload_bytes 20000000
# Streams that outlast the run are cut off; what came until then counts.
succeeds --shape=chat --seconds=1 --streams=4 --messages=1000000000
expect calls 0 streams_cancelled 4
(($(field messages) > 100)) || fail "only $(field messages) messages"
"$LOAD" --address="127.0.0.1:$server_port" --idle --shape=chat --connections=20 --streams=30 \
  >"$WORK/idle" &
idle_pid=$!
exec {idle}<"$WORK/idle"
read -r -t 30 line <&"$idle" || true
[[ "$line" == ready ]] || fail "idle chats say '$line'"
kill -TERM "$idle_pid"
wait "$idle_pid" || fail "idle chats end with $?"
stop_server

start_server "$STREAMS" --gzip
succeeds --calls=1000 --streams=5 --gzip --bytes=3000
succeeds --shape=download --calls=4 --messages=40 --bytes=100000 --gzip
expect payload_bytes 16000000
succeeds --shape=chat --calls=20 --streams=4 --messages=20 --gzip --bytes=300
stop_server

for wrong in payload count status; do
  start_server "$STREAMS" --wrong="$wrong"
  case "$wrong" in
    payload)
      fails_with 'message 0 differs at octet 7 .*got 4a.*expected 48' --calls=3
      expect failures.wrong_payload 3
      fails_with 'message 4 differs' --calls=3 --shape=download --messages=5 --bytes=100
      fails_with 'message 0 differs' --calls=3 --shape=upload --messages=5 --bytes=100
      stop_server
      start_server "$STREAMS" --wrong="$wrong" --gzip
      fails_with 'differs, once inflated' --calls=3 --gzip --bytes=2000 ;;
    count)
      fails_with 'ends after 4 of 5 messages' --calls=3 --shape=download --messages=5
      expect failures.wrong_message_count 3 ;;
    status)
      fails_with 'grpc-status 5 \(NOT_FOUND\): nobody there' --calls=3 ;;
  esac
  stop_server
done

# A server that is within HTTP/2 but unusual, or breaks off.
start_server "$ODD" tight
succeeds --calls=100 --streams=8 --bytes=40000
stop_server
start_server "$ODD" graceful
succeeds --calls=200 --connections=2 --streams=8
expect calls 200
(($(field connections_opened) > 10)) || fail "$(field connections_opened) connections opened"
stop_server
while read -r manner kind pattern; do
  start_server "$ODD" "$manner"
  fails_with "$pattern" --calls=20 --streams=4
  (($(field "failures.$kind") > 0)) || fail "no failure of kind $kind"
  stop_server
done <<'MANNERS'
refuse refused_stream RST_STREAM REFUSED_STREAM \(7\) on stream
reset reset RST_STREAM INTERNAL_ERROR \(2\) on stream
goaway goaway GOAWAY ENHANCE_YOUR_CALM \(11\): too much
close connection_lost connection lost: the server closed the connection
more protocol DATA on stream [0-9]+, which is not open
untrailed protocol an answer without trailers
http http_status :status 404 on stream
MANNERS

# TLS: the certificate is checked.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost -keyout "$WORK/server.key" -out "$WORK/server.pem" 2>&1
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other \
  -keyout "$WORK/other.key" -out "$WORK/other.pem" 2>&1
start_server "$STREAMS" --certificate_dir="$WORK"
succeeds --tls --ca_file="$WORK/server.pem" --calls=2000 --connections=4 --streams=10
expect calls 2000
succeeds --tls --ca_file="$WORK/server.pem" --shape=download --calls=4 --messages=50 --bytes=100000
says 'TLS handshake: .*self-signed certificate' 1 --tls --ca_file="$WORK/other.pem" --calls=1
says '--tls needs --ca_file' 2 --tls --calls=1
stop_server
