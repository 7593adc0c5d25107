import FoundationEssentials
import Glibc
import Lifecycle
import Log
import POSIX
import TestSupport
import Testing

@testable import Agent

@Suite struct StateTests {
    let host: TestHost
    let name: CertificateName

    init() throws {
        host = try TestHost()
        name = host.certificate.name
    }

    private func store() throws -> StateStore {
        StateStore(directory: try host.stateDirectory(), log: host.log)
    }

    private var sample: CertificateRecord {
        var record = CertificateRecord()
        record.consecutiveFailures = 3
        record.nextAttemptAt = host.now + 600
        record.lastError = RecordedError(
            failure: RenewalFailure(
                stage: .order, .rateLimited, detail: "later", retryAfter: .seconds(90)), at: host.now)
        record.orders.note(at: host.now)
        record.reload = ReloadDebt(since: host.now)
        return record
    }

    @Test func `a record survives a restart`() throws {
        #expect(try store().record(for: name) == CertificateRecord())
        try store().store(sample, for: name)
        #expect(try store().record(for: name) == sample)
        #expect(try required(File.status(host.scratch.path("state/state/web.json"))).mode == 0o600)
        #expect(host.capture.lines.isEmpty)
        try store().remove(name)
        #expect(try store().record(for: name) == CertificateRecord())
    }

    @Test func `names become one path component each, whatever is in them`() throws {
        let texts = ["../../etc/passwd", ".", "..", "a/b", "ünïcode ✓", String(repeating: "/", count: 255)]
        for (position, text) in texts.enumerated() {
            var record = CertificateRecord()
            record.consecutiveFailures = position
            try store().store(record, for: try CertificateName(validating: text))
        }
        for (position, text) in texts.enumerated() {
            let record = try store().record(for: try CertificateName(validating: text))
            #expect(record.consecutiveFailures == position)
        }
        let directory = try host.stateDirectory()
        #expect(try directory.records.entries().count == texts.count)
        #expect(try directory.root.entries() == ["journal", "pending", "staging-tag", "state"])
    }

    @Test func `a certificate is found by its record, also where the file's name can't hold the whole of it`()
        throws
    {
        let texts = [
            "web", "a/b", "~", String(repeating: "é", count: 127) + "x", String(repeating: "/", count: 255),
        ]
        let names = try texts.map { try CertificateName(validating: $0) }
        for name in names { try store().store(sample, for: name) }
        #expect(try store().names() == Set(names))
        for name in names {
            #expect(try store().record(for: name) == sample)
            #expect(name.fileName.utf8.count <= 200)
            try store().remove(name)
        }
        #expect(try store().names().isEmpty)
    }

    @Test func `a record under a cut name that tells of nobody, or of another, is nobody's`() throws {
        let long = try CertificateName(validating: String(repeating: "/", count: 255))
        let file = "state/state/\(long.fileName).json"
        for content in ["{", #"{"version": 1}"#, #"{"version": 1, "certificate": "web"}"#] {
            _ = try store()
            try host.scratch.write(file, content, mode: 0o600)
            #expect(try store().names().isEmpty)
        }
    }

    @Test(arguments: ["", "{", "[]", #"{"version": 99}"#, #"{"version": 1, "orders": 7}"#])
    func `a damaged record is set aside and told, and the certificate starts clean`(damage: String) throws {
        try store().store(sample, for: name)
        try host.scratch.write("state/state/web.json", damage, mode: 0o600)
        #expect(try store().record(for: name) == CertificateRecord())
        let entries = try host.stateDirectory().records.entries()
        #expect(entries.count == 1)
        #expect(entries.first?.hasPrefix("web.json.damaged-") == true)
        #expect(host.capture.lines.contains { $0.contains("level=ERROR") && $0.contains("damaged") })
        try store().store(sample, for: name)
        #expect(try store().record(for: name) == sample)
    }

    /// In a process of its own: the limit of descriptors is everybody's.
    @Test func `a record that can't be read for want of descriptors is not set aside`() async {
        await #expect(processExitsWith: .success) {
            let tests = try StateTests()
            let (store, name, sample) = (try tests.store(), tests.name, tests.sample)
            try store.store(sample, for: name)
            var before = rlimit()
            guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) == 0 else { exit(2) }
            var none = rlimit(rlim_cur: 0, rlim_max: before.rlim_max)
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none) == 0 else { exit(2) }
            do {
                _ = try store.stored(for: name)
                exit(3)
            } catch let error as SystemError {
                guard error.errno == .tooManyOpenFiles else { exit(4) }
            }
            guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &before) == 0 else { exit(2) }
            let again = try store.stored(for: name)
            guard again == sample else { exit(5) }
        }
    }

    @Test(arguments: [
        #""lastAttemptAt": 1e300"#, #""nextAttemptAt": -1e300"#, #""lifetime": [9223372036854775807, 0]"#,
        #""consecutiveFailures": 9223372036854775807"#, #""backoffStep": -1"#,
        #""orders": {"hours": [{"hour": 498826, "count": 9223372036854775807}]}"#,
        #""orders": {"hours": [], "lastOrderAt": 1e300}"#,
        #""reload": {"attempts": 0, "nextAttemptAt": 1, "since": 1e300}"#,
        #""pause": {"broker": "https://b", "since": 1, "until": 1e300}"#,
    ])
    func `a record with an impossible number is a damaged one`(number: String) throws {
        var parts = [
            #""version": 1"#, #""consecutiveFailures": 0"#, #""backoffStep": 0"#,
            #""retiresPendingKey": false"#, #""orders": {"hours": []}"#,
        ]
        try store().store(sample, for: name)
        func write() throws {
            let text = "{\(parts.joined(separator: ", "))}"
            try host.scratch.write("state/state/web.json", text, mode: 0o600)
        }
        try write()
        #expect(try store().record(for: name) == CertificateRecord())
        #expect(host.capture.lines.isEmpty, "as it is without that number")
        let key = number.prefix { $0 != ":" }
        parts.removeAll { $0.hasPrefix(key) }
        parts.append(number)
        try write()
        #expect(try store().record(for: name) == CertificateRecord())
        #expect(host.capture.lines.contains { $0.contains("none that an agent writes") })
    }

    @Test func `every beginning of a record is either set aside or no record at all`() throws {
        try store().store(sample, for: name)
        let whole = try File.read(host.scratch.path("state/state/web.json"), limit: 1 << 20)
        for length in stride(from: 0, to: whole.count, by: 7) {
            try host.scratch.write(
                "state/state/web.json", String(decoding: whole[..<length], as: UTF8.self), mode: 0o600)
            #expect(try store().record(for: name) == CertificateRecord())
        }
    }

    @Test func `the state directory is closed to others, and its parents are not`() throws {
        let path = host.scratch.path("var/lib/certplane/agent")
        _ = try StateDirectory(path: path, log: host.log)
        #expect(try required(File.status(path)).mode == 0o700)
        #expect(try required(File.status(path + "/pending")).mode == 0o700)
        #expect(try required(File.status(host.scratch.path("var/lib/certplane"))).mode == 0o755)
        #expect(host.capture.lines.isEmpty)
    }

    @Test func `what was open to others is closed, with a warning each`() throws {
        _ = try host.stateDirectory()
        try host.scratch.write("state/pending/web.key", "key", mode: 0o640)
        try host.scratch.write("state/agent.lock", "", mode: 0o644)
        try host.scratch.open().openDirectory("state").descriptor.setMode(0o755)
        _ = try host.stateDirectory()
        #expect(try required(File.status(host.scratch.path("state"))).mode == 0o700)
        for file in ["state/pending/web.key", "state/agent.lock"] {
            #expect(try required(File.status(host.scratch.path(file))).mode == 0o600)
        }
        #expect(host.capture.lines.filter { $0.contains("level=WARN") }.count == 3)
    }

    @Test func `what is staged beside targets carries the directory's own tag`() throws {
        let tag = try host.stateDirectory().stagingTag
        #expect(tag.count == 9 && tag.hasSuffix("-"))
        #expect(try host.stateDirectory().stagingTag == tag)
        #expect(try TestHost().stateDirectory().stagingTag != tag)
        for damage in ["", "../../../x-", "0123456g-"] {
            try host.scratch.write("state/staging-tag", damage, mode: 0o600)
            let other = try host.stateDirectory().stagingTag
            #expect(other != tag && other != damage)
            #expect(try host.stateDirectory().stagingTag == other)
        }
    }

    @Test func `what is staged in the meantime is told from what the dead have left`() throws {
        let state = try host.stateDirectory()
        let before = state.stagingMark
        try state.beginGeneration()
        #expect(state.stagingMark.hasPrefix(state.stagingTag) && state.stagingMark != before)
        // Another process, whose lock came after it.
        let other = try host.stateDirectory()
        let lock = try other.lock(.enrolling)
        #expect(other.stagingMark == state.stagingMark)
        try other.beginGeneration()
        _ = consume lock
        _ = try state.lock(.enrolling)
        #expect(state.stagingMark == other.stagingMark)

        let folder = try Directory.make(host.scratch.path("out"), mode: 0o755)
        for mark in [before, state.stagingMark] {
            try folder.createFile(".certplane-\(mark)0", mode: 0o600).writeAll([1])
        }
        var sweep = StagingSweep(tag: state.stagingTag, log: host.log)
        sweep.current = state.stagingMark
        sweep.sweepBeside([host.scratch.path("out/x")])
        #expect(try folder.entries() == [".certplane-\(state.stagingMark)0"])
    }

    @Test func `a generation that can't be read keeps no agent from running, but an enrolment from staging`()
        throws
    {
        let state = try host.stateDirectory()
        _ = try state.root.makeDirectory("staging-generation", mode: 0o700)
        #expect(throws: FileLock.Failure.self) { _ = try state.lock(.enrolling) }
        _ = try state.lock(.running)
        _ = try state.lock(.enrolling)
        try state.beginGeneration()
        #expect(try state.root.entries().contains { $0.hasPrefix("staging-generation.damaged-") })
    }

    @Test func `what an interrupted write left in it is swept`() throws {
        let directory = try host.stateDirectory()
        for name in ["", "state/", "pending/", "journal/"] {
            try host.scratch.write("state/\(name).certplane-1", "half", mode: 0o600)
        }
        try store().store(sample, for: name)
        let sweep = StagingSweep(tag: directory.stagingTag, log: host.log)
        sweep.sweepRecords(of: directory)
        sweep.sweepJournal(of: directory)
        #expect(try directory.root.entries() == ["journal", "pending", "staging-tag", "state"])
        #expect(try directory.records.entries() == ["web.json"])
        #expect(try directory.pendingKeys.entries() == [])
        #expect(try directory.journal.entries() == [])
    }

    @Test func `one agent at a time; a stale lock file holds nobody up; enrolling has a lock of its own`()
        throws
    {
        try host.scratch.write("state/agent.lock", "4711\n", mode: 0o600)
        let directory = try host.stateDirectory()
        let lock = try directory.lock(.running)
        let failure = #expect(throws: FileLock.Failure.self) { _ = try directory.lock(.running) }
        #expect(failure == .held(by: ProcessFacts.processID))
        _ = try directory.lock(.enrolling)
        _ = consume lock
    }

    /// As operators of upstream's agent are used to.
    @Test(arguments: [(StateDirectory.Activity.running, "agent.lock"), (.enrolling, "enroll.lock")])
    func `a lock holds although its file is removed`(activity: StateDirectory.Activity, file: String) throws {
        let directory = try host.stateDirectory()
        let lock = try directory.lock(activity)
        try directory.root.unlink(file)
        for _ in 0..<2 {
            // Another process has a state directory of its own too.
            let failure = #expect(throws: FileLock.Failure.self) {
                _ = try host.stateDirectory().lock(activity)
            }
            #expect(failure == .held(by: nil))
        }
        #expect(try !directory.root.entries().contains(file))
        let other: StateDirectory.Activity = activity == .running ? .enrolling : .running
        _ = try host.stateDirectory().lock(other)
        _ = consume lock
        _ = try host.stateDirectory().lock(activity)
    }
}
