import Lifecycle

extension JSONWriter {
    /// What happened to a certificate, the newest first.
    mutating func history(of status: CertificateStatus) {
        string("certificate", status.name.text)
        array("events", of: status.history.reversed()) { writer, entry in
            writer.object { $0.members(of: entry) }
        }
    }

    private mutating func members(of entry: HistoryEntry) {
        time("at", entry.at)
        string("event", entry.kind.rawValue)
        integer("count", entry.count)
        time("first_at", entry.firstAt)
        string("renewal", entry.renewal?.text)
        string("reason", entry.reason?.rawValue)
        string("serial", entry.serial)
        time("not_after", entry.notAfter)
        string("stage", entry.stage?.rawValue)
        string("class", entry.failureClass?.rawValue)
        string("detail", entry.detail)
    }
}
