// The room of `PKI`.
