/// Writes the head of an answer.
public struct ResponseHead: Sendable {
    /// How the connection goes on after the answer, and so what its Connection field says.
    public enum Persistence: Sendable {
        /// HTTP/1.1 keeps alive without a word.
        case keepsAlive
        /// HTTP/1.0 has to be told (RFC 9112 section 9.3).
        case keepsAliveSaidSo
        case closes
    }

    /// The interim answer to `Expect: 100-continue`.
    public static let continueLine = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    /// Appends status line and fields with the empty line. `date` is a rendered Date value. Control characters in
    /// field values become spaces, so that no value can end its line.
    public static func append(
        _ response: Response, date: [UInt8], _ persistence: Persistence, to output: inout [UInt8]
    ) {
        output.append(contentsOf: "HTTP/1.1 ".utf8)
        output.append(contentsOf: statusLine(response.status).utf8)
        output.append(contentsOf: "\r\nDate: ".utf8)
        output.append(contentsOf: date)
        for field in response.fields {
            output.append(contentsOf: "\r\n".utf8)
            appendClean(field.name, to: &output)
            output.append(contentsOf: ": ".utf8)
            appendClean(field.value, to: &output)
        }
        if !response.status.forbidsBody {
            output.append(contentsOf: "\r\nContent-Length: ".utf8)
            appendDecimal(response.body.count, to: &output)
        }
        switch persistence {
        case .keepsAlive: output.append(contentsOf: "\r\n\r\n".utf8)
        case .keepsAliveSaidSo: output.append(contentsOf: "\r\nConnection: keep-alive\r\n\r\n".utf8)
        case .closes: output.append(contentsOf: "\r\nConnection: close\r\n\r\n".utf8)
        }
    }

    private static func statusLine(_ status: Status) -> String {
        status == .ok ? "200 OK" : status.description
    }

    private static func appendClean(_ text: String, to output: inout [UInt8]) {
        let start = output.count
        output.append(contentsOf: text.utf8)
        for index in start..<output.count where output[index] < ASCII.space || output[index] == ASCII.delete {
            output[index] = ASCII.space
        }
    }

    private static func appendDecimal(_ number: Int, to output: inout [UInt8]) {
        var digits: [10 of UInt8] = .init(repeating: 0)
        var rest = max(0, number)
        var first = digits.count
        repeat {
            first -= 1
            digits[first] = 0x30 + UInt8(rest % 10)
            rest /= 10
        } while rest > 0 && first > 0
        for index in first..<digits.count { output.append(digits[index]) }
    }
}
