/// Bytes that many answers send and none changes: a rendered snapshot, a page. Copying the value copies no byte.
public struct SharedBytes: Sendable, Equatable {
    public let bytes: [UInt8]

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    public init(_ text: String) {
        self.init(Array(text.utf8))
    }

    public var count: Int { bytes.count }
}
