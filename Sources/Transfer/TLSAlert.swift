/// The alert with which the server ended a handshake (RFC 8446, section 6.2), read from OpenSSL's error text.
struct TLSAlert: Equatable {
    let number: Int

    /// OpenSSL writes `error:0A000418:SSL routines::tlsv1 alert unknown ca`: the low bits of the number are the
    /// reason, and alerts from the peer are the reasons 1000 to 1255.
    init?(in message: String) {
        guard let start = message.range(afterFirst: "error:") else { return nil }
        let digits = message[start...].prefix { $0.isHexDigit }
        guard digits.count == 8, let code = UInt32(digits, radix: 16) else { return nil }
        let library = (code >> 23) & 0xFF
        let reason = Int(code & 0x7F_FFFF)
        guard library == Self.sslLibrary, (1000..<1256).contains(reason) else { return nil }
        number = reason - 1000
    }

    /// `ERR_LIB_SSL`
    private static let sslLibrary: UInt32 = 20

    /// bad_certificate, unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown,
    /// unknown_ca, access_denied, certificate_required.
    var refusesClientCertificate: Bool { [42, 43, 44, 45, 46, 48, 49, 116].contains(number) }
}

extension String {
    /// Where the first occurrence of `needle` ends.
    fileprivate func range(afterFirst needle: String) -> Index? {
        var start = startIndex
        while start < endIndex {
            let rest = self[start...]
            if rest.hasPrefix(needle) { return index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
