import CCurl

/// The connections that stay open between exchanges, and the loop that drives one transfer at a time over them.
@safe struct ConnectionPool: ~Copyable {
    private let raw: UnsafeMutableRawPointer

    /// Connections that are kept.
    private static let size = 4
    /// More than this is taken for this: clock arithmetic must not overflow.
    private static let longest = Duration.seconds(86_400)
    /// The longest wait between two looks at the stop flag.
    private static let patience = Duration.milliseconds(50)

    init() throws(TransferError) {
        guard let raw = unsafe curl_multi_init() else { throw .library("curl_multi_init failed") }
        unsafe self.raw = raw
        _ = unsafe ccurl_multi_set_long(raw, CURLMOPT_MAXCONNECTS, Self.size)
    }

    deinit { _ = unsafe curl_multi_cleanup(raw) }

    /// How a transfer came to its end.
    enum Ending {
        case finished(CURLcode)
        case stopped
        case outOfTime
        case failed(String)
    }

    /// Runs the transfer until it ends, the flag goes up or the time is over; in the last two cases its connection
    /// is closed at once.
    func run(_ transfer: borrowing EasyHandle, timeout: Duration, stop: StopFlag) -> Ending {
        let deadline = ContinuousClock.now + min(timeout, Self.longest)
        if let failure = unsafe failure(curl_multi_add_handle(raw, transfer.raw)) { return failure }
        defer { _ = unsafe curl_multi_remove_handle(raw, transfer.raw) }
        while true {
            if stop.isRaised { return .stopped }
            var running: CInt = 0
            if let failure = unsafe failure(curl_multi_perform(raw, &running)) { return failure }
            var result = CURLE_OK
            if unsafe ccurl_multi_finished(raw, &result) { return .finished(result) }
            let left = deadline - .now
            guard left > .zero else { return .outOfTime }
            let wait = CInt(min(left, Self.patience).milliseconds) + 1
            if let failure = unsafe failure(curl_multi_poll(raw, nil, 0, wait, nil)) { return failure }
        }
    }

    private func failure(_ code: CURLMcode) -> Ending? {
        code == CURLM_OK ? nil : unsafe .failed(String(cString: curl_multi_strerror(code)))
    }
}

extension Duration {
    /// Whole milliseconds, rounded down, within what libcurl can hold.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        let bounded = min(max(seconds, 0), Int64(CInt.max) / 1000 - 1)
        return Int(bounded * 1000 + max(attoseconds, 0) / 1_000_000_000_000_000)
    }
}
