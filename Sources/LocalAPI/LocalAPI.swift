// The room of `LocalAPI`.
