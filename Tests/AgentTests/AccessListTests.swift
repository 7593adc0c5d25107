import Lifecycle
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Access control lists and attributes of replaced files: what is kept, and what never lets anybody at a key.
@Suite(.enabled(if: ProcessFacts.userID == 0)) struct AccessListTests {
    private let reader: UserID = 54_321
    private let stranger: UserID = 54_322

    private func host(_ lists: [String: String], mode: FileMode = 0o600) throws -> TestHost {
        let host = try TestHost()
        for (name, list) in lists {
            let path = try host.scratch.write("out/\(name)", "old", mode: mode)
            try Tool.run("/usr/bin/setfacl", ["-m", list, path])
        }
        // The reader has to get there.
        try Directory.open(host.scratch.path).descriptor.setMode(0o755)
        return host
    }

    @discardableResult
    private func install(_ host: TestHost) throws -> [String] {
        let (bundle, key) = try host.issued()
        return try host.installer().install(bundle, pendingKey: key, for: host.certificate)
    }

    private func path(_ host: TestHost, _ name: String = "key.pem") -> String {
        host.scratch.path("out/\(name)")
    }

    private func list(_ host: TestHost, _ name: String = "key.pem") throws -> AccessControlList? {
        try File.open(path(host, name)).accessControlList()
    }

    @Test func `who could read the replaced key by name can read the new one, and nobody else`() throws {
        let host = try host(["key.pem": "u:54321:r", "cert.pem": "u:54321:rw"])
        #expect(try install(host) == [])
        #expect(try Tool.canRead(path(host), user: reader))
        #expect(try !Tool.canRead(path(host), user: stranger))
        let key = try required(try list(host))
        #expect(key[.user(reader)] == 4)
        #expect(key[.owningGroup] == 0, "what the mode shows as the group's is the mask")
        #expect(try required(try list(host, "cert.pem"))[.user(reader)] == 4, "nobody but the owner writes")
        #expect(try list(host, "chain.pem") == nil)
    }

    @Test func `a mask that lets others write or everybody read is narrowed`() throws {
        let host = try host(["key.pem": "u:54321:rwx,g::rwx,m::rwx,o::r"])
        #expect(try install(host) == [])
        let key = try required(try list(host))
        #expect(key[.user(reader)] == 4)
        #expect(key[.mask] == 4)
        #expect(key[.others] == 0)
        #expect(try File.status(path(host))?.mode == 0o640)
        #expect(try !Tool.canRead(path(host), user: stranger))
    }

    @Test func `a configured mode is the mask, as it is for chmod`() throws {
        for (mode, mayRead) in [(FileMode(0o600), false), (0o640, true)] {
            var host = try host(["key.pem": "u:54321:r,g::-"])
            host.certificate.ownership.keyMode = mode
            #expect(try install(host) == [])
            #expect(try File.status(path(host))?.mode == mode)
            #expect(try Tool.canRead(path(host), user: reader) == mayRead)
            #expect(try required(try list(host))[.owningGroup] == mode >> 3 & 7)
        }
    }

    @Test func `a list on a file with a second name is not handed on`() throws {
        let host = try host([:])
        let planted = try host.scratch.write("elsewhere", "planted", mode: 0o600)
        try Tool.run("/usr/bin/setfacl", ["-m", "u:54322:r", planted])
        let out = try Directory.make(host.scratch.path("out"), mode: 0o755)
        try host.scratch.open().link("elsewhere", to: "key.pem", in: out)
        try install(host)
        #expect(try list(host) == nil)
        #expect(try !Tool.canRead(path(host), user: stranger))
    }

    @Test func `a list that another user planted in his directory is not handed on`() throws {
        let host = try host(["key.pem": "u:54322:r"])
        // The file is root's, moved there; the directory is his.
        try Directory.open(host.scratch.path("out")).descriptor.setOwner(stranger, group: stranger)
        try File.open(path(host)).setOwner(reader, group: nil)
        try install(host)
        #expect(try list(host) == nil)
        #expect(try File.status(path(host))?.mode == 0o600)
        #expect(try !Tool.canRead(path(host), user: stranger))
    }

    @Test(arguments: [true, false])
    func `another user's default list does not let him at the key, whatever its mode`(replaces: Bool) throws {
        var host = try host([:])
        host.certificate.ownership.keyMode = 0o640
        let out = try Directory.make(host.scratch.path("out"), mode: 0o755)
        if replaces { try host.scratch.write("out/key.pem", "old", mode: 0o600) }
        try out.descriptor.setOwner(reader, group: reader)
        try Tool.run("/usr/bin/setfacl", ["-d", "-m", "u:54322:r", host.scratch.path("out")])
        try install(host)
        #expect(try list(host) == nil)
        #expect(try !Tool.canRead(path(host), user: stranger))
    }

    @Test func `a trusted directory's default list is for new files, and not for those that had none`() throws
    {
        for (replaces, mayRead) in [(false, true), (true, false)] {
            var host = try host([:])
            host.certificate.ownership.keyMode = 0o640
            _ = try Directory.make(host.scratch.path("out"), mode: 0o755)
            if replaces { try host.scratch.write("out/key.pem", "old", mode: 0o600) }
            try Tool.run("/usr/bin/setfacl", ["-d", "-m", "u:54321:r", host.scratch.path("out")])
            try install(host)
            #expect(try Tool.canRead(path(host), user: reader) == mayRead)
            #expect(try !Tool.canRead(path(host), user: stranger))
        }
    }

    @Test func `users' attributes and labels stay, what vouches for the old content goes`() throws {
        let host = try host([:])
        let old = try File.open(try host.scratch.write("out/key.pem", "old", mode: 0o600))
        let label = Array("system_u:object_r:cert_t:s0\0".utf8)
        try old.setAttribute("user.origin", to: Array("certplane".utf8))
        try old.setAttribute("security.selinux", to: label)
        // A file capability, revision 2 (linux/capability.h).
        try old.setAttribute("security.capability", to: [0, 0, 0, 2] + [UInt8](repeating: 0, count: 16))
        #expect(try install(host) == [])
        let new = try File.open(path(host))
        #expect(try new.status().inode != old.status().inode)
        #expect(try new.attribute("user.origin") == Array("certplane".utf8))
        #expect(try new.attribute("security.selinux") == label)
        #expect(try new.attribute("security.capability") == nil)
    }

    @Test func `what can't be read of the old file never widens the new one`() throws {
        let host = try host(["key.pem": "u:54321:r"])
        let status = try required(File.status(path(host)))
        #expect(status.mode == 0o640, "the mask")
        var inherited = FileInheritance(status: status)
        inherited.accessList = .unknown
        let agent = FileAccess.Account(user: 0, group: 0)
        let decide = { (secrecy: FileAccess.Secrecy, configured: FileAccess.Configured) in
            FileAccess.decide(secrecy: secrecy, configured: configured, inherited: inherited, agent: agent)
        }
        #expect(decide(.secret, FileAccess.Configured()).mode == 0o600)
        #expect(decide(.secret, FileAccess.Configured(mode: 0o640)).mode == 0o640)
        #expect(decide(.open, FileAccess.Configured()).mode == 0o640)
    }

    @Test func `where lists can't be kept the group gets no more than it had, and that is told`() throws {
        let host = try host(["key.pem": "u:54321:r,g::-"])
        let inherited = FileInheritance(
            from: try SafePath.resolve(path(host)), in: try Directory.open(host.scratch.path("out")).status(),
            tag: "", agent: .current)
        var access = FileAccess.decide(
            secrecy: .secret, configured: FileAccess.Configured(), inherited: inherited, agent: .current)
        #expect(access.mode == 0o600)
        // A list that the kernel refuses: it has no mask.
        access.accessList = AccessControlList([AccessControlList.Entry(.user(reader), 4)])
        let file = try host.scratch.open().createFile("new", mode: 0o600)
        #expect(try access.apply(to: file, defaultList: .dropped).count == 1)
        #expect(try file.status().mode == 0o600)
    }
}
