import CCurl

/// Performs exchanges, one after the other, over a connection that it keeps for the next one.
///
/// It is used again only within seconds, and only for the same host, identity and trust, compared by content:
/// an exchange with a renewed identity never goes over a connection of the old one. One session belongs to
/// one thread.
public final class Session {
    private var pool: ConnectionPool

    public init() throws(TransferError) {
        try LibCurl.prepare()
        pool = try ConnectionPool()
    }

    /// Asks a remote host, over TLS 1.2 or later. Blocks until the answer is complete.
    ///
    /// A `POST` is written once at most: when a kept connection dies under it, the exchange fails as
    /// `.closedEarly` instead of being sent again behind the caller's back.
    public func perform(
        _ request: RemoteRequest, stop: StopFlag = StopFlag()
    ) throws(TransferError) -> Answer {
        try perform(try PreparedRequest(request), stop)
    }

    /// Asks a server on this host. Blocks until the answer is complete.
    public func perform(
        _ request: LocalRequest, stop: StopFlag = StopFlag()
    ) throws(TransferError) -> Answer {
        try perform(try PreparedRequest(request), stop)
    }

    private func perform(_ request: PreparedRequest, _ stop: StopFlag) throws(TransferError) -> Answer {
        let record = ExchangeRecord(request: request, stop: stop)
        // libcurl holds the record without counting: it must live until the transfer, which ends with
        // `exchange`, is gone, and the optimiser knows nothing of that.
        defer { withExtendedLifetime(record) {} }
        return try exchange(request, record, stop)
    }

    private func exchange(
        _ request: PreparedRequest, _ record: ExchangeRecord, _ stop: StopFlag
    ) throws(TransferError) -> Answer {
        let transfer = try EasyHandle()
        try transfer.configure(for: request, record: record)
        if pool.keptConnectionIsStale { pool = try ConnectionPool() }
        let ending = pool.run(transfer, timeout: request.limits.timeout, stop: stop)
        guard case .finished(CURLE_OK) = ending, record.answerIsWhole(overTLS: request.usesTLS) else {
            let error = TransferError(ending, transfer: transfer, record: record, stop: stop)
            // libcurl may put a connection on which writing failed back among those that it keeps.
            pool = try ConnectionPool()
            if error.kind == .closedEarly, !error.requestWasSent, request.usesTLS {
                throw try refusal(of: request, stop) ?? error
            }
            throw error
        }
        return Answer(
            status: transfer.long(CURLINFO_RESPONSE_CODE),
            headers: record.headers,
            body: record.body,
            timings: ExchangeTimings(transfer),
            peerAddress: transfer.text(CURLINFO_PRIMARY_IP),
            reusedConnection: transfer.long(CURLINFO_NUM_CONNECTS) == 0)
    }

    /// Whether the server refuses the client certificate, found out by a handshake without a request.
    ///
    /// Under TLS 1.3 the server's alert can lose a race: the client takes the handshake for finished, the
    /// connection is gone before the request is written, and libcurl, whose write fails, never reads what the
    /// server had to say.
    private func refusal(of request: PreparedRequest, _ stop: StopFlag) throws(TransferError)
        -> TransferError?
    {
        let record = ExchangeRecord(request: request, stop: stop)
        defer { withExtendedLifetime(record) {} }
        try handshake(request, record, stop)
        return TransferError(refusedWith: record.alert)
    }

    private func handshake(
        _ request: PreparedRequest, _ record: ExchangeRecord, _ stop: StopFlag
    ) throws(TransferError) {
        let transfer = try EasyHandle()
        try transfer.configure(for: request, record: record)
        try transfer.set(CURLOPT_CONNECT_ONLY, 1)
        pool.listen(after: transfer, timeout: .seconds(1), stop: stop)
        pool = try ConnectionPool()
    }
}

extension ExchangeTimings {
    fileprivate init(_ transfer: borrowing EasyHandle) {
        resolved = transfer.microseconds(CURLINFO_NAMELOOKUP_TIME_T)
        connected = transfer.microseconds(CURLINFO_CONNECT_TIME_T)
        handshaken = transfer.microseconds(CURLINFO_APPCONNECT_TIME_T)
        firstByte = transfer.microseconds(CURLINFO_STARTTRANSFER_TIME_T)
        total = transfer.microseconds(CURLINFO_TOTAL_TIME_T)
    }
}
