import CCurl

/// What libcurl's callbacks write down during one exchange, and what they must not outlive: one object that
/// the exchange keeps alive from before the first option is set until after the handle is gone.
///
/// Only the thread that performs the exchange touches it.
@safe final class ExchangeRecord {
    private(set) var headers = AnswerHeaders()
    private(set) var body: [UInt8] = []
    private(set) var outgrown: String?
    private(set) var handshakeBegan = false
    /// The last alert that came in. libcurl's error text isn't enough: it keeps the first complaint only, and
    /// for some alerts it has words of its own.
    private(set) var alert: TLSAlert?
    private(set) var headerIsComplete = false
    /// How often libcurl has got as far as writing the request.
    private(set) var sendings = 0
    /// Whether a write of a part of the request has succeeded.
    private var wasWritten = false
    private(set) var resendingRefused = false

    private let answerBytes: Int
    private let mayResend: Bool
    private let stop: StopFlag
    private let fitsOneRecord: Bool
    private var headerBytes = 0
    /// What libcurl reads from while it runs.
    private let pinned: [PinnedBytes]
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerList: UnsafeMutablePointer<curl_slist>?

    private static let headerLimit = 64 << 10
    /// Well below the 16 KiB that a TLS record holds, so that what libcurl adds to a request has room.
    private static let recordSize = 8 << 10

    init(request: PreparedRequest, stop: StopFlag) {
        answerBytes = request.limits.answerBytes
        // Asking twice is harmless; two orders are not.
        mayResend = request.method == .get
        self.stop = stop
        fitsOneRecord = request.byteCount < Self.recordSize
        pinned = request.pinned
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        unsafe curl_slist_free_all(headerList)
        unsafe errorText.deallocate()
    }

    /// Whether a part of the request may have reached the server. A request of one record whose writing
    /// failed can't: of half a record nobody makes sense.
    var mayHaveBeenSent: Bool { wasWritten || (sendings > 0 && !fitsOneRecord) }

    /// Whether the answer that libcurl takes for finished really is. It is content with a header that breaks
    /// off, and with a body of no stated length that any cut connection ends: over TLS only the server's
    /// goodbye does (RFC 9112, section 9.8).
    func answerIsWhole(overTLS: Bool) -> Bool {
        let hasLength = headers["Content-Length"] != nil || headers["Transfer-Encoding"] != nil
        return headerIsComplete && (hasLength || body.isEmpty || !overTLS || alert?.isGoodbye == true)
    }

    /// What libcurl said about the failure, if it said anything.
    var errorMessage: String { unsafe String(cString: errorText) }

    /// Puts the callbacks, the error text and the header fields into the transfer.
    func attach(to transfer: borrowing EasyHandle, headerLines: [String]) throws(TransferError) {
        for line in headerLines {
            guard let longer = unsafe curl_slist_append(headerList, line) else {
                throw .library("out of memory")
            }
            unsafe headerList = longer
        }
        try unsafe transfer.set(CURLOPT_HTTPHEADER, pointer: headerList)
        try unsafe transfer.set(CURLOPT_ERRORBUFFER, pointer: errorText)
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        try unsafe transfer.set(CURLOPT_HEADERDATA, pointer: context)
        try unsafe transfer.set(CURLOPT_WRITEDATA, pointer: context)
        try unsafe transfer.set(CURLOPT_PREREQDATA, pointer: context)
        try unsafe transfer.set(CURLOPT_DEBUGDATA, pointer: context)
        try unsafe transfer.set(
            CURLOPT_HEADERFUNCTION,
            receiver: { bytes, size, count, context in
                unsafe ExchangeRecord.from(context)?.receiveHeader(span(bytes, size * count)) ?? 0
            })
        try unsafe transfer.set(
            CURLOPT_WRITEFUNCTION,
            receiver: { bytes, size, count, context in
                unsafe ExchangeRecord.from(context)?.receiveBody(span(bytes, size * count)) ?? 0
            })
        try unsafe transfer.set(prerequest: { context, _, _, _, _ in
            unsafe ExchangeRecord.from(context)?.beginSending() ?? CURL_PREREQFUNC_ABORT
        })
        try unsafe transfer.set(observer: { _, kind, bytes, count, context in
            unsafe ExchangeRecord.from(context)?.observe(kind, span(bytes, count))
            return 0
        })
        // Only then the observer is called.
        try transfer.set(CURLOPT_VERBOSE, 1)
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> ExchangeRecord? {
        guard let context = unsafe context else { return nil }
        return unsafe Unmanaged<ExchangeRecord>.fromOpaque(context).takeUnretainedValue()
    }

    /// libcurl calls this when the connection stands and the next thing it does is to write the request;
    /// again when a kept connection turned out to be dead and it starts over on a fresh one.
    private func beginSending() -> CInt {
        if stop.isRaised { return CURL_PREREQFUNC_ABORT }
        if sendings > 0 && !mayResend {
            resendingRefused = true
            return CURL_PREREQFUNC_ABORT
        }
        sendings += 1
        return CURL_PREREQFUNC_OK
    }

    private func observe(_ kind: curl_infotype, _ bytes: UnsafeRawBufferPointer) {
        switch kind {
        case CURLINFO_HEADER_OUT, CURLINFO_DATA_OUT: wasWritten = true
        case CURLINFO_SSL_DATA_OUT: handshakeBegan = true
        case CURLINFO_SSL_DATA_IN: alert = unsafe TLSAlert(message: bytes) ?? alert
        default: break
        }
    }

    /// One header line; the number of bytes it took, or 0 to end the transfer.
    private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
        headerBytes += line.count
        guard headerBytes <= Self.headerLimit else {
            outgrown = "the answer's header exceeds \(Self.headerLimit) bytes"
            return 0
        }
        let text = unsafe String(decoding: line, as: UTF8.self)
        if text.hasPrefix("HTTP/") {
            // An interim answer may have come before.
            headers = AnswerHeaders()
            headerIsComplete = false
        } else if !text.utf8.contains(where: { $0 != 13 && $0 != 10 }) {
            headerIsComplete = true
        } else if !headerIsComplete, let field = HeaderField(line: text) {
            headers.append(field)
        }
        return line.count
    }

    /// A piece of the body; the number of bytes it took, or 0 to end the transfer.
    private func receiveBody(_ piece: UnsafeRawBufferPointer) -> Int {
        guard piece.count <= answerBytes - body.count else {
            outgrown = "the answer exceeds \(answerBytes) bytes"
            return 0
        }
        unsafe body.append(contentsOf: piece)
        return piece.count
    }
}

private func span(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: bytes, count: count)
}

extension HeaderField {
    /// From `Name: value CR LF`, with the white space round the value removed.
    init?(line: String) {
        let bytes = Array(line.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let isSpace = { (byte: UInt8) in byte == 32 || byte == 9 || byte == 13 || byte == 10 }
        let value = bytes[(colon + 1)...].drop(while: isSpace)
        let end = value.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? value.startIndex
        self.init(
            String(decoding: bytes[..<colon], as: UTF8.self),
            String(decoding: value[..<end], as: UTF8.self))
    }
}
