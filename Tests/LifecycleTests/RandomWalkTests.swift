import FoundationEssentials
import Testing

@testable import Lifecycle

/// A host left to chance: a broker, a disk and services that fail as they like, judged after each input.
private struct Walk {
    var host: TestHost
    var random: SplitMix
    /// By the path of the key.
    var disk: [String: FoundCertificate] = [:]
    /// The certificates that services work with, likewise.
    var served: [String: String] = [:]
    /// Files that are gone, and nobody has looked since.
    var unseen: Set<String> = []
    var records: [CertificateName: CertificateRecord] = [:]
    var attempts: [CertificateName: AttemptPlan] = [:]
    var reloads: [ReloadPlan] = []
    var debts: Set<CertificateName> = []
    var looks: [CertificateName] = []
    var rebuilds: [ManagedCertificate] = []
    var identityLook = false
    var identityRenewal = false
    var isTimeAsked = false
    var serial = 1
    var actionCount = 0
    var problems: [String] = []
    let lifetime: Duration
    /// From here on everything works.
    var isCalm = false

    init(seed: UInt64, lifetime: Duration) throws {
        random = SplitMix(seed: seed)
        self.lifetime = lifetime
        let list = try (0..<12).map { try managed("c\($0)", reload: $0 % 3 == 0 ? nil : "reload \($0 % 3)") }
        host = try TestHost(list, seed: seed, enrolled: false)
        absorb(host.setUp)
    }

    mutating func tell(_ input: Input) { absorb(host.tell(input)) }

    mutating func absorb(_ actions: [Action]) {
        actionCount += actions.count
        for action in actions {
            switch action {
            case .look(let names): looks += names
            case .rebuild(let wanted, _):
                judgeFiles(of: wanted)
                rebuilds.append(wanted)
            case .startAttempt(let plan):
                let name = plan.certificate.name
                // The same one goes on at another broker.
                if attempts[name]?.id != plan.id { judgeFiles(of: plan.certificate) }
                if attempts.updateValue(plan, forKey: name) != nil {
                    problems.append("two attempts of \(name)")
                }
                if attempts.count > host.settings.concurrency { problems.append("too many attempts") }
            case .startReload(let plan):
                if reloads.contains(where: { $0.command == plan.command }) {
                    problems.append("\(plan.command) twice")
                }
                for key in plan.certificates.map(\.wanted.outputs.key)
                where disk[key] == nil && !unseen.contains(key) {
                    problems.append("\(plan.command) is run for \(key), which is missing")
                }
                reloads.append(plan)
            case .persist(let name, let record):
                records[name] = record
                if record.reload == nil { debts.remove(name) } else { debts.insert(name) }
            case .forget(let name): records[name] = nil
            case .lookAtIdentity:
                if identityLook { problems.append("two looks at the identity") }
                identityLook = true
            case .renewIdentity, .enroll:
                if identityRenewal { problems.append("two renewals of the identity") }
                identityRenewal = true
            case .askTime:
                if isTimeAsked { problems.append("two questions for the time") }
                isTimeAsked = true
            case .verify, .countTime, .restoreIdentity, .forgetPreviousIdentity, .report: break
            }
        }
    }

    /// Nobody begins anything with files that somebody else is at work on.
    private mutating func judgeFiles(of certificate: ManagedCertificate) {
        let busy = attempts.values.map(\.certificate) + rebuilds
        let paths = Set(certificate.outputs.paths)
        for other in busy where !paths.isDisjoint(with: other.outputs.paths) {
            problems.append("\(certificate.name) begins with files of \(other.name)")
        }
    }

    private func wish(_ name: CertificateName) -> ManagedCertificate? {
        host.wanted.first { $0.name == name }
    }

    /// One thing happens: mostly what is under way ends, sometimes something from outside.
    mutating func step() throws {
        if let name = looks.popLast() {
            if let wish = wish(name) { unseen.remove(wish.outputs.key) }
            return tell(.looked(name, found(name)))
        }
        if !rebuilds.isEmpty, isCalm || chance(2) {
            let wanted = rebuilds.removeLast()
            disk[wanted.outputs.key]?.rebuildable = []
            return tell(.rebuilt(wanted.name, nil))
        }
        if identityLook {
            identityLook = false
            let pair: FoundIdentityPair = isCalm || chance(20) ? .present(host.identity()) : .missing
            return tell(.identityLooked(FoundIdentity(pair: pair)))
        }
        if identityRenewal {
            identityRenewal = false
            return tell(.identityRenewalEnded(.renewed(host.identity())))
        }
        if isTimeAsked {
            isTimeAsked = false
            guard isCalm || chance(3) else { return tell(.timeAsked(.unanswered)) }
            let time = ServerTime(
                date: host.now.wall, readAt: host.now.boottime, uncertainty: .seconds(1))
            return tell(.timeAsked(.told(time, by: .first)))
        }
        if let plan = attempts.values.min(by: { $0.certificate.name < $1.certificate.name }), chance(2) {
            return end(plan)
        }
        if let plan = reloads.last, chance(2) {
            reloads.removeLast()
            let failure = RenewalFailure(stage: .reload, .reloadFailed, detail: "exit 1")
            guard isCalm || chance(2) else { return tell(.reloadEnded(plan.names, .failed(failure))) }
            for subject in plan.certificates {
                let key = subject.wanted.outputs.key
                served[key] = disk[key]?.installed?.serial
            }
            return tell(.reloadEnded(plan.names, .succeeded))
        }
        if !isCalm && chance(6) { return try disturb() }
        sleep()
    }

    private mutating func end(_ plan: AttemptPlan) {
        let name = plan.certificate.name
        attempts[name] = nil
        let failures: [RenewalFailure] = [
            .issuance, .forbidden, .unavailable, .unreachable, .unreachable, .fullDisk, .rateLimited(nil),
            .rateLimited(.hours(3)), RenewalFailure(stage: .order, .stopped, detail: ""),
        ]
        if !isCalm, chance(2), let failure = failures.randomElement(using: &random) {
            return tell(.attemptEnded(name, .failed(failure)))
        }
        serial += 1
        let found = plan.certificate.found(at: host.now.wall, lifetime: lifetime, serial: "\(serial)")
        let key = plan.certificate.outputs.key
        disk[key] = found
        // Somebody else tells those services that the agent doesn't.
        if host.wanted.first(where: { $0.outputs.key == key })?.reload == nil { served[key] = "\(serial)" }
        if let installed = found.installed {
            tell(.attemptEnded(name, .installed(IssuedReport(certificate: installed))))
        }
    }

    private mutating func disturb() throws {
        // What is at work is disturbed the most.
        let busy = host.wanted.indices.filter { attempts[host.wanted[$0].name] != nil || owes($0) }
        let number =
            (chance(3) ? nil : busy.randomElement(using: &random)) ?? Int.random(in: 0..<12, using: &random)
        let (name, key) = (host.wanted[number].name, host.wanted[number].outputs.key)
        switch Int.random(in: 0..<16, using: &random) {
        case 0:
            disk[key] = nil
            unseen.insert(key)
        case 1: disk[key]?.rebuildable = [.chain]
        case 7...12:
            try change(number)
            tell(.configured(host.wanted, host.settings))
        case 13:
            try change(number)
            try restart()
        case 2: tell(.requested(name, RenewalID("r\(actionCount)"), RenewRequest(rotateKey: chance(2))))
        case 3: tell(.reloadRequested(name, RenewalID("l\(actionCount)")))
        case 4: tell(.configured(host.wanted, host.settings))
        case 5: host.now.wall += Double.random(in: -7200...7200, using: &random)
        default: try restart()
        }
    }

    private func owes(_ number: Int) -> Bool {
        let wanted = host.wanted[number]
        return debts.contains(wanted.name) || reloads.contains { $0.command == wanted.reload?.command }
    }

    /// What a look at its files gives.
    private func found(_ name: CertificateName) -> FoundCertificate {
        wish(name).flatMap { disk[$0.outputs.key] } ?? .nothing
    }

    private mutating func rename(_ number: Int) throws {
        let name = host.wanted[number].name.text
        host.wanted[number].name = try named(name.hasSuffix("x") ? String(name.dropLast()) : name + "x")
    }

    private mutating func changePlaces(_ one: Int, _ other: Int) {
        let outputs = host.wanted[one].outputs
        host.wanted[one].outputs = host.wanted[other].outputs
        host.wanted[other].outputs = outputs
    }

    /// What somebody may change in the configuration.
    private mutating func change(_ number: Int) throws {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: changePlaces(number, (number + Int.random(in: 1..<12, using: &random)) % 12)
        case 1, 6: host.wanted[number].outputs = try managed("new\(actionCount)").outputs
        case 2:
            host.wanted[number].outputs.combined = chance(2) ? nil : host.wanted[number].outputs.key + ".pem"
        case 3: host.wanted[number].reload = nil
        case 4:
            host.wanted[number].reload = ReloadSetting(
                command: "reload \(Int.random(in: 1...3, using: &random))")
        default: try rename(number)
        }
    }

    private mutating func restart() throws {
        attempts = [:]
        reloads = []
        looks = []
        rebuilds = []
        identityLook = false
        identityRenewal = false
        isTimeAsked = false
        host.state = HostState(seed: random.next(), records: records)
        tell(.configured(host.wanted, host.settings))
    }

    private mutating func sleep() {
        let isBusy = !attempts.isEmpty || !reloads.isEmpty
        guard let deadline = host.state.nextDeadline else {
            if !isBusy { problems.append("nothing to wait for") }
            return
        }
        if deadline > host.now.boottime + host.settings.checkInterval {
            problems.append("sleeps past a look")
        }
        let next = isBusy ? min(deadline, host.now.boottime + .seconds(1)) : deadline
        absorb(host.wait(max(next - host.now.boottime, .zero)))
    }

    private mutating func chance(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &random) == 0 }
}

@Suite struct RandomWalkTests {
    @Test(arguments: [Duration.days(90), .days(6), .hours(1), .minutes(10)], [1, 2, 3, 4] as [UInt64])
    func `whatever happens, the rules hold, and calm brings everything in order`(
        lifetime: Duration, seed: UInt64
    ) throws {
        var walk = try Walk(seed: seed, lifetime: lifetime)
        for _ in 0..<2500 {
            try walk.step()
            if !walk.problems.isEmpty { break }
        }
        #expect(walk.problems == [])

        // A time without faults that outlasts every wait: each certificate is there and told to its service, with a
        // bounded number of actions. A spent budget is the longest wait; short lives don't have one.
        let calm: Duration = lifetime < .days(1) ? .hours(10) : .hours(36)
        walk.isCalm = true
        let start = walk.host.now.boottime
        walk.actionCount = 0
        while walk.host.now.boottime - start < calm && walk.actionCount < 4_000_000
            && walk.problems.isEmpty
        {
            try walk.step()
        }
        #expect(walk.problems == [])
        #expect(walk.debts.isDisjoint(with: walk.host.wanted.map(\.name)))
        for certificate in walk.host.wanted where certificate.reload != nil {
            let key = certificate.outputs.key
            #expect(walk.served[key] == walk.disk[key]?.installed?.serial, "\(certificate.name)")
        }
        for status in walk.host.snapshot().certificates {
            #expect(
                status.installed.map { $0.notAfter > walk.host.now.wall } == true,
                "\(status.name): \(status.why)")
        }
        let renewals = calm.seconds / (lifetime.seconds / 2) + 10
        let looks = calm.seconds / min(540, lifetime.seconds / 25)
        let looksAtIdentity = calm.seconds / 10
        #expect(Double(walk.actionCount) < 12 * (looks * 3 + renewals * 8) + looksAtIdentity * 2)
    }

    @Test func `the same seed gives the same course`() throws {
        func course() throws -> [Action] {
            let web = try managed("web")
            var host = try TestHost([web], seed: 9)
            var all = host.tell(.looked(web.name, .nothing))
            for _ in 0..<50 {
                all += host.tell(.attemptEnded(web.name, .failed(.unavailable)))
                all += host.wait(.hours(1))
                all += host.tell(.looked(web.name, .nothing))
            }
            return all
        }
        #expect(try course() == course())
    }
}
