import FoundationEssentials
import POSIX
import TestSupport
import Testing

@testable import PKI

struct CertificateChainTests {
    private let authority: TestAuthority
    private let other: TestAuthority

    init() throws {
        authority = try TestAuthority()
        other = try TestAuthority()
    }

    @Test func `openssl accepts the chain that was issued, for its purpose only`() async throws {
        let scratch = try ScratchDirectory()
        let server = try authority.server(["a.example.org"])
        try scratch.write("root.pem", authority.root.certificate.pem)
        try scratch.write("intermediate.pem", authority.intermediate.certificate.pem)
        try scratch.write("leaf.pem", server.leaf.pem)
        let verify = "verify -x509_strict -CAfile root.pem -untrusted intermediate.pem"
        let said = try await OpenSSLCommand.run(
            "\(verify) -purpose sslserver -verify_hostname a.example.org leaf.pem", in: scratch)
        #expect(said == "leaf.pem: OK\n")
        await #expect(throws: OpenSSLCommand.Failure.self) {
            try await OpenSSLCommand.run("\(verify) -purpose sslclient leaf.pem", in: scratch)
        }
        try await OpenSSLCommand.run("verify -x509_strict -CAfile root.pem intermediate.pem", in: scratch)
    }

    @Test func `a chain that openssl made is verified`() async throws {
        let scratch = try ScratchDirectory()
        let new = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        try await OpenSSLCommand.run(
            "\(new) -x509 -days 30 -keyout ca.key -out ca.pem -subj /CN=ca", in: scratch)
        try await OpenSSLCommand.run("\(new) -keyout leaf.key -out leaf.csr -subj /CN=leaf", in: scratch)
        try await OpenSSLCommand.run(
            "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 -out leaf.pem",
            in: scratch)
        let chain = try CertificateChain(pem: try scratch.bytes("leaf.pem") + scratch.bytes("ca.pem"))
        try chain.verify(anchors: [chain.intermediates[0]], at: Date())
        #expect(throws: CertificateChainError.self) {
            try chain.verify(anchors: [authority.root.certificate], at: Date())
        }
    }

    @Test func `a path to the root or to the intermediate is trusted`() throws {
        let chain = try authority.server().chain
        try chain.verify(anchors: [authority.root.certificate], at: authority.now, for: .serverAuth)
        try chain.verify(anchors: [authority.intermediate.certificate], at: authority.now)
        try chain.verify(anchors: [other.root.certificate, authority.root.certificate], at: authority.now)
        let whole = CertificateChain(
            leaf: chain.leaf, intermediates: chain.intermediates + [authority.root.certificate])
        try whole.verify(anchors: [authority.root.certificate], at: authority.now)
    }

    @Test func `a foreign root of the same name, a missing link and a wrong purpose are not`() throws {
        let chain = try authority.server().chain
        let alone = CertificateChain(leaf: chain.leaf)
        let time = authority.now
        #expect(throws: CertificateChainError.self) {
            try chain.verify(anchors: [other.root.certificate], at: time)
        }
        #expect(throws: CertificateChainError.self) { try chain.verify(anchors: [], at: time) }
        #expect(
            throws: CertificateChainError.untrusted(
                reason: "unable to get local issuer certificate", depth: 0)
        ) { try alone.verify(anchors: [authority.root.certificate], at: time) }
        #expect(
            throws: CertificateChainError.untrusted(reason: "unsuitable certificate purpose", depth: 0)
        ) { try chain.verify(anchors: [authority.root.certificate], at: time, for: .clientAuth) }
    }

    @Test func `the first link that does not hold is named`() throws {
        let leaf = try authority.server().leaf
        let intermediate = authority.intermediate.certificate
        let root = authority.root.certificate
        let orders: [([Certificate], Int)] = [
            ([root, intermediate], 0), ([other.intermediate.certificate], 0),
            ([intermediate, other.root.certificate], 1), ([leaf], 0),
        ]
        for (rest, index) in orders {
            let chain = CertificateChain(leaf: leaf, intermediates: rest)
            #expect(throws: CertificateChainError.brokenLink(index: index)) { try chain.verifyLinks() }
        }
        try CertificateChain(leaf: leaf, intermediates: [intermediate, root]).verifyLinks()
    }

    @Test func `a certificate that is no authority signs nothing`() throws {
        let key = try PrivateKey.generate(.ecP256)
        let leaf = try authority.intermediate.issue(
            authority.template(commonName: "leaf"), for: key.publicKey)
        guard let impostor = CertificateIssuer(certificate: leaf, key: key) else {
            Issue.record("the key is the leaf's")
            return
        }
        let forged = try impostor.issue(
            authority.template(commonName: "forged"), for: PrivateKey.generate(.ecP256).publicKey)
        #expect(!forged.isSigned(by: leaf))
        let chain = CertificateChain(leaf: forged, intermediates: [leaf, authority.intermediate.certificate])
        #expect(throws: CertificateChainError.brokenLink(index: 0)) { try chain.verifyLinks() }
    }

    @Test func `every certificate has to be valid at the time`() throws {
        let leaf = try authority.identity(
            authority.template(commonName: "x", notBefore: authority.now, lifetime: 60)
        ).chain
        let anchors = [authority.root.certificate]
        try leaf.verify(anchors: anchors, at: authority.now)
        try leaf.verify(anchors: anchors, at: authority.now + 59.9)
        #expect(throws: CertificateChainError.expired(subject: "CN=x", notAfter: authority.now + 59)) {
            try leaf.verify(anchors: anchors, at: authority.now + 60)
        }
        #expect(throws: CertificateChainError.notYetValid(subject: "CN=x", notBefore: authority.now)) {
            try leaf.verify(anchors: anchors, at: authority.now - 1)
        }
    }

    @Test func `an anchor that has expired is none`() throws {
        let now = authority.now
        let root = try CertificateIssuer.selfSigned(
            CertificateTemplate(commonName: "r", notBefore: now, notAfter: now + 10, role: .authority()),
            key: .generate(.ecP256))
        let leaf = try root.issue(
            CertificateTemplate(commonName: "x", notBefore: now, notAfter: now + 60, role: .leaf()),
            for: PrivateKey.generate(.ecP256).publicKey)
        let chain = CertificateChain(leaf: leaf)
        try chain.verify(anchors: [root.certificate], at: now + 10)
        #expect(throws: CertificateChainError.self) {
            try chain.verify(anchors: [root.certificate], at: now + 11)
        }
    }

    @Test func `a chain is read in order and only from certificates`() throws {
        let identity = try authority.server()
        let chain = try CertificateChain(pem: identity.chainPEM)
        #expect(chain == identity.chain)
        #expect(Array(chain.pem.utf8) == identity.chainPEM)
        #expect(throws: CertificateError.missing) { try CertificateChain(pem: []) }
        #expect(throws: CertificateError.unexpectedBlock(label: "PRIVATE KEY", line: 1)) {
            try CertificateChain(pem: identity.keyBytes + identity.chainPEM)
        }
    }

    @Test func `an authority takes up its own key only`() throws {
        let issuer = authority.intermediate
        let own = try PrivateKey(pem: issuer.keyPEM())
        let foreign = try PrivateKey.generate(.ecP256)
        #expect(CertificateIssuer(certificate: issuer.certificate, key: own) != nil)
        #expect(CertificateIssuer(certificate: issuer.certificate, key: foreign) == nil)
    }
}
