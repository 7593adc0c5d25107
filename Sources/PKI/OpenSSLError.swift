import COpenSSL

/// A call into OpenSSL that failed, with everything the library had to say about it.
///
/// OpenSSL reports causes innermost first on a queue of the thread. The queue is cleared before every call
/// and drained after a failed one, so an error never tells of somebody else's trouble.
public struct OpenSSLError: Error, Hashable, Sendable {
    /// One entry of the queue.
    public struct Entry: Hashable, Sendable {
        /// The part of OpenSSL that complained ("PEM routines"), empty when it is unknown.
        public let library: String
        /// The reason in words, or the number when the library has no text for it.
        public let reason: String
        /// What the library added ("Type=X509"), if anything.
        public let detail: String?
    }

    /// The call that failed.
    public let operation: String
    /// The queue, in the order in which OpenSSL filled it; empty when a call failed without a word.
    public let entries: [Entry]

    init(operation: String, entries: [Entry]) {
        self.operation = operation
        self.entries = entries
    }

    /// Takes everything off this thread's queue.
    init(drainingAfter operation: String) {
        var entries: [Entry] = []
        while let entry = Entry.next() { entries.append(entry) }
        self.init(operation: operation, entries: entries)
    }

    /// The same error with a reason that did not travel through the queue put first.
    func preceded(by reason: String) -> OpenSSLError {
        OpenSSLError(
            operation: operation, entries: [Entry(library: "", reason: reason, detail: nil)] + entries)
    }
}

extension OpenSSLError: CustomStringConvertible {
    public var description: String {
        guard !entries.isEmpty else { return "\(operation) failed" }
        return "\(operation): " + entries.map(\.description).joined(separator: "; ")
    }
}

extension OpenSSLError.Entry: CustomStringConvertible {
    public var description: String {
        let place = library.isEmpty ? "" : " (\(library))"
        return reason + place + (detail.map { " [\($0)]" } ?? "")
    }

    fileprivate static func next() -> OpenSSLError.Entry? {
        var data: UnsafePointer<CChar>?
        var flags: Int32 = 0
        let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
        guard code != 0 else { return nil }
        let text = flags & ERR_TXT_STRING != 0 ? unsafe string(data) : nil
        let reason =
            if ERR_GET_LIB(code) == ERR_LIB_SYS {
                unsafe string(strerror(ERR_GET_REASON(code)))
            } else {
                unsafe string(ERR_reason_error_string(code))
            }
        return unsafe OpenSSLError.Entry(
            library: string(ERR_lib_error_string(code)) ?? "", reason: reason ?? "error \(code)", detail: text
        )
    }

    private static func string(_ pointer: UnsafePointer<CChar>?) -> String? {
        guard let pointer = unsafe pointer, unsafe pointer.pointee != 0 else { return nil }
        return unsafe String(cString: pointer)
    }
}
