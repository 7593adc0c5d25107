import CCurl
import Glibc

/// The connection that stays open between exchanges, and the loop that drives one transfer at a time over it.
@safe struct ConnectionPool: ~Copyable {
    private let raw: UnsafeMutableRawPointer

    /// The kept connection's socket, which is libcurl's; -1 without one.
    private var keptSocket: curl_socket_t = -1

    /// More than this is taken for this: clock arithmetic must not overflow.
    private static let longest = Duration.seconds(86_400)
    /// The longest wait between two looks at the stop flag.
    private static let patience = Duration.milliseconds(50)

    init() throws(TransferError) {
        guard let raw = unsafe curl_multi_init() else { throw .library("curl_multi_init failed") }
        unsafe self.raw = raw
        _ = unsafe ccurl_multi_set_long(raw, CURLMOPT_MAXCONNECTS, 1)
    }

    deinit { _ = unsafe curl_multi_cleanup(raw) }

    /// How a transfer came to its end.
    enum Ending {
        case finished(CURLcode)
        case stopped
        case outOfTime
        case failed(String)
    }

    /// Runs the transfer until it ends, the flag goes up or the time is over; in the last two cases its
    /// connection is closed at once.
    mutating func run(_ transfer: borrowing EasyHandle, timeout: Duration, stop: StopFlag) -> Ending {
        if let failure = unsafe failure(curl_multi_add_handle(raw, transfer.raw)) { return failure }
        defer { _ = unsafe curl_multi_remove_handle(raw, transfer.raw) }
        let ending = drive(until: timeSinceBoot() + min(timeout, Self.longest), stop: stop)
        keptSocket = transfer.activeSocket
        return ending
    }

    /// Whether the server has said or done something since the last exchange. All it can have to say is
    /// goodbye, and libcurl takes a connection for alive as long as there is something to read.
    var keptConnectionIsStale: Bool {
        guard keptSocket >= 0 else { return false }
        var byte: UInt8 = 0
        let count = unsafe recv(keptSocket, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT))
        return count >= 0 || (errno != EAGAIN && errno != EINTR)
    }

    /// Runs a transfer that only connects, and then listens until the server says something, hangs up, or has
    /// been silent for the rest of the time. What it said is for the transfer's observer.
    func listen(after transfer: borrowing EasyHandle, timeout: Duration, stop: StopFlag) {
        guard unsafe curl_multi_add_handle(raw, transfer.raw) == CURLM_OK else { return }
        defer { _ = unsafe curl_multi_remove_handle(raw, transfer.raw) }
        let deadline = timeSinceBoot() + min(timeout, Self.longest)
        guard case .finished(CURLE_OK) = drive(until: deadline, stop: stop) else { return }
        while transfer.hasNothingToRead, !stop.isRaised, timeSinceBoot() < deadline {
            guard unsafe curl_multi_poll(raw, nil, 0, 5, nil) == CURLM_OK else { return }
        }
    }

    private func drive(until deadline: Duration, stop: StopFlag) -> Ending {
        while true {
            if stop.isRaised { return .stopped }
            var running: CInt = 0
            if let failure = unsafe failure(curl_multi_perform(raw, &running)) { return failure }
            var result = CURLE_OK
            if unsafe ccurl_multi_finished(raw, &result) { return .finished(result) }
            let left = deadline - timeSinceBoot()
            guard left > .zero else { return .outOfTime }
            let wait = CInt(min(left, Self.patience).milliseconds) + 1
            if let failure = unsafe failure(curl_multi_poll(raw, nil, 0, wait, nil)) { return failure }
        }
    }

    private func failure(_ code: CURLMcode) -> Ending? {
        code == CURLM_OK ? nil : unsafe .failed(String(cString: curl_multi_strerror(code)))
    }
}

/// Suspends included. Not `ContinuousClock`: it brings the concurrency runtime and libdispatch into the program.
private func timeSinceBoot() -> Duration {
    var now = timespec()
    unsafe clock_gettime(CLOCK_BOOTTIME, &now)
    return .seconds(now.tv_sec) + .nanoseconds(now.tv_nsec)
}

extension Duration {
    /// Whole milliseconds, rounded down, within what libcurl can hold.
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        let bounded = min(max(seconds, 0), Int64(CInt.max) / 1000 - 1)
        return Int(bounded * 1000 + max(attoseconds, 0) / 1_000_000_000_000_000)
    }
}
