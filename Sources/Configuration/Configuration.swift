// The room of `Configuration`.
