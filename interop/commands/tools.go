//go:build tools

// Package interop pins the command-line tools that interop/run tries.
package interop

import (
	_ "github.com/fullstorydev/grpcurl/cmd/grpcurl"
	_ "github.com/grpc-ecosystem/grpc-health-probe"
)
