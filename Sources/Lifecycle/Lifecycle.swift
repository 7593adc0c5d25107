// The room of `Lifecycle`.
