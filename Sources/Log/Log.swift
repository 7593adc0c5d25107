// The room of `Log`.
