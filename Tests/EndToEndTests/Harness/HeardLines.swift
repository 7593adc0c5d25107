import POSIX

/// What a process has written so far, line by line.
final class HeardLines: Sendable {
    private struct Kept {
        var lines: [String] = []
        var unfinished: [UInt8] = []

        mutating func take(_ bytes: [UInt8]) {
            unfinished += bytes
            while let end = unfinished.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(String(decoding: unfinished[..<end], as: UTF8.self))
                unfinished.removeSubrange(...end)
            }
        }
    }

    private let kept = Lock(Kept())

    var all: [String] { kept.withLock { $0.lines } }

    /// Listens until nobody holds the other end of the pipe any more.
    func listen(to pipe: SharedDescriptor) {
        // A failed read of a pipe is its end.
        while let part = try? pipe.owner.read(upTo: 64 * 1024), !part.isEmpty {
            kept.withLock { $0.take(part) }
        }
    }
}
