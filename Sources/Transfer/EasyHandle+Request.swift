import CCurl

extension EasyHandle {
    /// Everything that the transfer does and, more of it, what it does not do.
    func configure(for request: PreparedRequest, record: ExchangeRecord) throws(TransferError) {
        try configureIsolation()
        try set(CURLOPT_URL, request.url)
        try set(CURLOPT_PATH_AS_IS, 1)
        switch request.method {
        case .get: try set(CURLOPT_HTTPGET, 1)
        case .post:
            try set(CURLOPT_POST, 1)
            try set(body: request.body)
        }
        // HTTP/1.1 only: one exchange a connection, and no refused streams that libcurl would send again.
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_CONNECTTIMEOUT_MS, max(request.limits.connectTimeout.milliseconds, 1))
        // A kept connection is for bursts: well before a server's idle time-out, so that the two don't cross.
        try set(CURLOPT_MAXAGE_CONN, 15)
        switch request.way {
        case .tls(let identity, let anchors):
            try set(CURLOPT_PROTOCOLS_STR, "https")
            try configureTLS(identity: identity, anchors: anchors)
            try configureVerification(request.verifiedAt)
        case .unixSocket(let path):
            try set(CURLOPT_PROTOCOLS_STR, "http")
            try set(CURLOPT_UNIX_SOCKET_PATH, path)
        case .loopback:
            try set(CURLOPT_PROTOCOLS_STR, "http")
        }
        try record.attach(to: self, headerLines: request.headerLines)
    }

    /// Nothing of the process's surroundings has a say: no proxy variables, no netrc, no redirects, no
    /// signals.
    private func configureIsolation() throws(TransferError) {
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_PROXY, "")
        try set(CURLOPT_NOPROXY, "*")
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        // A stopped exchange doesn't wait for a name server.
        try set(CURLOPT_QUICK_EXIT, 1)
    }

    private func configureVerification(_ time: VerificationTime) throws(TransferError) {
        switch time {
        case .system: return
        case .at(let seconds):
            try accepted(unsafe ccurl_verify_at(raw, seconds), CURLOPT_SSL_CTX_FUNCTION)
        case .noTime:
            try accepted(unsafe ccurl_verify_without_time(raw), CURLOPT_SSL_CTX_FUNCTION)
        }
        // Whoever judges by another time must not take over what was made by this one: libcurl doesn't tell apart
        // connections and sessions by what its callback did to them.
        try set(CURLOPT_FRESH_CONNECT, 1)
        try set(CURLOPT_FORBID_REUSE, 1)
        try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
    }

    private func configureTLS(
        identity: (certificateChain: PinnedBytes, privateKey: PinnedBytes)?, anchors: PinnedBytes?
    ) throws(TransferError) {
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // CAINFO_BLOB displaces the default file but not the default directory of the build.
        try unset(CURLOPT_CAINFO)
        try unset(CURLOPT_CAPATH)
        if let anchors { try set(CURLOPT_CAINFO_BLOB, blob: anchors) }
        try set(CURLOPT_SSL_VERIFYPEER, anchors == nil ? 0 : 1)
        try set(CURLOPT_SSL_VERIFYHOST, anchors == nil ? 0 : 2)
        guard let identity else { return }
        try set(CURLOPT_SSLCERTTYPE, "PEM")
        try set(CURLOPT_SSLKEYTYPE, "PEM")
        try set(CURLOPT_SSLCERT_BLOB, blob: identity.certificateChain)
        try set(CURLOPT_SSLKEY_BLOB, blob: identity.privateKey)
    }
}
