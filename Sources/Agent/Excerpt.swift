/// Words of somebody else in a message of ours: quoted, and cut before they drown it.
struct Excerpt: CustomStringConvertible {
    let description: String

    init(_ text: String) {
        let start = text.prefix(Self.longest)
        description = start.endIndex == text.endIndex ? "“\(start)”" : "“\(start)…”"
    }

    private static let longest = 120
}
