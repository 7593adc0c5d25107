import CCurl

extension TransferError {
    /// What a transfer that brought no answer came to.
    init(
        _ ending: ConnectionPool.Ending, transfer: borrowing EasyHandle, record: ExchangeRecord,
        stop: StopFlag
    ) {
        let sent = record.sendings > 0
        switch ending {
        case .stopped:
            self.init(kind: .stopped, message: "stopped", requestWasSent: sent)
        case .outOfTime:
            self = .outOfTime(in: phase(of: transfer, sent: sent), sent: sent)
        case .failed(let why):
            self.init(kind: .library, message: why, requestWasSent: sent)
        case .finished(let code):
            self.init(code, transfer: transfer, record: record, stop: stop)
        }
    }

    private init(_ code: CURLcode, transfer: borrowing EasyHandle, record: ExchangeRecord, stop: StopFlag) {
        let sent = record.sendings > 0
        let text = record.errorMessage.isEmpty ? describe(code) : record.errorMessage
        let message = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        if let outgrown = record.outgrown {
            self.init(kind: .tooLarge, message: outgrown, requestWasSent: sent)
        } else if record.resendingRefused {
            self.init(
                kind: .closedEarly, message: "the server closed a kept connection without an answer",
                requestWasSent: true)
        } else if code == CURLE_ABORTED_BY_CALLBACK && stop.isRaised {
            self.init(kind: .stopped, message: "stopped", requestWasSent: sent)
        } else if code == CURLE_OPERATION_TIMEDOUT {
            self = .outOfTime(in: phase(of: transfer, sent: sent), sent: sent)
        } else if let alert = TLSAlert(in: message), alert.refusesClientCertificate {
            // On a connection that has carried an answer before, the handshake is long over and the alert is odd:
            // then it promises nothing.
            let isFresh = transfer.long(CURLINFO_NUM_CONNECTS) > 0 && record.sendings < 2
            self.init(
                kind: .clientCertificateRefused, message: message,
                requestWasSent: sent && !(isFresh && record.headers.fields.isEmpty))
        } else {
            self.init(kind: Kind(code), message: message, requestWasSent: sent)
        }
    }

    private static func outOfTime(in phase: Phase, sent: Bool) -> TransferError {
        TransferError(
            kind: .timedOut(phase), message: "timed out (\(phase.rawValue))", requestWasSent: sent)
    }
}

private func phase(of transfer: borrowing EasyHandle, sent: Bool) -> TransferError.Phase {
    if sent { return .answer }
    if transfer.microseconds(CURLINFO_CONNECT_TIME_T) > .zero { return .handshake }
    return transfer.microseconds(CURLINFO_NAMELOOKUP_TIME_T) > .zero ? .connect : .resolve
}

extension TransferError.Kind {
    fileprivate init(_ code: CURLcode) {
        self =
            switch code {
            case CURLE_URL_MALFORMAT: .invalidRequest
            case CURLE_SSL_CERTPROBLEM: .unusableIdentity
            case CURLE_SSL_CACERT_BADFILE: .unusableTrust
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolve
            case CURLE_COULDNT_CONNECT: .connect
            case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER: .tls
            case CURLE_PEER_FAILED_VERIFICATION: .serverCertificate
            case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_BAD_CONTENT_ENCODING: .malformed
            case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR: .closedEarly
            default: .library
            }
    }
}
