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

    /// The method that `word` stands for; `name` gives its name if it is none of the standard.
    init(_ word: MethodWord, name: @autoclosure () -> String) {
        switch word {
        case .get: self = .get
        case .head: self = .head
        case .post: self = .post
        case .put: self = .put
        case .delete: self = .delete
        case .options: self = .options
        case .patch: self = .patch
        default: self = .other(name())
        }
    }
}

/// The name of a method as one number, its letters being the bytes; 0 for what has more than eight of them.
struct MethodWord: Sendable, Equatable {
    private let letters: UInt64

    private init(letters: UInt64) { self.letters = letters }

    /// The name that stands in `range`.
    @inline(__always)
    init(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) {
        var word: UInt64 = 0
        if range.count <= 8 {
            for index in range { word = word << 8 | UInt64(bytes[index]) }
        }
        letters = word
    }

    static let get = MethodWord(letters: 0x47_4554)
    static let head = MethodWord(letters: 0x4845_4144)
    static let post = MethodWord(letters: 0x504F_5354)
    static let put = MethodWord(letters: 0x50_5554)
    static let delete = MethodWord(letters: 0x4445_4C45_5445)
    static let options = MethodWord(letters: 0x4F_5054_494F_4E53)
    static let patch = MethodWord(letters: 0x50_4154_4348)
    static let connect = MethodWord(letters: 0x43_4F4E_4E45_4354)
}

/// The protocol version of a request. A later minor version of HTTP/1 is read as 1.1 (RFC 9110 section 2.5).
public enum Version: Sendable {
    case http10, http11
}
