#!/bin/bash
# Does a user's service get by with the published interface, and its server with little memory?
#
# Usage: library_test.sh SERVER CLIENT STYLE
set -euo pipefail
source examples/support/serving.sh

start_server "$1" --port=0 --style="$3"
"$2" --target="127.0.0.1:$server_port" --server_pid="${server_pids[-1]}"
stop_server
