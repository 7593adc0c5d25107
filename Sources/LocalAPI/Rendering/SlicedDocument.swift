package import HTTP

/// Writes a document into bytes.
package protocol DocumentWriter: Sendable {
    var bytes: [UInt8] { get set }
}

/// A document about many certificates that is written a slice at a time, so that whoever asks for something else in
/// between doesn't wait for all of it. The slices are sent as they are: they are never copied together.
package struct SlicedDocument<Writer: DocumentWriter>: Sendable {
    /// A part of the document: what comes first in it, and what comes for each certificate, or for each of `count`
    /// other things.
    struct Section: Sendable {
        let begin: @Sendable (inout Writer) -> Void
        var count: Int?
        var item: (@Sendable (inout Writer, Int) -> Void)?
    }

    private let sections: [Section]
    private let count: Int
    private var writer: Writer
    private var section = 0
    private var item = 0
    private var store = DocumentStore()

    /// A document of `sections` about `count` certificates, of which nothing is written yet.
    init(_ writer: Writer, about count: Int, _ sections: [Section]) {
        self.writer = writer
        self.count = count
        self.sections = sections
    }
}

/// What the reactor does in one step of it: well under a millisecond.
enum SliceLimits {
    static let bytes = 128 * 1024
    /// Where little is written for each.
    static let items = 512
    /// Up to so many certificates the memory of a slice grows with it.
    static let few = 64
    /// Room for the item that goes over the limit.
    static let slack = 8 * 1024
}

/// Work on a document.
protocol Rendering: Sendable {
    /// Writes one slice more: the whole document once it is complete.
    mutating func advance() -> [SharedBytes]?
}

extension SlicedDocument: Rendering {
    package mutating func advance() -> [SharedBytes]? {
        if mostItems > SliceLimits.few { writer.bytes.reserveCapacity(SliceLimits.bytes + SliceLimits.slack) }
        var items = 0
        while section < sections.count {
            let current = sections[section]
            if item == 0 { current.begin(&writer) }
            if let write = current.item {
                while item < (current.count ?? count) {
                    guard writer.bytes.count < SliceLimits.bytes, items < SliceLimits.items else {
                        cut()
                        return nil
                    }
                    write(&writer, item)
                    item += 1
                    items += 1
                }
            }
            section += 1
            item = 0
        }
        cut()
        return store.take()
    }

    private var mostItems: Int { sections.reduce(count) { max($0, $1.count ?? 0) } }

    private mutating func cut() {
        guard !writer.bytes.isEmpty else { return }
        var slice: [UInt8] = []
        swap(&slice, &writer.bytes)
        store.append(slice)
    }
}
