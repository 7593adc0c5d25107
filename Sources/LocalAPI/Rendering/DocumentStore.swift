import HTTP
import HTTPServer
import POSIX

/// The slices of a document. What is large goes to a file in memory, slice by slice: the kernel sends it from there, and
/// it is in no one's heap. Where no such file can be had the slices stay as they are.
struct DocumentStore: Sendable {
    /// Up to so many bytes a document stays in the heap.
    private static let small = 256 * 1024

    private var slices: [[UInt8]] = []
    private var count = 0
    private var file: MemoryFile?
    private var fileCount = 0
    private var canSpill = true

    mutating func append(_ slice: [UInt8]) {
        slices.append(slice)
        count += slice.count
        if count > Self.small, canSpill { spill() }
    }

    private mutating func spill() {
        do {
            let file = try file ?? MemoryFile()
            self.file = file
            while let slice = slices.first {
                try file.append(slice)
                fileCount += slice.count
                slices.removeFirst()
            }
        } catch {
            canSpill = false
        }
    }

    /// All that was appended, in its order.
    mutating func take() -> [SharedBytes] {
        var parts: [SharedBytes] = []
        if let file {
            // Nobody else has the file: without its seals it is safe as well.
            try? file.seal()
            parts.append(SharedBytes(file, count: fileCount))
        }
        parts += slices.map { SharedBytes($0) }
        slices = []
        return parts
    }
}
