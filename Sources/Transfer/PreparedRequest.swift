import CCurl

/// A request that has passed the checks, in the shape in which libcurl takes it.
struct PreparedRequest {
    enum Way {
        case tls(identity: (certificateChain: PinnedBytes, privateKey: PinnedBytes)?, anchors: PinnedBytes?)
        case unixSocket(String)
        case loopback
    }

    let method: Method
    let url: String
    let headerLines: [String]
    let body: PinnedBytes
    let limits: ExchangeLimits
    let way: Way
    let verifiedAt: VerificationTime

    var usesTLS: Bool {
        if case .tls = way { true } else { false }
    }

    /// About what it takes on the wire.
    var byteCount: Int { url.utf8.count + headerLines.reduce(0) { $0 + $1.utf8.count + 2 } + body.count }

    /// Everything that libcurl reads in place.
    var pinned: [PinnedBytes] {
        guard case .tls(let identity, let anchors) = way else { return [body] }
        return [body] + [identity?.certificateChain, identity?.privateKey, anchors].compactMap(\.self)
    }

    init(_ request: RemoteRequest) throws(TransferError) {
        try checkRemoteURL(request.url)
        method = request.method
        url = request.url
        headerLines = try lines(request.headers, method: request.method)
        body = PinnedBytes(request.body)
        limits = request.limits
        verifiedAt = request.tls.verifiedAt
        let anchors: PinnedBytes? =
            switch request.tls.trust {
            case .anchors(let pem): PinnedBytes(pem)
            case .unverified: nil
            }
        way = .tls(
            identity: request.tls.identity.map { ($0.certificateChain, $0.privateKey) }, anchors: anchors)
    }

    init(_ request: LocalRequest) throws(TransferError) {
        verifiedAt = .system
        let authority: String
        switch request.endpoint {
        case .unixSocket(let path):
            guard !path.isEmpty, !path.utf8.contains(0) else { throw .invalid("an unusable socket path") }
            authority = "localhost"
            way = .unixSocket(path)
        case .loopbackIPv4(let address, let port):
            guard isLoopback(address) else { throw .invalid("not an address of 127.0.0.0/8") }
            authority = "\(address):\(port)"
            way = .loopback
        case .loopbackIPv6(let port):
            authority = "[::1]:\(port)"
            way = .loopback
        }
        let printable = request.target.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
        guard request.target.utf8.first == UInt8(ascii: "/"), printable else {
            throw .invalid("the target must be a percent-encoded path that begins with /")
        }
        method = request.method
        url = "http://" + authority + request.target
        headerLines = try lines(request.headers, method: request.method)
        body = PinnedBytes(request.body)
        limits = request.limits
    }
}

/// Four decimal numbers without leading zeros, the first of them 127.
private func isLoopback(_ address: String) -> Bool {
    let parts = address.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts.first == "127" else { return false }
    return parts.allSatisfy { part in UInt8(part).map { "\($0)" == part } ?? false }
}

/// Refuses what isn't an absolute `https` URL of a bare host.
private func checkRemoteURL(_ text: String) throws(TransferError) {
    guard let url = unsafe curl_url() else { throw .library("out of memory") }
    defer { unsafe curl_url_cleanup(url) }
    let verdict = unsafe curl_url_set(url, CURLUPART_URL, text, UInt32(CURLU_NON_SUPPORT_SCHEME))
    guard verdict == CURLUE_OK else {
        throw unsafe .invalid("not a URL: \(String(cString: curl_url_strerror(verdict)))")
    }
    let part = { (which: CURLUPart) -> String? in
        var value: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(url, which, &value, 0) == CURLUE_OK, let value = unsafe value else {
            return nil
        }
        defer { unsafe curl_free(value) }
        return unsafe String(cString: value)
    }
    guard part(CURLUPART_SCHEME) == "https" else { throw .invalid("the URL must begin with https://") }
    guard part(CURLUPART_USER) == nil, part(CURLUPART_PASSWORD) == nil, part(CURLUPART_FRAGMENT) == nil else {
        throw .invalid("the URL must not hold a user name, a password or a fragment")
    }
}

/// The header fields as lines. A field can't smuggle in another one: control characters are refused.
private func lines(_ headers: [HeaderField], method: Method) throws(TransferError) -> [String] {
    // libcurl would wait a second for leave to send a larger body, and make up a content type.
    var lines = ["Expect:"]
    if method == .post && !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
        lines.append("Content-Type:")
    }
    for field in headers {
        let isToken = field.name.utf8.allSatisfy {
            ($0 | 0x20) >= UInt8(ascii: "a") && ($0 | 0x20) <= UInt8(ascii: "z")
                || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || $0 == UInt8(ascii: "-")
        }
        guard !field.name.isEmpty, isToken, field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .invalid("a header field of the request holds a character that it must not")
        }
        // libcurl takes `Name:` as the wish to leave the field out, and `Name;` for an empty one.
        lines.append(field.value.isEmpty ? "\(field.name);" : "\(field.name): \(field.value)")
    }
    return lines
}

extension TransferError {
    static func invalid(_ message: String) -> TransferError {
        TransferError(kind: .invalidRequest, message: message, requestWasSent: false)
    }
}
