/// Paths as the kernel reads them, byte by byte: to Swift a slash with a combining mark behind it is another `Character`
/// than `/`, and two spellings of one letter are the same text.
extension String {
    private static let slash = UInt8(ascii: "/")

    /// The names between the slashes.
    public var pathNames: [String] { utf8.split(separator: Self.slash).map { String(Substring($0)) } }

    /// What stands before and behind the last slash; nil where there is none.
    public var splitAtLastSlash: (parent: String, name: String)? {
        guard let slash = utf8.lastIndex(of: Self.slash) else { return nil }
        return (
            String(Substring(utf8[..<slash])), String(Substring(utf8[utf8.index(after: slash)...]))
        )
    }

    /// Whether both are the same path, written the same way.
    public func isSamePath(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
