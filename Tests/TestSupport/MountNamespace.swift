import Glibc
import POSIX

/// Mounts that only one thread of the test sees, and that go with it. Root only.
public enum MountNamespace {
    /// Runs `body` on a thread of its own with a mount namespace of its own (mount_namespaces(7)).
    public static func run<Answer: Sendable>(
        _ body: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        try await onThread {
            try enter()
            return try body()
        }
    }

    /// Makes one file appear in another's place.
    public static func bind(_ source: String, onto target: String) throws {
        try mount(source, target, nil, .bind)
    }

    /// A file system in memory: `options` as in tmpfs(5), `size=64k` for example.
    public static func memory(at target: String, _ options: String) throws {
        try mount("tmpfs", target, "tmpfs", [], options)
    }

    /// A directory that can't be written to, by root either.
    public static func makeReadOnly(_ target: String) throws {
        try mount(target, target, nil, .bind)
        try mount(nil, target, nil, [.bind, .remount, .readOnly])
    }

    /// A directory in which no system call returns until the answer goes: a file system of whose questions (FUSE) nobody
    /// answers any.
    public static func hanging(at target: String) throws -> HangingDirectory {
        let device = open("/dev/fuse", O_RDWR | O_CLOEXEC)
        try check(min(device, 0), "open", "/dev/fuse")
        let hanging = HangingDirectory(device: device)
        try mount("hanging", target, "fuse", [], "fd=\(device),rootmode=40000,user_id=0,group_id=0")
        return hanging
    }

    /// Whether a directory can be made to hang here.
    public static let canHang = ProcessFacts.userID == 0 && access("/dev/fuse", R_OK | W_OK) == 0

    /// What was mounted there last goes.
    public static func unmount(_ target: String) throws {
        try check(umount2(target, 0), "umount", target)
    }

    private struct Flags: OptionSet {
        let rawValue: UInt
        static let readOnly = Flags(rawValue: 1)
        static let remount = Flags(rawValue: 32)
        static let bind = Flags(rawValue: 4096)
        static let recursive = Flags(rawValue: 16384)
        static let isPrivate = Flags(rawValue: 1 << 18)
    }

    private typealias Unshare = @convention(c) (Int32) -> Int32
    private typealias Mount =
        @convention(c) (
            UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UInt, UnsafePointer<CChar>?
        ) -> Int32

    /// What the C library has and its module for Swift doesn't.
    private static func function<Function>(_ name: String, _ type: Function.Type) throws -> Function {
        guard let address = dlsym(nil, name) else { throw SystemError("dlsym", name, .notFound) }
        return unsafeBitCast(address, to: type)
    }

    /// The calling thread, what it starts, and no others see what is mounted from now on.
    public static func enter() throws {
        let newMountNamespace: Int32 = 0x2_0000
        try check(try function("unshare", Unshare.self)(newMountNamespace), "unshare", nil)
        // Else the mounts would spread to the namespace that this one was copied from.
        try mount(nil, "/", nil, [.recursive, .isPrivate])
    }

    private static func mount(
        _ source: String?, _ target: String, _ type: String?, _ flags: Flags, _ options: String? = nil
    ) throws {
        let mount = try function("mount", Mount.self)
        try check(
            withNames(source, target, type, options) { mount($0, $1, $2, flags.rawValue, $3) }, "mount",
            target)
    }

    private static func withNames(
        _ source: String?, _ target: String, _ type: String?, _ options: String?,
        _ body: (
            UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?
        ) -> Int32
    ) -> Int32 {
        let texts = [source, target, type, options].map { text in text.map { strdup($0) } ?? nil }
        defer { for text in texts { free(text) } }
        return body(texts[0], texts[1], texts[2], texts[3])
    }

    private static func check(_ answer: Int32, _ call: String, _ path: String?) throws {
        if answer != 0 { throw SystemError(call, path, Errno(rawValue: errno)) }
    }
}

/// Hangs until it is freed, or goes.
public final class HangingDirectory: Sendable {
    private let device: Lock<Int32?>

    fileprivate init(device: Int32) { self.device = Lock(device) }

    deinit { free() }

    /// Every call in it fails from now on.
    public func free() {
        if let device = device.withLock({ $0.take() }) { close(device) }
    }
}
