//go:build tools

// Package h2spec pins the conformance suite for HTTP/2 that ./dev h2spec runs.
package h2spec

import _ "github.com/summerwind/h2spec/cmd/h2spec"
