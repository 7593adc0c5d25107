import FoundationEssentials
import Lifecycle

/// Wakes the state machine of a host again and again when `due` of its certificates want to be looked at, and takes a
/// snapshot after each time, as the engine does.
func tick(certificates count: Int, due: Int, times: Int) -> Int32 {
    let start = Date(timeIntervalSince1970: 1_800_000_000)
    // Looked at every three minutes, for its short life; the others once a day.
    let restless = due > 0 ? Set((0..<due).compactMap { sampleName($0 * count / due + 1) }) : []
    var settings = LifecycleSettings(
        identityName: "host", brokers: [BrokerAddress("https://broker.example.org")])
    settings.checkInterval = .seconds(86_400)
    var host = HostState(seed: 1)
    var moment = Moment(wall: start, boottime: .seconds(1000))
    let facts = Snapshot.sample(1).agent

    func feed(_ input: Input) -> Int {
        var looks = 0
        var inputs = [input]
        while let next = inputs.popLast() {
            for action in host.handle(next, at: moment) {
                switch action {
                case .look(let names):
                    looks += names.count
                    inputs += names.map { name in
                        let life: Double = restless.contains(name) ? 3600 : 90 * 86_400
                        return .looked(name, sampleFound(name, from: moment.wall, lifetime: life))
                    }
                case .lookAtIdentity:
                    inputs.append(.identityLooked(FoundIdentity(pair: .present(sampleIdentity(start)))))
                default: break
                }
            }
        }
        return looks
    }

    let wanted = Snapshot.sample(count).certificates.map(\.wanted)
    _ = feed(.configured(wanted, settings))
    _ = host.snapshot(agent: facts, at: moment)
    var looks = 0
    for _ in 0..<times {
        moment.wall += 200
        moment.boottime += .seconds(200)
        looks += feed(.tick)
        _ = host.snapshot(agent: facts, at: moment)
    }
    guard looks == due * times else {
        print("Error: \(looks) looks in \(times) rounds, and not \(due) in each")
        return 1
    }
    return 0
}

private func sampleName(_ number: Int) -> CertificateName? {
    try? CertificateName(validating: "c\(String(100_000 + number).dropFirst())")
}

private func sampleFound(_ name: CertificateName, from: Date, lifetime: Double) -> FoundCertificate {
    let installed = InstalledCertificate(
        serial: "4f2a", notBefore: from, notAfter: from + lifetime - 1, dnsNames: ["\(name).example.org"],
        keyType: .ecP256, issuer: "CN=Example CA", sha256: String(repeating: "9f86", count: 16),
        spkiSHA256: String(repeating: "6030", count: 16))
    return FoundCertificate(certificate: .installed(installed), key: .matches)
}

private func sampleIdentity(_ start: Date) -> IdentityFacts {
    IdentityFacts(
        name: "host", serial: "1", issuer: "CN=CA", notBefore: start - 3600, notAfter: start + 4000 * 86_400)
}
