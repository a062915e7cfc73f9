# For the scripts that run something against the interop server: one server, its certificate, and
# their end. Wants SERVER, the program, to be set; calls `die`.

WORK="$(mktemp -d)"
SERVER_PID=
cleanup() {
  [[ -z "$SERVER_PID" ]] || kill "$SERVER_PID" 2>/dev/null || true
  rm -rf "$WORK"
}
trap cleanup EXIT

# A certificate that vouches for itself, in $WORK.
make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
    -subj '/CN=weir interop' -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
    -keyout "$WORK/server.key" -out "$WORK/server.pem" 2>"$WORK/openssl.log" ||
    die "openssl made no certificate: $(cat "$WORK/openssl.log")"
}

# start_server FLAGS...: sets SERVER_PID and PORT when the server is ready.
start_server() {
  rm -f "$WORK/server.out"
  mkfifo "$WORK/server.out"
  "$SERVER" --port=0 "$@" >"$WORK/server.out" &
  SERVER_PID=$!
  local line=
  read -r -t 30 line <"$WORK/server.out" || true
  [[ "$line" =~ ^listening\ on\ .*:([0-9]+)$ ]] || die "the server does not start; it says '$line'"
  PORT="${BASH_REMATCH[1]}"
}

# start_tls_server FLAGS...: the same, with a certificate of its own.
start_tls_server() {
  make_certificate
  start_server --use_tls --tls_cert_file="$WORK/server.pem" --tls_key_file="$WORK/server.key" "$@"
}

# Asks the server to stop and fails unless it does so properly.
stop_server() {
  local code=0
  kill -TERM "$SERVER_PID"
  wait "$SERVER_PID" || code=$?
  SERVER_PID=
  ((code == 0)) || die "the server ended with exit code $code after SIGTERM"
}
