import Lifecycle
import PKI
import POSIX

@testable import Agent

/// Counts the calls of an install and fails some of them.
final class Trap: Sendable {
    private let calls = Lock<[InstallSeam.Call]>([])
    let isSprung: @Sendable (_ position: Int, InstallSeam.Call) -> Bool

    init(_ isSprung: @escaping @Sendable (_ position: Int, InstallSeam.Call) -> Bool) {
        self.isSprung = isSprung
    }

    var made: [InstallSeam.Call] { calls.withLock { $0 } }

    var seam: InstallSeam {
        InstallSeam { [self] (call, path) throws(SystemError) in
            let position = calls.withLock { calls in
                calls.append(call)
                return calls.count - 1
            }
            if isSprung(position, call) { throw SystemError(call.rawValue, path, .inputOutput) }
        }
    }
}

/// A host with an installed set of five files (or none), and the set that replaces it.
struct Renewal: Sendable {
    let host: TestHost
    let old: [String: [UInt8]]
    let new: [String: [UInt8]]
    let bundle: IssuedBundle
    let key: SecretBytes

    init(first: Bool) throws {
        host = try TestHost(combined: true)
        if !first {
            let (bundle, key) = try host.issued()
            _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        }
        (bundle, key) = try host.issued()
        let fullchain = Array(bundle.fullchainPEM.utf8)
        old = try host.outputs()
        new = [
            "key.pem": key.bytes, "cert.pem": Array(bundle.certificatePEM.utf8),
            "chain.pem": Array(bundle.chainPEM.utf8), "fullchain.pem": fullchain,
            "combined.pem": key.bytes + fullchain,
        ]
    }

    func install(_ trap: Trap) throws -> [String] {
        try host.installer(seam: trap.seam).install(bundle, pendingKey: key, for: host.certificate)
    }

    /// The process dies when the key is new and nothing else.
    func breakOff() throws {
        let renames = Lock(0)
        let trap = Trap { _, call in
            renames.withLock { renames in
                if call == .rename { renames += 1 }
                return renames > 1
            }
        }
        do { _ = try install(trap) } catch is RenewalFailure { return }
        throw Missing()
    }
}
