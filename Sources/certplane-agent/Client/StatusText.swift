import FoundationEssentials
import Notation
import POSIX

/// The agent's status for a person.
enum StatusText {
    /// On a terminal each certificate has one row: `status NAME` tells all of it.
    static func table(_ status: JSONValue, in window: WindowSize? = nil) -> String {
        let now = countedTime(status)
        var text = head(status, at: now)
        let certificates = status.list("certificates")
        if certificates.isEmpty { return text + "\nNo certificates are configured.\n" }
        var table = TextTable(["CERTIFICATE", "STATE", "EXPIRES", "LEFT", "NEXT", "WHY"])
        for certificate in certificates {
            let notAfter = certificate["installed"]?.time("not_after")
            table.add([
                certificate.text("name") ?? "", certificate.text("state") ?? "",
                notAfter.map(day) ?? "-", notAfter.map { left(until: $0, at: now) } ?? "-",
                certificate.time("next_attempt_at").map { next($0, at: now) } ?? "-",
                certificate.text("why") ?? "",
            ])
        }
        text += "\n" + table.rows.map { (window?.row($0) ?? $0) + "\n" }.joined()
        let advice = certificates.compactMap { certificate in
            certificate.text("advice").map { "\(certificate.text("name") ?? ""): \($0)\n" }
        }
        return advice.isEmpty ? text : text + "\n" + advice.joined()
    }

    /// What is left of a life is counted as the agent counts it: by the broker's time, if the host's clock is wrong.
    private static func countedTime(_ status: JSONValue) -> Date {
        let taken = status.time("taken_at") ?? .now
        guard let clock = status["clock"], clock.text("state") == "clock_suspect" else { return taken }
        return taken - (clock.number("skew_seconds") ?? 0)
    }

    private static func clockLines(_ clock: JSONValue?) -> [String] {
        guard let clock, let state = clock.text("state"), state != "ok" else { return [] }
        var line = "clock     \(state)"
        if let skew = clock.number("skew_seconds") {
            line += ", \(Duration.seconds(abs(skew).rounded(.down)).brief) \(skew < 0 ? "behind" : "ahead")"
        }
        return [line] + (clock.text("advice").map { ["          \($0)"] } ?? [])
    }

    private static func head(_ status: JSONValue, at now: Date) -> String {
        let (agent, identity, broker) = (status["agent"], status["identity"], status["broker"])
        // Both by the host's own clock, whatever that shows.
        let up = agent?.time("started_at").map { left(until: status.time("taken_at") ?? now, at: $0) } ?? "?"
        let config = agent?["config"]
        var lines = [
            "agent     \(agent?.text("version") ?? "?"), up \(up), \(config?.text("path") ?? "")"
        ]
        if config?["last_reload_succeeded"] == .bool(false) {
            lines[0] += " (its last reload was refused; an older one is in force)"
        }
        var line = "identity  \(identity?.text("name") ?? "?"): \(identity?.text("state") ?? "?")"
        if let notAfter = identity?["certificate"]?.time("not_after") {
            line += ", until \(day(notAfter)) (\(left(until: notAfter, at: now)))"
        }
        lines.append(line)
        if let advice = identity?.text("advice") { lines.append("          \(advice)") }
        line = "broker    \(broker?.text("endpoint") ?? "?"): \(broker?.text("state") ?? "?")"
        if let contact = broker?.time("last_contact_at") {
            line += ", heard \(left(until: now, at: contact)) ago"
        }
        lines.append(line)
        if let detail = broker?["last_error"]?.text("detail"), broker?.text("state") != "reachable" {
            lines.append("          \(detail)")
        }
        lines += clockLines(status["clock"])
        return lines.joined(separator: "\n") + "\n"
    }

    /// Everything about one certificate.
    static func details(_ certificate: JSONValue, at now: Date) -> String {
        let installed = certificate["installed"]
        var table = TextTable(["name", certificate.text("name") ?? ""])
        func add(_ name: String, _ value: String?) {
            if let value, !value.isEmpty { table.add([name, value]) }
        }
        func moment(_ name: String) -> String? {
            certificate.time(name).map { "\($0.rfc3339) (\(relative($0, to: now)))" }
        }
        add("state", certificate.text("state"))
        add("why", certificate.text("why"))
        add("advice", certificate.text("advice"))
        add("names", certificate.list("dns_names").compactMap(\.text).joined(separator: ", "))
        add("serial", installed?.text("serial"))
        add("issuer", installed?.text("issuer"))
        add("valid from", installed?.text("not_before"))
        add("valid until", installed?.time("not_after").map { "\($0.rfc3339) (\(relative($0, to: now)))" })
        add("key", installed?.text("key_type") ?? certificate.text("key_type"))
        add("sha256", installed?.text("fingerprint_sha256"))
        add("next renewal", moment("next_renewal_at"))
        add("next attempt", moment("next_attempt_at"))
        add("last attempt", moment("last_attempt_at"))
        add("last success", moment("last_success_at"))
        if let error = certificate["last_error"], let detail = error.text("detail") {
            add("last error", "\(error.text("stage") ?? ""): \(detail)")
        }
        let orders = certificate.number("orders_last_7_days").map { Int($0) } ?? 0
        let budget = certificate.number("order_budget").map { Int($0) } ?? 0
        add("orders", "\(orders) of \(budget) in seven days")
        if let since = certificate["reload"]?.time("pending_since") {
            add("reload", "pending since \(since.rfc3339)")
            add("", certificate["reload"]?["last_error"]?.text("detail"))
        }
        for output in ["key", "cert", "chain", "fullchain", "combined"] {
            add("\(output) file", certificate["outputs"]?.text(output))
        }
        return table.text
    }

    private static func day(_ date: Date) -> String { String(date.rfc3339.prefix(10)) }

    private static func left(until end: Date, at now: Date) -> String {
        Duration.seconds(end.timeIntervalSince(now).rounded(.down)).brief
    }

    private static func next(_ date: Date, at now: Date) -> String {
        date <= now ? "now" : "in " + left(until: date, at: now)
    }

    private static func relative(_ date: Date, to now: Date) -> String {
        date > now ? "in \(left(until: date, at: now))" : "\(left(until: now, at: date)) ago"
    }
}
