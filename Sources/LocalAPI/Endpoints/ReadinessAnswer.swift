import FoundationEssentials
import HTTP
import HTTPServer
import Lifecycle
import POSIX

/// The answer of `/readyz`, judged and then written a slice of the certificates at a time: the verdict stands before
/// the checks, and in the status.
final class ReadinessAnswer: SteppedAnswer {
    enum Form {
        case json
        /// For a person: one line a check, the verdict last.
        case text
    }

    private enum Work: Sendable {
        /// So many certificates are judged, and that is the worst of their states.
        case judging(Int, Readiness.State)
        case writing(Readiness.State, any Rendering)
    }

    private let host: [Readiness.Check]
    private let certificates: CertificateList
    private let now: Date
    private let form: Form
    private let work: Lock<Work>

    /// Of `host`'s checks and those of `certificates`, all at one moment.
    init(_ host: [Readiness.Check], _ certificates: CertificateList, at now: Date, as form: Form) {
        self.host = host
        self.certificates = certificates
        self.now = now
        self.form = form
        work = Lock(.judging(0, host.map(\.state).max() ?? .ok))
    }

    func step() -> Response? {
        work.withLock { work in
            if case .judging(let done, let worst) = work {
                work = judge(from: done, worst)
                // Few certificates are judged and written at once.
                guard certificates.count <= SliceLimits.few else { return nil }
            }
            guard case .writing(let verdict, var document) = work else { return nil }
            // Let go of, so that it is written on where it is.
            work = .judging(certificates.count, verdict)
            let slices = document.advance()
            work = .writing(verdict, document)
            return slices.map { response(verdict, $0) }
        }
    }

    private func judge(from start: Int, _ state: Readiness.State) -> Work {
        let end = min(start + SliceLimits.items, certificates.count)
        var worst = state
        for index in start..<end {
            for check in Readiness.checks(of: certificates[index], at: now) {
                worst = max(worst, check.state)
            }
        }
        return end < certificates.count ? .judging(end, worst) : .writing(worst, document(worst))
    }

    private func response(_ verdict: Readiness.State, _ slices: [SharedBytes]) -> Response {
        let status: Status = verdict == .failed ? .serviceUnavailable : .ok
        switch form {
        case .json: return .json(status, .shared(slices))
        case .text:
            let type = Field("Content-Type", "text/plain; charset=utf-8")
            return Response(status, fields: [type], body: .shared(slices))
        }
    }

    private func document(_ verdict: Readiness.State) -> any Rendering {
        let (host, certificates, now) = (host, certificates, now)
        switch form {
        case .json:
            return SlicedDocument(
                JSONWriter(), about: certificates.count,
                [
                    .init(begin: {
                        $0.beginObject()
                        $0.string("status", verdict.word)
                        $0.beginArray("checks")
                        for check in host { $0.element(check) }
                    }) { writer, index in
                        for check in Readiness.checks(of: certificates[index], at: now) {
                            writer.element(check)
                        }
                    },
                    .init(begin: {
                        $0.endArray()
                        $0.endObject()
                        $0.bytes.append(UInt8(ascii: "\n"))
                    }),
                ])
        case .text:
            return SlicedDocument(
                LineWriter(), about: certificates.count,
                [
                    .init(begin: { for check in host { $0.line(check.line) } }) { writer, index in
                        for check in Readiness.checks(of: certificates[index], at: now) {
                            writer.line(check.line)
                        }
                    },
                    .init(begin: { $0.line(verdict.word) }),
                ])
        }
    }
}

/// Writes lines of text.
private struct LineWriter: DocumentWriter {
    var bytes: [UInt8] = []

    mutating func line(_ text: String) { bytes.append(text: text + "\n") }
}

extension Readiness.State {
    fileprivate var word: String {
        switch self {
        case .ok: "ready"
        case .degraded: "degraded"
        case .failed: "not_ready"
        }
    }
}

extension Readiness.Check {
    fileprivate var line: String {
        let subject = certificate.map { " \($0)" } ?? ""
        return "[\(state.rawValue)] \(name)\(subject)\(detail.map { ": \($0)" } ?? "")"
    }
}

extension JSONWriter {
    fileprivate mutating func element(_ check: Readiness.Check) {
        object {
            $0.string("name", check.name)
            $0.string("certificate", check.certificate?.text)
            $0.string("state", check.state.rawValue)
            $0.time("since", check.since)
            $0.string("detail", check.detail)
        }
    }
}
