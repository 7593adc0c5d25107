/// Bytes that many answers send and none changes: a rendered snapshot, a page. Copying the value copies no byte.
public struct SharedBytes: Sendable, Equatable {
    private final class Storage: Sendable {
        let bytes: [UInt8]
        init(_ bytes: [UInt8]) { self.bytes = bytes }
    }

    private let storage: Storage

    public init(_ bytes: [UInt8]) {
        storage = Storage(bytes)
    }

    public init(_ text: String) {
        self.init(Array(text.utf8))
    }

    public var bytes: [UInt8] { storage.bytes }
    public var count: Int { storage.bytes.count }

    /// Tells these bytes in memory from others, the same or not, for as long as they are there.
    public var identity: ObjectIdentifier { ObjectIdentifier(storage) }

    public static func == (left: SharedBytes, right: SharedBytes) -> Bool { left.bytes == right.bytes }
}
