"""The Go module from which the engine is built: `go.mod` and `go.sum` pin every source by hash."""
