/// The name of a field that is looked for again and again: folded once, compared byte by byte.
public struct FieldName: Sendable, Equatable {
    /// In lower case.
    let bytes: [UInt8]
    let bit: UInt64

    /// The name `text`; it has at least one letter.
    public init(_ text: String) {
        bytes = text.utf8.map(ASCII.lowercased)
        bit = bytes.first.map { [count = bytes.count] in FieldNames.bit(first: $0, count: count) } ?? 0
    }

    public static let authorization = FieldName("authorization")
    public static let contentType = FieldName("content-type")
    public static let origin = FieldName("origin")
    public static let prefer = FieldName("prefer")
    public static let secFetchSite = FieldName("sec-fetch-site")
}
