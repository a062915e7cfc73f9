#!/bin/bash
# Does a client notice that there is a proxy between it and its server?
set -euo pipefail
source examples/support/serving.sh

readonly proxy=examples/proxy/proxy_server
readonly client=examples/clients/route_guide_client

start_server examples/route_guide/route_guide_server --port=0
start_server "$proxy" --port=0 --upstream="127.0.0.1:$server_port"
first_port="$server_port"
# Through two of them as well.
start_server "$proxy" --port=0 --upstream="127.0.0.1:$first_port"
"$client" --target="127.0.0.1:$first_port"
"$client" --target="127.0.0.1:$server_port"
stop_server
stop_server
stop_server

# Metadata of every kind, statuses, deadlines, cancellation from both ends: what gRPC's own suite
# has of them. (Not whether a message was compressed: that is each hop's own affair.)
start_server interop/interop_server --port=0
start_server "$proxy" --port=0 --upstream="127.0.0.1:$server_port"
for case in empty_unary large_unary client_streaming server_streaming ping_pong half_duplex \
  empty_stream custom_metadata status_code_and_message special_status_message \
  unimplemented_method unimplemented_service cancel_after_begin cancel_after_first_response \
  timeout_on_sleeping_server rpc_soak channel_soak; do
  interop/interop_client --server_port="$server_port" --test_case="$case"
done
stop_server
stop_server

# A server that is not there is the client's to know, and no reason for the proxy to stop.
start_server "$proxy" --port=0 --upstream="unix:nobody"
output="$("$client" --target="127.0.0.1:$server_port" 2>&1)" && exit 1
grep -q UNAVAILABLE <<<"$output"
stop_server
