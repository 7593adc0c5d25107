import CPOSIX
import Glibc

/// stdout and stderr.
public enum StandardStream: Int32, Sendable {
    case output = 1
    case error = 2

    /// Gives those of stdin, stdout and stderr that the process was started without a place in /dev/null. Else the
    /// next file that is opened gets the number, and messages are written into it. Once, before anything is opened.
    public static func openMissing() throws(SystemError) {
        try system("open", "/dev/null") { cposix_open_missing_streams() }
    }

    /// Hands the bytes over in one write(2), so that lines of several threads don't mix; in more only if the reader
    /// is slow. False if they couldn't be written: there is nobody to tell.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = attempt {
                unsafe rest.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
            }
            switch written {
            case .success(let count): rest = rest.dropFirst(count)
            case .failure(.wouldBlock):
                // Somebody shares the open file with us and made it non-blocking.
                guard attempt({ cposix_wait_writable(rawValue, 1_000) }) == .success(1) else { return false }
            case .failure: return false
            }
        }
        return true
    }

    @discardableResult
    public func write(_ text: String) -> Bool {
        write(Array(text.utf8))
    }

    public var isTerminal: Bool { isatty(rawValue) == 1 }

    /// The size of the terminal as it is now; nil if the stream is none. One that doesn't know its size counts as the
    /// smallest that is common.
    public var windowSize: WindowSize? {
        guard isTerminal else { return nil }
        var (columns, rows): (UInt16, UInt16) = (0, 0)
        let isKnown = unsafe cposix_window_size(rawValue, &columns, &rows) == 0
        return WindowSize(
            columns: isKnown && columns > 0 ? Int(columns) : 80, rows: isKnown && rows > 0 ? Int(rows) : 24)
    }

    /// Device and inode tell whether the stream is the one that `JOURNAL_STREAM` names.
    public func status() throws(SystemError) -> FileStatus {
        var found = cposix_status()
        try system("fstat") { unsafe cposix_status(rawValue, &found) }
        return FileStatus(found)
    }
}

/// How much text a terminal holds.
public struct WindowSize: Equatable, Sendable {
    public var columns: Int
    public var rows: Int

    public init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}
