// The room of `Broker`.
