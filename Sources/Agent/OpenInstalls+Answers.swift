import Lifecycle
import POSIX

// What is open, told from memory.
extension OpenInstalls {
    /// What is open; what hangs counts as mixed.
    private var openNow: [OpenInstall] {
        let hanging = inHand.hanging
        return open.withLock { open in
            open.map { entry, install in
                var install = install
                if hanging.contains(entry) { install.isMixed = true }
                return install
            }
        }
    }

    /// Of sets of which a service could read some files new and others old.
    var stuckSubjects: Set<String> {
        Set(openNow.filter(\.isMixed).map(\.subject.text))
    }

    /// Whose sets have an open entry.
    var subjects: Set<String> { open.withLock { Set($0.values.map(\.subject.text)) } }

    /// Whether anything is to be tried again that nobody is at work on, or to be told of.
    var hasAnyToTry: Bool {
        let taken = inHand.all
        return unreadJournal != nil || !untold.withLock(\.isEmpty)
            || open.withLock { $0.keys.contains { !taken.contains($0) } }
    }

    /// What is to be tried again may be the identity's.
    var mayHaveIdentity: Bool {
        unreadJournal != nil || open.withLock { $0.values.contains(where: \.mayBeIdentity) }
    }

    /// Whether a service could read some of the certificate's files new and others old, be it by an install under another
    /// name. Told by names and paths alone: it is asked where nobody may wait for a disk.
    func isStuck(_ certificate: ManagedCertificate) -> Bool {
        install(of: certificate)?.isMixed == true
    }

    /// What holds up an earlier install of these files, when that was last tried, and whether some are new and others old.
    func install(of certificate: ManagedCertificate) -> (why: String, isMixed: Bool)? {
        let concerned = openNow.filter { $0.concerns(certificate) }
        return (concerned.first(where: \.isMixed) ?? concerned.first).map {
            ($0.told ?? "an earlier install is not finished", $0.isMixed)
        }
    }
}
