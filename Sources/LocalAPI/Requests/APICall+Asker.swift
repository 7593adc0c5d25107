import HTTPServer
import Log
import POSIX

extension APICall {
    /// Who asks, by the kernel's word, for the log.
    var asker: LogAttributes {
        guard let credentials = peer.credentials else { return [:] }
        return ["uid": .int(Int(credentials.user)), "pid": .int(Int(credentials.process))]
    }
}
