import PKI
import TestSupport
import Transfer

/// What most tests need: an authority, a client of it, a place for files.
struct Rig: Sendable {
    let authority: TestAuthority
    let client: TestIdentity
    let scratch: ScratchDirectory

    init() throws {
        authority = try TestAuthority()
        client = try authority.client("host-1")
        scratch = try ScratchDirectory()
    }

    /// A TLS server with a certificate for localhost.
    func server(_ steps: [ScriptedServer.Step], requiringClients: Bool = false, only: String? = nil)
        throws -> ScriptedServer
    {
        try ScriptedServer(
            steps,
            tls: .init(
                identity: try authority.server(), clientTrust: requiringClients ? authority.trustPEM : nil,
                only: only),
            in: scratch)
    }

    var trust: ServerTrust { .anchors(authority.trustPEM) }

    func request(
        _ method: Transfer.Method, _ url: String, body: String = "", headers: [HeaderField] = [],
        as identity: ClientIdentity? = nil, limits: ExchangeLimits = ExchangeLimits()
    ) -> RemoteRequest {
        RemoteRequest(
            method, url, headers: headers, body: Array(body.utf8),
            tls: MutualTLS(identity: identity, trust: trust),
            limits: limits)
    }
}

extension TestIdentity {
    /// As the client presents it: leaf, intermediate, key.
    var presented: ClientIdentity { ClientIdentity(certificateChain: chainPEM, privateKey: keyBytes.span) }
}

/// The error of a body that must fail, else nil.
func failure(_ body: () throws(TransferError) -> Answer) -> TransferError? {
    do throws(TransferError) {
        _ = try body()
        return nil
    } catch {
        return error
    }
}
