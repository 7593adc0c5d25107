/// Bytes that many answers send and none changes: a rendered snapshot, a page. Copying the value copies no byte.
public struct SharedBytes: Sendable, Equatable {
    private final class Storage: Sendable {
        enum Content: Sendable {
            case array([UInt8])
            case file(any SealedFile)
        }

        let content: Content

        init(_ content: Content) { self.content = content }
    }

    private let storage: Storage
    public let count: Int

    public init(_ bytes: [UInt8]) {
        storage = Storage(.array(bytes))
        count = bytes.count
    }

    public init(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// The first `count` bytes of a file, which stay where they are until they are sent.
    public init(_ file: any SealedFile, count: Int) {
        storage = Storage(.file(file))
        self.count = count
    }

    /// Read anew each time if they are in a file.
    public var bytes: [UInt8] {
        switch storage.content {
        case .array(let bytes): bytes
        case .file(let file): file.bytes(from: 0, upTo: count)
        }
    }

    /// The file that the bytes are in; nil if they are in an array.
    public var file: (any SealedFile)? {
        guard case .file(let file) = storage.content else { return nil }
        return file
    }

    /// Tells these bytes in memory from others, the same or not, for as long as they are there.
    public var identity: ObjectIdentifier { ObjectIdentifier(storage) }

    public static func == (left: SharedBytes, right: SharedBytes) -> Bool { left.bytes == right.bytes }
}

/// A file that nobody changes any more.
public protocol SealedFile: AnyObject, Sendable {
    /// At most `count` bytes from `offset` on; fewer where the file ends, none if it can't be read.
    func bytes(from offset: Int, upTo count: Int) -> [UInt8]
}
