import Configuration
import POSIX

extension Inspection {
    /// What the local API's socket needs to be there; nothing without one.
    func localSocket() -> [Finding] {
        var findings: [Finding] = []
        if let group = settings.api.socketGroup {
            do {
                if try Accounts.groupID(named: group) == nil {
                    findings.append(
                        Finding(
                            .problem, "api.socket_group", "there is no group \(group)",
                            advice: "Make the group, or name another one; the socket is not made until then.")
                    )
                }
            } catch {
                findings.append(Finding(.problem, "api.socket_group", "\(error)"))
            }
        }
        if let path = settings.api.socketPath { findings.append(socket(at: path)) }
        return findings
    }

    private func socket(at path: String) -> Finding {
        let subject = "api.socket"
        let above = path.splitAtLastSlash?.parent ?? ""
        let parent = above.isEmpty ? "/" : above
        do {
            guard try File.status(parent)?.kind == .directory else {
                return Finding(
                    .problem, subject, "there is no directory \(parent)",
                    advice: "Make it; under systemd RuntimeDirectory= does.")
            }
            guard let present = try File.statusOfEntry(path), present.kind != .socket else {
                return Finding(.ok, subject, "\(path) can be a socket")
            }
            return Finding(
                .problem, subject, "\(path) is something else already",
                advice:
                    "Remove it, or name another path: the agent replaces only a socket that nobody answers.")
        } catch {
            return Finding(.problem, subject, "\(error)")
        }
    }
}
