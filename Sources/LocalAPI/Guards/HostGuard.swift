import HTTP
import HTTPServer

/// Stops DNS rebinding: a page whose own host name leads to 127.0.0.1 for a moment can make a browser ask us, but the
/// browser then says that name in Host. Only names that can't lead elsewhere are ours, and only with our port.
struct HostGuard: RequestGuard {
    let name = "host"

    func check(_ request: Request, from peer: Peer) throws(Problem) {
        if peer.isLocalSocket || request.isFor(peer.usualAuthority) { return }
        guard let authority = request.authorityBytes, let port = peer.localPort,
            Self.isOurs(authority, port: port)
        else {
            throw Problem(
                .misdirectedHost, "Ask for localhost, [::1] or a 127.0.0.0/8 address with this port.")
        }
    }

    /// Judged byte by byte, without a string: it comes before every answer.
    static func isOurs(_ authority: ArraySlice<UInt8>, port: UInt16) -> Bool {
        var end = authority.endIndex
        while end > authority.startIndex, isDigit(authority[end - 1]) { end -= 1 }
        let host: ArraySlice<UInt8>
        if end > authority.startIndex, authority[end - 1] == UInt8(ascii: ":") {
            guard isPort(authority[end...], port) else { return false }
            host = authority[..<(end - 1)]
        } else {
            guard port == 80 else { return false }
            host = authority
        }
        return matches(host, localhost) || matches(host, loopback6) || isLoopback(host)
    }

    static func isLoopback(_ host: Substring) -> Bool { isLoopback(Array(host.utf8)[...]) }

    /// Four decimal numbers without leading zeros, the first of them 127.
    private static func isLoopback(_ host: ArraySlice<UInt8>) -> Bool {
        var numbers = 0
        var index = host.startIndex
        while true {
            let start = index
            var number = 0
            while index < host.endIndex, isDigit(host[index]), index - start < 4 {
                number = number * 10 + Int(host[index] - UInt8(ascii: "0"))
                index += 1
            }
            let digits = index - start
            guard digits > 0, number <= 255, digits == 1 || host[start] != UInt8(ascii: "0") else {
                return false
            }
            guard numbers > 0 || number == 127 else { return false }
            numbers += 1
            if numbers == 4 { return index == host.endIndex }
            guard index < host.endIndex, host[index] == UInt8(ascii: ".") else { return false }
            index += 1
        }
    }

    /// The digits are those of the port, as it is written without leading zeros.
    private static func isPort(_ digits: ArraySlice<UInt8>, _ port: UInt16) -> Bool {
        guard let first = digits.first, first != UInt8(ascii: "0"), digits.count <= 5 else { return false }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } == Int(port)
    }

    private static func matches(_ host: ArraySlice<UInt8>, _ lowercase: [UInt8]) -> Bool {
        guard host.count == lowercase.count else { return false }
        for (byte, wanted) in zip(host, lowercase) {
            let isLetter = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            guard (isLetter ? byte | 0x20 : byte) == wanted else { return false }
        }
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

    private static let localhost = Array("localhost".utf8)
    private static let loopback6 = Array("[::1]".utf8)
}
