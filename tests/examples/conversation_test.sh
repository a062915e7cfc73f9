#!/bin/bash
# Do an example's server and client understand each other, and does the server stop when asked to?
#
# Usage: conversation_test.sh SERVER [FLAG...] -- CLIENT [FLAG...]
set -euo pipefail
source examples/support/serving.sh

server=()
while [[ "$1" != -- ]]; do
  server+=("$1")
  shift
done
shift

start_server "${server[@]}" --port=0

# Twice: the second conversation must not depend on what the first one left behind.
"$@" --target="127.0.0.1:$server_port"
"$@" --target="127.0.0.1:$server_port"
stop_server

# With nobody at the other end the client must notice.
if "$@" --target="unix:$TEST_TMPDIR/nobody" >/dev/null 2>&1; then
  echo "the client was content without a server" >&2
  exit 1
fi
