import Lifecycle

/// Words of somebody else in a message of ours: quoted, on one line, and cut before they drown it.
struct Excerpt: CustomStringConvertible {
    let description: String

    init(_ text: String) {
        description = "“\(Printable.line(text, limit: Self.longest))”"
    }

    private static let longest = 120
}
