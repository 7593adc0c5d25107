import Glibc
import POSIX
import TestSupport
import Testing

@Suite struct ServiceTests {
    @Test(arguments: ["path", "abstract"])
    func `what is notified arrives, one message a datagram`(_ kind: String) throws {
        let scratch = try ScratchDirectory()
        let path = kind == "path" ? scratch.path("notify") : "@" + scratch.path("notify")
        let service = try datagramSocket(bound: path)
        let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": path])
        try notifier.ready()
        try notifier.status("two\nlines")
        try notifier.extendTimeout(.milliseconds(1_500))
        #expect(try service.read(upTo: 100) == Array("READY=1".utf8))
        #expect(try service.read(upTo: 100) == Array("STATUS=two lines".utf8))
        #expect(try service.read(upTo: 100) == Array("EXTEND_TIMEOUT_USEC=1500000".utf8))
    }

    @Test func `without anybody listening nothing is done, and a vanished listener is said`() throws {
        try ServiceNotifier(environment: [:]).ready()
        #expect(throws: SystemError("sendto", "/does/not/exist", .notFound)) {
            try ServiceNotifier(environment: ["NOTIFY_SOCKET": "/does/not/exist"]).ready()
        }
    }

    @Test func `the watchdog is fed only by the process it watches`() {
        func interval(_ environment: [String: String]) -> Duration? {
            ServiceNotifier(environment: environment).watchdogInterval
        }
        let own = "\(ProcessFacts.processID)"
        #expect(interval(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": own]) == .seconds(30))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "often"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
    }

    @Test func `accounts are found by name or number`() throws {
        #expect(try Accounts.userID(named: "root") == 0)
        #expect(try Accounts.groupID(named: "root") == 0)
        #expect(try Accounts.userID(named: "12345") == 12_345)
        for name in ["no such user", "", "-1", "+1", "4294967295", "4294967296"] {
            #expect(try Accounts.userID(named: name) == nil, "\(name)")
            #expect(try Accounts.groupID(named: name) == nil, "\(name)")
        }
    }

    @Test func `the environment is read as it is`() {
        let all = Environment.all()
        #expect(all["PATH"] != nil && all["PATH"] == Environment["PATH"])
        #expect(Environment["NO_SUCH_VARIABLE"] == nil)
    }

    @Test func `the process knows its own size and age`() {
        let facts = ProcessFacts.current()
        #expect((1 << 20...1 << 36).contains(facts.residentBytes ?? 0))
        #expect(facts.cpuTime.map { $0 > .zero } == true)
        #expect((facts.openDescriptors ?? 0) >= 3)
        #expect((facts.mostDescriptors ?? 0) >= (facts.openDescriptors ?? 0))
        let age = facts.startedAt.map { .seconds(Clock.wall().seconds) - $0 }
        #expect(age.map { $0 > .seconds(-3) && $0 < .seconds(3_600) } == true)
    }

    private func datagramSocket(bound path: String) throws -> FileDescriptor {
        let socket = FileDescriptor(owning: socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        var size = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        if bytes[0] == UInt8(ascii: "@") { address.sun_path.0 = 0 } else { size += 1 }
        let answer = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket.rawValue, $0, size) }
        }
        if answer != 0 { throw Errno(rawValue: Glibc.errno) }
        return socket
    }
}
