import CCurl

extension TransferError {
    /// What a transfer that brought no whole answer came to.
    init(
        _ ending: ConnectionPool.Ending, transfer: borrowing EasyHandle, record: ExchangeRecord,
        stop: StopFlag
    ) {
        let sent = record.mayHaveBeenSent
        switch ending {
        case .stopped: self.init(kind: .stopped, message: "stopped", requestWasSent: sent)
        case .outOfTime: self.init(outOfTime: transfer, record)
        case .failed(let why): self.init(kind: .library, message: why, requestWasSent: sent)
        case .finished(CURLE_OK):
            self.init(kind: .closedEarly, message: "the answer broke off", requestWasSent: sent)
        case .finished(CURLE_ABORTED_BY_CALLBACK) where record.resendingRefused:
            self.init(
                kind: .closedEarly, message: "the server closed a kept connection without an answer",
                requestWasSent: true)
        case .finished(CURLE_ABORTED_BY_CALLBACK) where stop.isRaised:
            self.init(kind: .stopped, message: "stopped", requestWasSent: sent)
        case .finished(CURLE_OPERATION_TIMEDOUT): self.init(outOfTime: transfer, record)
        case .finished(let code): self.init(code, transfer: transfer, record: record)
        }
    }

    private init(_ code: CURLcode, transfer: borrowing EasyHandle, record: ExchangeRecord) {
        let sent = record.mayHaveBeenSent
        if let outgrown = record.outgrown {
            self.init(kind: .tooLarge, message: outgrown, requestWasSent: sent)
        } else if let refusal = TransferError(refusedWith: record.alert) {
            // On a connection that has carried an answer the handshake is long over: there the alert promises
            // nothing.
            let endedTheHandshake =
                transfer.long(CURLINFO_NUM_CONNECTS) > 0 && record.sendings < 2
                && record.headers.fields.isEmpty
            self.init(
                kind: refusal.kind, message: refusal.message, requestWasSent: sent && !endedTheHandshake)
        } else {
            let text = record.errorMessage.isEmpty ? describe(code) : record.errorMessage
            self.init(
                kind: Kind(code), message: text.split(whereSeparator: \.isNewline).joined(separator: " "),
                requestWasSent: sent)
        }
    }

    /// Nil when the alert isn't about the client's certificate, or there was none. The request counts as not
    /// sent.
    init?(refusedWith alert: TLSAlert?) {
        guard let alert, alert.refusesClientCertificate else { return nil }
        self.init(
            kind: .clientCertificateRefused,
            message: "the server refused the client certificate: \(alert.name)", requestWasSent: false)
    }

    private init(outOfTime transfer: borrowing EasyHandle, _ record: ExchangeRecord) {
        let phase: Phase =
            if record.sendings > 0 {
                .answer
            } else if record.handshakeBegan {
                .handshake
            } else if transfer.microseconds(CURLINFO_NAMELOOKUP_TIME_T) > .zero {
                .connect
            } else {
                .resolve
            }
        self.init(
            kind: .timedOut(phase), message: "timed out: \(phase.rawValue)",
            requestWasSent: record.mayHaveBeenSent)
    }
}

extension TransferError.Kind {
    fileprivate init(_ code: CURLcode) {
        self =
            switch code {
            case CURLE_URL_MALFORMAT: .invalidRequest
            case CURLE_SSL_CERTPROBLEM: .unusableIdentity
            case CURLE_SSL_CACERT_BADFILE: .unusableTrust
            case CURLE_COULDNT_RESOLVE_HOST: .resolve
            case CURLE_COULDNT_CONNECT: .connect
            case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER: .tls
            case CURLE_PEER_FAILED_VERIFICATION: .serverCertificate
            case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL: .malformed
            case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR: .closedEarly
            default: .library
            }
    }
}
