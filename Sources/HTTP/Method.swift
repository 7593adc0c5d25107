/// What a request asks for (RFC 9110 section 9). Names are case-sensitive: `get` is another method than `GET`.
public enum Method: Hashable, Sendable {
    case get, head, post, put, delete, options, patch
    /// Any other token; which of them a resource knows is the handler's to decide.
    case other(String)

    /// The longest method that is read; a longer one is answered with 501.
    static let longestName = 24

    /// The method as it stands on the request line.
    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .other(let name): name
        }
    }

    /// The method of this name.
    public init(_ name: String) {
        self =
            [.get, .head, .post, .put, .delete, .options, .patch].first { $0.name == name } ?? .other(name)
    }

    /// The method whose name stands in `range`.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        var word: UInt64 = 0
        if range.count <= 8 {
            for index in range { word = word << 8 | UInt64(bytes[index]) }
        }
        // The letters of the names as bytes of one number.
        switch word {
        case 0x47_4554: self = .get
        case 0x4845_4144: self = .head
        case 0x504F_5354: self = .post
        case 0x50_5554: self = .put
        case 0x4445_4C45_5445: self = .delete
        case 0x4F_5054_494F_4E53: self = .options
        case 0x50_4154_4348: self = .patch
        default: self = .other(String(decoding: bytes[range], as: UTF8.self))
        }
    }
}

/// The protocol version of a request. A later minor version of HTTP/1 is read as 1.1 (RFC 9110 section 2.5).
public enum Version: Sendable {
    case http10, http11
}
