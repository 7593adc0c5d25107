/// What a request asks for, still percent-encoded as it came.
public struct Target: Sendable {
    let bytes: [UInt8]
    let ranges: TargetRanges

    /// `OPTIONS *`, or OPTIONS with an absolute target that has no path.
    public var isAsterisk: Bool { ranges.isAsterisk }

    /// The path, encoded: `/` when an absolute target leaves it out, `*` for the asterisk form.
    public var path: String {
        if ranges.isAsterisk { return "*" }
        return ranges.path.isEmpty ? "/" : text(ranges.path)
    }

    /// The bytes of `path`; empty when an absolute target leaves it out, and for the asterisk form.
    public var pathBytes: ArraySlice<UInt8> { bytes[ranges.path] }

    /// There is a question mark.
    public var hasQuery: Bool { ranges.query != nil }

    /// What follows the question mark, encoded; nil without one.
    public var query: String? { ranges.query.map(text) }

    /// Path and query as they came, for a log.
    public var text: String { query.map { "\(path)?\($0)" } ?? path }

    /// The path split at its slashes, each part then decoded once, so that an encoded slash stays inside its part.
    /// `/` has no segments and `/a/` has two, the second empty. Nil if a part decodes to what is not UTF-8 or to
    /// a control character.
    public var segments: [String]? {
        guard ranges.path.count > 1 else { return [] }
        let encoded = bytes[ranges.path].dropFirst().split(
            separator: ASCII.slash, omittingEmptySubsequences: false)
        let decoded = encoded.compactMap { PercentEncoding.decode($0) }
        return decoded.count == encoded.count ? decoded : nil
    }

    /// The `name=value` pairs of the query in their order, decoded once; `+` is a space. Nil if one of them cannot
    /// be decoded. Empty without a query.
    public var queryItems: [QueryItem]? {
        guard let query = ranges.query else { return [] }
        let encoded = bytes[query].split(separator: UInt8(ascii: "&"))
        let decoded = encoded.compactMap(QueryItem.init(encoded:))
        return decoded.count == encoded.count ? decoded : nil
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}

/// One `name=value` of a query; the value is empty without `=`.
public struct QueryItem: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }

    init?(encoded: ArraySlice<UInt8>) {
        let parts = encoded.split(
            separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first.flatMap({ PercentEncoding.decode($0, plusIsSpace: true) }) else {
            return nil
        }
        guard parts.count > 1 else {
            self.init(name: name, value: "")
            return
        }
        guard let value = PercentEncoding.decode(parts[1], plusIsSpace: true) else { return nil }
        self.init(name: name, value: value)
    }
}
