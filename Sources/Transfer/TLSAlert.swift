/// An alert with which the server ended a connection (RFC 8446, section 6).
struct TLSAlert: Equatable {
    let isFatal: Bool
    let number: UInt8

    /// From the message as it was on the wire; nil for any other message, since only alerts are two bytes
    /// long.
    init?(message: UnsafeRawBufferPointer) {
        guard message.count == 2 else { return nil }
        let (level, number) = unsafe (message[0], message[1])
        guard level == 1 || level == 2 else { return nil }
        isFatal = level == 2
        self.number = number
    }

    /// "That was all": what makes an answer without a length complete.
    var isGoodbye: Bool { number == 0 }

    var refusesClientCertificate: Bool { isFatal && Self.refusals[number] != nil }

    /// The name in the RFC, for those that speak of the client's certificate.
    var name: String { Self.refusals[number] ?? "alert \(number)" }

    private static let refusals: [UInt8: String] = [
        42: "bad certificate", 43: "unsupported certificate", 44: "certificate revoked",
        45: "certificate expired", 46: "certificate unknown", 48: "unknown ca", 49: "access denied",
        116: "certificate required",
    ]
}
