import CPOSIX
import Glibc

/// What the kernel knows about this process, for its metrics and messages. What can't be read is nil.
public struct ProcessFacts: Hashable, Sendable {
    public var residentBytes: Int64?
    public var virtualBytes: Int64?
    /// User and system time of all threads.
    public var cpuTime: Duration?
    public var threads: Int?
    public var openDescriptors: Int?
    public var mostDescriptors: Int?
    /// Since 1970.
    public var startedAt: Duration?

    public static var processID: Int32 { getpid() }
    public static var userID: UserID { geteuid() }
    public static var groupID: GroupID { getegid() }
    /// That are online; at least one.
    public static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    public static func current() -> ProcessFacts {
        var facts = ProcessFacts()
        facts.readStat()
        facts.openDescriptors = countDescriptors()
        facts.mostDescriptors = descriptorLimit
        return facts
    }

    /// Descriptors have lower numbers than this; it can be changed at any time, from outside too.
    public static var descriptorLimit: Int? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    /// What can't be counted is left out of the metrics.
    private static func countDescriptors() -> Int? {
        let path = "/proc/self/fd"
        // The size of the directory since Linux 6.2: who holds thousands would else pay for each at each scrape.
        if let size = (try? File.status(path))??.size, size > 0 { return Int(size) }
        // Two of the entries are the directory itself.
        return try? Directory.open(path).entries().count - 2
    }

    /// proc(5): numbered from 1; the second field, the name in brackets, may hold anything.
    private mutating func readStat() {
        guard let text = ProcessFacts.procFile("/proc/self/stat"), let bracket = text.lastIndex(of: ")")
        else { return }
        let fields = text[text.index(after: bracket)...].split(separator: " ").map { Int64($0) }
        func field(_ number: Int) -> Int64? { fields.indices.contains(number - 3) ? fields[number - 3] : nil }
        let ticksASecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
        guard ticksASecond > 0 else { return }
        func duration(ticks: Int64) -> Duration { .seconds(1) * ticks / ticksASecond }

        if let user = field(14), let system = field(15) { cpuTime = duration(ticks: user + system) }
        threads = field(20).map { Int($0) }
        virtualBytes = field(23)
        residentBytes = field(24).map { $0 * Int64(sysconf(Int32(_SC_PAGESIZE))) }
        if let started = field(22), let boot = ProcessFacts.boot {
            startedAt = boot + duration(ticks: started)
        }
    }

    /// Read once: the file is long, and slow to make for the kernel.
    private static let boot = bootedAt()

    private static func bootedAt() -> Duration? {
        guard let text = procFile("/proc/stat") else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Int64($0.dropFirst(6)) }.map { .seconds($0) }
    }

    private static func procFile(_ path: String) -> String? {
        // Not mounted in every chroot.
        (try? File.read(path, limit: 1 << 20)).map { String(decoding: $0, as: UTF8.self) }
    }
}
