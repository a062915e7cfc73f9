//go:build tools

// Package conformance pins the runner of connectrpc's conformance suite that interop/run uses.
package conformance

import _ "connectrpc.com/conformance/cmd/connectconformance"
