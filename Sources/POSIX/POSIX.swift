// The room of `POSIX`.
