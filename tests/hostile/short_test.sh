#!/bin/bash
# Does the server stand the attacks that a test has time for?
#
# What is judged here does not depend on how fast the machine is: how each attack ends, what it
# costs in memory, that the victim's calls all succeed and the server stops cleanly. The victim's
# throughput is judged only if nobody else used the machine meanwhile, and its latency never; the
# full run (`attack` without --short) judges both.
set -euo pipefail
attack="$1"
server="$2"
exec "$attack" --short --server="$server"
