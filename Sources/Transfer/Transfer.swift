// The room of `Transfer`.
