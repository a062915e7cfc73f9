# How do scripts start and stop the example servers? To be sourced by bash; one server at a time.
#
#   start_server examples/greeter/greeter_server --port=0   sets $server_port
#   stop_server                                             fails unless the server stops well

serving_directory="$(mktemp -d)"
server_pid=
server_port=

# Runs whenever the script ends, so that no server outlives it.
leave_nothing_behind() {
  if [[ -n "$server_pid" ]]; then kill -KILL "$server_pid" 2>/dev/null || true; fi
  rm -rf "$serving_directory"
}
trap leave_nothing_behind EXIT

# Starts PROGRAM with flags, and waits until it says where it listens or ends.
start_server() {
  local pipe="$serving_directory/stdout" line
  rm -f "$pipe"
  mkfifo "$pipe"
  "$@" >"$pipe" &
  server_pid=$!
  # Stays open until the server stops: nobody is to write to a closed pipe.
  exec 3<"$pipe"
  if ! read -r line <&3 || [[ ! "$line" =~ ^listening\ on\ .*:([0-9]+)$ ]]; then
    echo "$1 said \"$line\" instead of \"listening on ADDRESS:PORT\"" >&2
    return 1
  fi
  server_port="${BASH_REMATCH[1]}"
}

# Asks the server to stop, as an init system would, and fails unless its exit code is 0.
stop_server() {
  local exit_code=0
  kill -TERM "$server_pid"
  wait "$server_pid" || exit_code=$?
  server_pid=
  exec 3<&-
  if [[ $exit_code -ne 0 ]]; then
    echo "the server stopped with exit code $exit_code instead of 0" >&2
    return 1
  fi
}
