// The room of `HTTP`.
