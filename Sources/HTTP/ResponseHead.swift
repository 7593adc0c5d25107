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
        if response.status == .ok {
            output.append(contentsOf: okAndDate)
        } else {
            output.append(contentsOf: "HTTP/1.1 \(response.status)\r\nDate: ".utf8)
        }
        output.append(contentsOf: date)
        output.append(contentsOf: lineEnd)
        for field in response.fields { field.append(to: &output) }
        output.append(contentsOf: response.prepared.lines)
        if let id = response.id {
            output.append(contentsOf: idName)
            id.append(to: &output)
            output.append(contentsOf: lineEnd)
        }
        if !response.status.forbidsBody {
            output.append(contentsOf: lengthName)
            output.append(decimal: UInt64(response.body.count))
            output.append(contentsOf: lineEnd)
        }
        switch persistence {
        case .keepsAlive: output.append(contentsOf: lineEnd)
        case .keepsAliveSaidSo: output.append(contentsOf: "Connection: keep-alive\r\n\r\n".utf8)
        case .closes: output.append(contentsOf: "Connection: close\r\n\r\n".utf8)
        }
    }

    private static let okAndDate = Array("HTTP/1.1 200 OK\r\nDate: ".utf8)
    private static let idName = Array("X-Request-Id: ".utf8)
    private static let lengthName = Array("Content-Length: ".utf8)
    private static let lineEnd = Array("\r\n".utf8)
}
