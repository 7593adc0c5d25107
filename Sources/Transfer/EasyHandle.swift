import CCurl

/// One libcurl transfer. Options refuse by throwing, so that a setting which libcurl doesn't know can't be
/// lost.
@safe struct EasyHandle: ~Copyable {
    let raw: UnsafeMutableRawPointer

    init() throws(TransferError) {
        guard let raw = unsafe curl_easy_init() else { throw .library("curl_easy_init failed") }
        unsafe self.raw = raw
    }

    deinit { unsafe curl_easy_cleanup(raw) }

    func set(_ option: CURLoption, _ value: Int) throws(TransferError) {
        try accepted(unsafe ccurl_set_long(raw, option, value), option)
    }

    /// libcurl copies the text.
    func set(_ option: CURLoption, _ text: String) throws(TransferError) {
        try accepted(unsafe ccurl_set_string(raw, option, text), option)
    }

    func unset(_ option: CURLoption) throws(TransferError) {
        try accepted(unsafe ccurl_set_pointer(raw, option, nil), option)
    }

    /// Not copied: `bytes` must outlive the transfer.
    func set(_ option: CURLoption, blob bytes: PinnedBytes) throws(TransferError) {
        try accepted(unsafe ccurl_set_blob(raw, option, bytes.address, bytes.count), option)
    }

    /// Not copied: `bytes` must outlive the transfer.
    func set(body bytes: PinnedBytes) throws(TransferError) {
        try accepted(
            unsafe ccurl_set_size(raw, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)),
            CURLOPT_POSTFIELDS)
        try accepted(
            unsafe ccurl_set_pointer(
                raw, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.address)),
            CURLOPT_POSTFIELDS)
    }

    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) throws(TransferError) {
        try unsafe accepted(ccurl_set_pointer(raw, option, pointer), option)
    }

    func set(_ option: CURLoption, receiver: ccurl_receiver?) throws(TransferError) {
        try unsafe accepted(ccurl_set_receiver(raw, option, receiver), option)
    }

    func set(prerequest: curl_prereq_callback?) throws(TransferError) {
        try unsafe accepted(ccurl_set_prerequest(raw, prerequest), CURLOPT_PREREQFUNCTION)
    }

    func set(observer: curl_debug_callback?) throws(TransferError) {
        try unsafe accepted(ccurl_set_observer(raw, observer), CURLOPT_DEBUGFUNCTION)
    }

    /// Reads from the connection of a transfer that only connects; false once a byte, an alert or the end has
    /// come.
    var hasNothingToRead: Bool {
        var byte: UInt8 = 0
        var count = 0
        return unsafe curl_easy_recv(raw, &byte, 1, &count) == CURLE_AGAIN
    }

    /// The socket of the connection that the transfer used last; -1 if it is closed.
    var activeSocket: curl_socket_t {
        var socket: curl_socket_t = -1
        return unsafe ccurl_get_socket(raw, &socket) == CURLE_OK ? socket : -1
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        return unsafe ccurl_get_long(raw, info, &value) == CURLE_OK ? value : 0
    }

    func microseconds(_ info: CURLINFO) -> Duration {
        var value: curl_off_t = 0
        return unsafe ccurl_get_size(raw, info, &value) == CURLE_OK ? .microseconds(value) : .zero
    }

    func text(_ info: CURLINFO) -> String {
        var value: UnsafePointer<CChar>?
        guard unsafe ccurl_get_string(raw, info, &value) == CURLE_OK, let value = unsafe value else {
            return ""
        }
        return unsafe String(cString: value)
    }

    func accepted(_ code: CURLcode, _ option: CURLoption) throws(TransferError) {
        guard code == CURLE_OK else {
            throw .library("libcurl refuses option \(option.rawValue): \(describe(code))")
        }
    }
}

/// libcurl's own words for a result.
func describe(_ code: CURLcode) -> String {
    unsafe String(cString: curl_easy_strerror(code))
}

extension TransferError {
    static func library(_ message: String) -> TransferError {
        TransferError(kind: .library, message: message, requestWasSent: false)
    }
}
