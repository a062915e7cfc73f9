# How do scripts start and stop the example servers? To be sourced by bash. Of several servers, the
# one that was started last stops first.
#
#   start_server examples/greeter/greeter_server --port=0   sets $server_port
#   stop_server                                             fails unless the server stops well

serving_directory="$(mktemp -d)"
server_pids=()
server_outputs=()
server_port=

# Runs whenever the script ends, so that no server outlives it.
leave_nothing_behind() {
  local pid
  for pid in "${server_pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  rm -rf "$serving_directory"
}
trap leave_nothing_behind EXIT

# Starts PROGRAM with flags, and waits until it says where it listens or ends.
start_server() {
  local pipe="$serving_directory/stdout.${#server_pids[@]}" line output
  rm -f "$pipe"
  mkfifo "$pipe"
  "$@" >"$pipe" &
  server_pids+=("$!")
  # Stays open until the server stops: nobody is to write to a closed pipe.
  exec {output}<"$pipe"
  server_outputs+=("$output")
  if ! read -r line <&"$output" || [[ ! "$line" =~ ^listening\ on\ .*:([0-9]+)$ ]]; then
    echo "$1 said \"$line\" instead of \"listening on ADDRESS:PORT\"" >&2
    return 1
  fi
  server_port="${BASH_REMATCH[1]}"
}

# Asks the server to stop, as an init system would, and fails unless its exit code is 0.
stop_server() {
  local exit_code=0 pid="${server_pids[-1]}" output="${server_outputs[-1]}"
  kill -TERM "$pid"
  wait "$pid" || exit_code=$?
  unset 'server_pids[-1]' 'server_outputs[-1]'
  exec {output}<&-
  if [[ $exit_code -ne 0 ]]; then
    echo "the server stopped with exit code $exit_code instead of 0" >&2
    return 1
  fi
}
