import PKI

/// The bytes of an output file. What holds a private key is wiped after use and never printed.
enum FileContents: Sendable {
    case open([UInt8])
    case secret(SecretBytes)

    var isSecret: Bool {
        if case .secret = self { true } else { false }
    }

    /// Lends the bytes for the length of `body`.
    func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch self {
        case .open(let bytes): try body(bytes.span)
        case .secret(let secret): try secret.withBytes(body)
        }
    }

    /// A private key with the full chain after it, as HAProxy reads it.
    static func combined(key: SecretBytes, fullchain: [UInt8]) -> FileContents {
        var bytes: [UInt8] = []
        // Reserved at once: an array that grew would leave copies of the key behind.
        bytes.reserveCapacity(key.count + 1 + fullchain.count)
        key.withBytes { key in
            for index in key.indices { bytes.append(key[index]) }
        }
        if let last = bytes.last, last != UInt8(ascii: "\n") { bytes.append(UInt8(ascii: "\n")) }
        bytes += fullchain
        return .secret(SecretBytes(wiping: &bytes))
    }
}
