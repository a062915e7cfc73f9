//go:build tools

// Package interop pins grpc-go's interoperability client that interop/run uses.
package interop

import _ "google.golang.org/grpc/interop/client"
