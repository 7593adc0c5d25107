// The room of `Agent`.
