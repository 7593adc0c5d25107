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
        switch name {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        case "PATCH": self = .patch
        default: self = .other(name)
        }
    }
}

/// The protocol version of a request. A later minor version of HTTP/1 is read as 1.1 (RFC 9110 section 2.5).
public enum Version: Sendable {
    case http10, http11
}
