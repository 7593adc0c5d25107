import POSIX
import TestSupport
import Testing

@testable import POSIX

@Suite struct AttributesTests {
    private let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func file() throws -> FileDescriptor {
        try scratch.open().createFile("file", mode: 0o640)
    }

    @Test func `an attribute is read as it was written, and one that isn't there is none`() throws {
        let file = try file()
        #expect(try file.attribute("user.colour") == nil)
        try file.setAttribute("user.colour", to: Array("red\0green".utf8))
        try file.setAttribute("user.empty", to: [])
        #expect(try file.attribute("user.colour") == Array("red\0green".utf8))
        #expect(try file.attribute("user.empty") == [])
        #expect(try file.attributeNames().filter { $0.hasPrefix("user.") } == ["user.colour", "user.empty"])
        #expect(try file.removeAttribute("user.colour"))
        #expect(try !file.removeAttribute("user.colour"))
    }

    @Test func `a name with a zero byte is refused`() throws {
        let file = try file()
        let failure = #expect(throws: SystemError.self) { try file.attribute("user.a\0b") }
        #expect(failure?.errno == .invalid)
    }

    private static let list = AccessControlList([
        AccessControlList.Entry(.owner, 6), AccessControlList.Entry(.user(54_321), 7),
        AccessControlList.Entry(.owningGroup, 0), AccessControlList.Entry(.group(54_322), 4),
        AccessControlList.Entry(.mask, 4), AccessControlList.Entry(.others, 0),
    ])

    @Test func `an access list is the kernel's, and shows its mask as the group's mode`() throws {
        let file = try file()
        #expect(try file.accessControlList() == nil)
        try file.setAccessControlList(Self.list)
        #expect(try file.accessControlList() == Self.list)
        #expect(try file.status().mode == 0o640)
        #expect(Self.list.mode == 0o600, "the owning group itself may do nothing")
        try file.removeAccessControlList()
        #expect(try file.accessControlList() == nil)
        try file.removeAccessControlList()
    }

    @Test func `an access list of acl's own tool is understood`() throws {
        let path = try scratch.write("file", "", mode: 0o600)
        let answer = try Tool.run("/usr/bin/setfacl", ["-m", "u:54321:rw,g:54322:r,m::r", path])
        #expect(answer == "")
        let list = try #require(try File.open(path).accessControlList())
        #expect(list[.user(54_321)] == 6)
        #expect(list[.group(54_322)] == 4)
        #expect(list[.mask] == 4)
        #expect(list[.others] == 0)
    }

    @Test func `limited to a mode nobody may do more than his class`() {
        let limited = Self.list.limited(to: 0o640)
        #expect(limited[.user(54_321)] == 4)
        #expect(limited[.mask] == 4)
        #expect(Self.list.limited(to: 0o600)[.group(54_322)] == 0)
    }

    @Test(arguments: [
        [], [2, 0, 0], [3, 0, 0, 0], [2, 0, 0, 0, 1, 0, 6, 0, 0], [2, 0, 0, 0, 3, 0, 6, 0, 0, 0, 0, 0],
    ])
    func `what is no access list is none`(bytes: [UInt8]) {
        #expect(AccessControlList(attribute: bytes) == nil)
    }

    @Test(.enabled(if: ProcessFacts.userID == 0)) func `a bind-mounted file is told from others`()
        async throws
    {
        let source = try scratch.write("source", "x")
        let target = try scratch.write("out/target", "")
        try scratch.write("out/other", "")
        let directory = scratch.path("out")
        let answers = try await MountNamespace.run {
            try MountNamespace.bind(source, onto: target)
            let out = try Directory.open(directory)
            return [
                try out.isMountPoint("target"), try out.isMountPoint("other"),
                try out.isMountPoint("missing"),
            ]
        }
        #expect(answers == [true, false, false])
        #expect(try !scratch.open().isMountPoint("out"), "the mount was the thread's own")
    }

    @Test func `space that isn't there can't be reserved, and the size stays`() throws {
        let file = try file()
        try file.writeAll(Array("12345".utf8))
        try file.reserve(1 << 16)
        #expect(try file.status().size == 5)
    }
}
