// The room of `YAML`.
