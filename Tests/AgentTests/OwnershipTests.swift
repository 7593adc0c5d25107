import Lifecycle
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Owners and modes of installed files. Other users are played by numbers without accounts, for which the
/// tests have to be root.
@Suite(.enabled(if: ProcessFacts.userID == 0)) struct OwnershipTests {
    private let stranger: UserID = 54_321
    private let third: UserID = 54_322

    private func own(_ path: String, _ user: UserID) throws {
        let slash = try required(path.lastIndex(of: "/"))
        let name = String(path[path.index(after: slash)...])
        try Directory.open(String(path[..<slash])).openFile(name).setOwner(user, group: user)
    }

    private func install(_ host: TestHost) throws {
        let (bundle, key) = try host.issued()
        _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
    }

    private func status(_ host: TestHost, _ name: String) throws -> FileStatus {
        try required(File.status(host.scratch.path("out/\(name)")))
    }

    @Test func `owner and mode of the replaced files stay, a key's mode no wider than 0640`() throws {
        let host = try TestHost()
        try host.scratch.write("out/key.pem", "old", mode: 0o664)
        try host.scratch.write("out/cert.pem", "old", mode: 0o4666)
        for name in ["key.pem", "cert.pem"] { try own(host.scratch.path("out/\(name)"), stranger) }
        try install(host)
        let (key, cert, chain) = (
            try status(host, "key.pem"), try status(host, "cert.pem"), try status(host, "chain.pem")
        )
        #expect((key.owner, key.group, key.mode) == (stranger, stranger, 0o640))
        #expect((cert.owner, cert.group, cert.mode) == (stranger, stranger, 0o644))
        #expect((chain.owner, chain.mode) == (0, 0o644))
    }

    @Test func `configured owner, group and modes win`() throws {
        var host = try TestHost()
        try host.scratch.write("out/key.pem", "old", mode: 0o600)
        host.certificate.ownership = FileOwnership(
            owner: "\(stranger)", group: "\(third)", keyMode: 0o440, certMode: 0o444)
        try install(host)
        let (key, chain) = (try status(host, "key.pem"), try status(host, "chain.pem"))
        #expect((key.owner, key.group, key.mode) == (stranger, third, 0o440))
        #expect((chain.owner, chain.group, chain.mode) == (stranger, third, 0o444))
    }

    @Test func `a hard link hands on nothing, and the file behind it is not touched`() throws {
        let host = try TestHost()
        try host.scratch.write("elsewhere", "another's", mode: 0o666)
        try own(host.scratch.path("elsewhere"), stranger)
        let out = try Directory.make(host.scratch.path("out"), mode: 0o755)
        try host.scratch.open().link("elsewhere", to: "key.pem", in: out)
        try install(host)
        let key = try status(host, "key.pem")
        #expect((key.owner, key.mode) == (0, 0o600))
        #expect(try host.scratch.read("elsewhere") == "another's")
    }

    /// `cp -l` makes one, as a backup.
    @Test func `a service that loses its key by a second name of it is told of, once`() throws {
        let host = try TestHost()
        try host.scratch.write("out/key.pem", "old", mode: 0o640)
        try File.open(host.scratch.path("out/key.pem")).setOwner(0, group: third)
        try host.scratch.open().openDirectory("out").link("key.pem", to: "backup.pem")
        let warnings = try (1...2).map { _ in
            let (bundle, key) = try host.issued()
            return try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        }
        #expect(warnings.map(\.count) == [1, 0])
        let told = warnings[0][0]
        #expect(told.contains("(user 0, group 54322, mode 0640) are not handed on: it has a second name"))
        #expect(told.contains("set owner, group and key_mode"), "\(told)")
        let key = try status(host, "key.pem")
        #expect((key.owner, key.group, key.mode) == (0, 0, 0o600))
    }

    @Test func `a second name that an install of ours has left costs nothing`() throws {
        let host = try TestHost()
        try host.scratch.write("out/key.pem", "old", mode: 0o640)
        try File.open(host.scratch.path("out/key.pem")).setOwner(0, group: third)
        let state = try host.stateDirectory()
        let tag = state.stagingMark
        try state.beginGeneration()
        try host.scratch.open().openDirectory("out").link("key.pem", to: ".certplane-\(tag)0123.old")
        let (bundle, key) = try host.issued()
        #expect(try host.installer().install(bundle, pendingKey: key, for: host.certificate) == [])
        let installed = try status(host, "key.pem")
        #expect((installed.group, installed.mode) == (third, 0o640))
    }

    @Test func `in another user's directory only that user can be inherited`() throws {
        let host = try TestHost()
        try host.scratch.write("out/key.pem", "planted", mode: 0o644)
        try host.scratch.write("out/cert.pem", "old", mode: 0o640)
        try Directory.open(host.scratch.path("out")).descriptor.setOwner(stranger, group: stranger)
        try own(host.scratch.path("out/key.pem"), third)
        try own(host.scratch.path("out/cert.pem"), stranger)
        try install(host)
        let (key, cert) = (try status(host, "key.pem"), try status(host, "cert.pem"))
        #expect((key.owner, key.mode) == (0, 0o600))
        #expect((cert.owner, cert.mode) == (stranger, 0o640))
    }

    private func place(
        _ host: TestHost, directory: (owner: UserID, group: GroupID, mode: FileMode),
        key: (owner: UserID, group: GroupID, mode: FileMode)
    ) throws {
        try host.scratch.write("out/key.pem", "old", mode: key.mode)
        try File.open(host.scratch.path("out/key.pem")).setOwner(key.owner, group: key.group)
        let out = try Directory.open(host.scratch.path("out"))
        try out.descriptor.setOwner(directory.owner, group: directory.group)
        try out.descriptor.setMode(directory.mode)
    }

    @Test func `a group that may read the directory and not write to it is handed on`() throws {
        let host = try TestHost()
        try place(host, directory: (0, third, 0o2750), key: (0, third, 0o640))
        let (bundle, key) = try host.issued()
        #expect(try host.installer().install(bundle, pendingKey: key, for: host.certificate) == [])
        let installed = try status(host, "key.pem")
        #expect((installed.owner, installed.group, installed.mode) == (0, third, 0o640))
    }

    @Test func `a group that may write to the directory is not handed on, and that is told once`() throws {
        let host = try TestHost()
        try place(host, directory: (0, third, 0o2770), key: (0, third, 0o640))
        let counts = try (1...2).map { _ in
            let (bundle, key) = try host.issued()
            return try host.installer().install(bundle, pendingKey: key, for: host.certificate).count
        }
        #expect(counts == [1, 0])
        let installed = try status(host, "key.pem")
        #expect((installed.owner, installed.group, installed.mode) == (0, 0, 0o600))
    }

    @Test func `a user whose directory his group may write to keeps his key, for himself`() throws {
        let host = try TestHost()
        try place(host, directory: (stranger, third, 0o770), key: (stranger, third, 0o640))
        let counts = try (1...2).map { _ in
            let (bundle, key) = try host.issued()
            return try host.installer().install(bundle, pendingKey: key, for: host.certificate).count
        }
        #expect(counts == [1, 0])
        let installed = try status(host, "key.pem")
        #expect((installed.owner, installed.group, installed.mode) == (stranger, 0, 0o600))
    }

    @Test func `a user's directory below another of his is his`() throws {
        var host = try TestHost()
        host.certificate.outputs.key = host.scratch.path("home/www/key.pem")
        try host.scratch.write("home/www/key.pem", "old", mode: 0o640)
        for name in ["home", "home/www"] {
            try Directory.open(host.scratch.path(name)).descriptor.setOwner(stranger, group: stranger)
        }
        try own(host.scratch.path("home/www/key.pem"), stranger)
        try install(host)
        let installed = try required(File.status(host.certificate.outputs.key))
        #expect((installed.owner, installed.group, installed.mode) == (stranger, stranger, 0o640))
        // Others may exchange his directories for one another now.
        try Directory.open(host.scratch.path("home")).descriptor.setMode(0o775)
        try install(host)
        let narrowed = try required(File.status(host.certificate.outputs.key))
        #expect((narrowed.owner, narrowed.group, narrowed.mode) == (stranger, 0, 0o600))
    }

    @Test func `a symbolic link that another user planted is not followed`() throws {
        let host = try TestHost()
        try host.scratch.write("secret", "of root", mode: 0o600)
        let out = try Directory.make(host.scratch.path("out"), mode: 0o755)
        try symbolicLink(host.certificate.outputs.key, to: host.scratch.path("secret"))
        try out.descriptor.setOwner(stranger, group: stranger)
        let (bundle, key) = try host.issued()
        let failure = #expect(throws: RenewalFailure.self) {
            try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        }
        #expect(failure?.failureClass == .unsafePath)
        #expect(try host.outputNames() == ["key.pem"])
        #expect(try host.scratch.read("secret") == "of root")
    }

    @Test func `a link of our own is followed, and stays a link`() throws {
        let host = try TestHost()
        try host.scratch.write("real/key.pem", "old", mode: 0o600)
        _ = try Directory.make(host.scratch.path("out"), mode: 0o755)
        try symbolicLink(host.certificate.outputs.key, to: host.scratch.path("real/key.pem"))
        try install(host)
        #expect(try File.statusOfEntry(host.certificate.outputs.key)?.kind == .symbolicLink)
        #expect(try host.scratch.read("real/key.pem").contains("PRIVATE KEY"))
    }
}
