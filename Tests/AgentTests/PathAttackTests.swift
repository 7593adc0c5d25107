import FoundationEssentials
import Lifecycle
import Log
import PKI
import POSIX
import TestSupport
import Testing

@testable import Agent

/// Another user owns the directory of the outputs and means no good. What he does is done by a process of his.
@Suite(.enabled(if: ProcessFacts.userID == 0)) final class PathAttackTests {
    private let mallory: UserID = 54_321
    private let third: UserID = 54_322
    private let host: TestHost
    /// His directory.
    private let out: Directory

    init() throws {
        host = try TestHost()
        try host.scratch.open().descriptor.setMode(0o755)
        out = try Directory.make(host.scratch.path("out"), mode: 0o755)
        try out.descriptor.setOwner(mallory, group: mallory)
        try host.scratch.write("root/secret", "root's own", mode: 0o600)
        try Directory.open(host.scratch.path("root")).descriptor.setMode(0o700)
    }

    /// What a shell of his does in the scratch directory.
    private static func asMallory(_ user: UserID, _ script: String, in folder: String) throws {
        try Tool.run(
            "/usr/bin/setpriv",
            [
                "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "/bin/sh", "-c",
                "cd \(folder) && umask 0 && { \(script)\n}",
            ])
    }

    private func attack(_ script: String) throws {
        try Self.asMallory(mallory, script, in: host.scratch.path)
    }

    @discardableResult
    private func install() throws -> SecretBytes {
        let (bundle, key) = try host.issued()
        _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        return key
    }

    private func requireOutsideUntouched(_ location: SourceLocation = #_sourceLocation) throws {
        #expect(try host.scratch.read("root/secret") == "root's own", sourceLocation: location)
        #expect(
            try Directory.open(host.scratch.path("root")).entries() == ["secret"], sourceLocation: location)
        #expect(
            try required(File.status(host.scratch.path("root/secret"))).mode == 0o600,
            sourceLocation: location)
    }

    @Test(arguments: ["out/key.pem", "out/deep"])
    func `a link that he planted, to a file of root's or to a directory, is not followed`(name: String) throws
    {
        var host = host
        if name == "out/deep" { host.certificate.outputs.key = host.scratch.path("out/deep/secret") }
        try attack("ln -s \(host.scratch.path(name == "out/deep" ? "root" : "root/secret")) \(name)")
        let (bundle, key) = try host.issued()
        let failure = #expect(throws: RenewalFailure.self) {
            try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        }
        #expect(failure?.failureClass == .unsafePath)
        #expect(try host.outputNames() == [name == "out/deep" ? "deep" : "key.pem"])
        try requireOutsideUntouched()
    }

    @Test func `a hard link of his to another file gets neither the key nor its own file changed`() throws {
        try host.scratch.write("shared", "for all", mode: 0o666)
        try File.open(host.scratch.path("shared")).setOwner(mallory, group: mallory)
        try attack("ln shared out/key.pem")
        try install()
        #expect(try host.scratch.read("shared") == "for all")
        #expect(try required(File.status(host.scratch.path("shared"))).mode == 0o666)
        let key = try required(out.status("key.pem"))
        #expect((key.owner, key.mode) == (0, 0o600))
        #expect(try !Tool.canRead(host.certificate.outputs.key, user: third))
    }

    @Test func `a wide-open key file that he made and holds open never shows the new key`() throws {
        try attack("echo planted >out/key.pem; chmod 666 out/key.pem")
        let held = try out.openFile("key.pem", for: .readWrite)
        let key = try install()
        #expect(try String(decoding: held.readToEnd(limit: 1 << 16), as: UTF8.self) == "planted\n")
        #expect(try File.read(host.certificate.outputs.key, limit: 1 << 16) == key.bytes)
        #expect(try required(out.status("key.pem")).mode == 0o640)
        #expect(try !Tool.canRead(host.certificate.outputs.key, user: third))
    }

    @Test func `names that he made beforehand for staged files are in nobody's way`() throws {
        try attack(
            "mkdir out/.certplane-0123456789abcdef; ln -s \(host.scratch.path("root/secret")) out/.certplane-x"
        )
        try install()
        StagingSweep(tag: "", log: host.log).sweepBeside([host.certificate.outputs.key])
        try requireOutsideUntouched()
        #expect(try out.entries().filter { !$0.hasPrefix(".certplane-") }.count == 4)
    }

    // MARK: Directories that his group, or everybody, may write to

    /// Replaces one of the outputs and says what he reads afterwards, and what the agent told of it.
    private func attack(
        on key: String, _ script: String
    ) throws -> (isRead: Bool, status: FileStatus, warnings: [String]) {
        var host = host
        host.certificate.outputs.key = host.scratch.path(key)
        try attack(script)
        let (bundle, pem) = try host.issued()
        let warnings = try host.installer().install(bundle, pendingKey: pem, for: host.certificate)
        let path = host.scratch.path(key)
        return (
            try Tool.canRead(path, user: mallory) || Tool.canRead(path, user: third),
            try required(File.status(path)), warnings
        )
    }

    private func share(_ folder: String, _ mode: FileMode, owner: UserID = 0) throws {
        let directory = try Directory.make(host.scratch.path(folder), mode: 0o755)
        try directory.descriptor.setOwner(owner, group: mallory)
        try directory.descriptor.setMode(mode)
    }

    @Test(arguments: [0o770, 0o1770, 0o2770, 0o3775, 0o777, 0o1777] as [FileMode])
    func `a key file that he made where others may write doesn't give him the key`(mode: FileMode) throws {
        try share("shared", mode)
        let (isRead, status, warnings) = try attack(
            on: "shared/key.pem",
            "rm -f shared/key.pem; echo x >shared/key.pem; chmod 640 shared/key.pem")
        #expect(!isRead)
        #expect((status.owner, status.group, status.mode) == (0, 0, 0o600))
        let told = try required(warnings.first { $0.contains("shared/key.pem") })
        #expect(told.contains("user 54321, group 54321, mode 0640"), "\(told)")
        #expect(told.contains("is writable by others") && told.contains("group and key_mode"), "\(told)")
    }

    @Test func `a certificate of root's that he puts in the key's place doesn't let his group at the key`()
        throws
    {
        try share("shared", 0o770)
        try host.scratch.write("shared/cert.pem", "old", mode: 0o644)
        try File.open(host.scratch.path("shared/cert.pem")).setOwner(nil, group: mallory)
        let (isRead, status, _) = try attack(on: "shared/key.pem", "mv shared/cert.pem shared/key.pem")
        #expect(!isRead)
        #expect((status.owner, status.group, status.mode) == (0, 0, 0o600))
    }

    @Test func `an access list that he made where others may write doesn't give him the key`() throws {
        try share("shared", 0o770)
        let (isRead, status, _) = try attack(
            on: "shared/key.pem", "echo x >shared/key.pem; setfacl -m u:54322:r shared/key.pem")
        #expect(!isRead)
        #expect(status.mode == 0o600)
        #expect(try File.open(host.scratch.path("shared/key.pem")).accessControlList() == nil)
    }

    @Test func `a directory that he put in another one's place doesn't give him the key`() throws {
        try share("shared", 0o770)
        _ = try Directory.make(host.scratch.path("shared/www"), mode: 0o755)
        let (isRead, status, warnings) = try attack(
            on: "shared/www/key.pem",
            "mv shared/www shared/old; mkdir shared/www; echo x >shared/www/key.pem; chmod 640 shared/www/key.pem"
        )
        #expect((status.owner, status.mode) == (0, 0o600))
        // It is his directory, and he sees into it; that is all.
        #expect(!isRead)
        #expect(warnings.contains { $0.contains("shared is writable by others") }, "\(warnings)")
    }

    @Test func `nor does one that he makes first where nobody can remove it`() throws {
        try share("sticky", 0o1770)
        let (isRead, status, warnings) = try attack(
            on: "sticky/www/key.pem",
            "mkdir -m 755 sticky/www; echo x >sticky/www/key.pem; chmod 640 sticky/www/key.pem")
        #expect(!isRead)
        #expect((status.owner, status.mode) == (0, 0o600))
        #expect(warnings.contains { $0.contains("anybody may have made it") }, "\(warnings)")
    }

    @Test func `a third user's directory inside his gives neither of them the key`() throws {
        try share("out/www", 0o755, owner: third)
        try host.scratch.write("out/www/key.pem", "x", mode: 0o640)
        try File.open(host.scratch.path("out/www/key.pem")).setOwner(third, group: mallory)
        let (isRead, status, warnings) = try attack(on: "out/www/key.pem", "true")
        #expect(!isRead)
        #expect((status.owner, status.mode) == (0, 0o600))
        #expect(warnings.contains { $0.contains("belongs to user 54322") }, "\(warnings)")
    }

    @Test func `root's directory inside his hands on nothing either`() throws {
        try share("out/www", 0o750)
        try host.scratch.write("out/www/key.pem", "x", mode: 0o640)
        try File.open(host.scratch.path("out/www/key.pem")).setOwner(nil, group: mallory)
        let (isRead, status, warnings) = try attack(on: "out/www/key.pem", "true")
        #expect(!isRead)
        #expect((status.group, status.mode) == (0, 0o600))
        #expect(warnings.contains { $0.contains("out belongs to user 54321") }, "\(warnings)")
    }

    @Test func `the identity's key is kept from him too`() throws {
        try share("shared", 0o770)
        try attack("echo x >shared/identity.key; chmod 640 shared/identity.key")
        let path = host.scratch.path("shared/identity.key")
        let (bundle, key) = try host.issued()
        let warnings = try host.installer().installIdentity(
            certificatePEM: bundle.fullchainPEM, at: host.scratch.path("shared/identity.crt"), key: key,
            at: path)
        #expect(try !Tool.canRead(path, user: mallory))
        #expect(try required(File.status(path)).mode == 0o600)
        #expect(warnings.count == 1)
    }

    @Test func `what is configured holds where others may write, and is not complained about`() throws {
        var host = host
        try share("shared", 0o770)
        host.certificate.ownership = FileOwnership(
            owner: "0", group: "\(third)", keyMode: 0o640, certMode: 0o644)
        host.certificate.outputs.key = host.scratch.path("shared/key.pem")
        try attack("echo x >shared/key.pem; chmod 640 shared/key.pem")
        let (bundle, key) = try host.issued()
        let warnings = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
        let status = try required(File.status(host.scratch.path("shared/key.pem")))
        #expect((status.owner, status.group, status.mode) == (0, third, 0o640))
        #expect(warnings == [])
    }

    /// The directory changes places with a link to root's directory, as fast as a shell can do it.
    @Test func `a directory that is swapped during the walk never leads outside`() async throws {
        var host = host
        let outputs = host.certificate.outputs
        let moved = { (path: String) in path.replacing("/out/", with: "/out/www/") }
        host.certificate.outputs = OutputPaths(
            key: moved(outputs.key), cert: moved(outputs.cert), chain: moved(outputs.chain),
            fullchain: moved(outputs.fullchain))
        try attack("mkdir out/www")
        let scratch = host.scratch
        let swapping = """
            n=0
            while [ ! -e stop ]; do
                n=$((n + 1))
                mv -T out/www out/aside && ln -sT \(scratch.path("root")) out/www
                rm -f out/www
                # The agent may have made the directory that was missing.
                [ ! -d out/www ] || mv -T out/www out/made$n
                mv -T out/aside out/www
            done 2>/dev/null
            true
            """
        let (user, it) = (mallory, host)
        let (installed, failures) = try await onThread {
            let swapped = Lock<(any Error)?>(nil)
            let attacker = try Worker(name: "mallory") {
                do { try Self.asMallory(user, swapping, in: scratch.path) } catch {
                    swapped.withLock { $0 = error }
                }
            }
            var installed = 0
            var failures: [FailureClass] = []
            let (bundle, key) = try it.issued()
            let installer = try it.installer()
            // Until the agent has been lucky and unlucky a few times, however the machine deals them.
            let deadline = Clock.boottime() + .seconds(30)
            while min(installed, failures.count) < 5 || installed + failures.count < 80,
                Clock.boottime() < deadline
            {
                do throws(RenewalFailure) {
                    _ = try installer.install(bundle, pendingKey: key, for: it.certificate)
                    installed += 1
                } catch {
                    failures.append(error.failureClass)
                }
            }
            try scratch.write("stop", "")
            attacker.join()
            if let error = swapped.withLock({ $0 }) { throw error }
            return (installed, failures)
        }
        #expect(
            min(installed, failures.count) >= 5,
            "the race was not run: \(installed) and \(failures.count)")
        #expect(!failures.contains(.installStuck))
        try requireOutsideUntouched()
        #expect(try Tool.run("/usr/bin/find", [scratch.path("out"), "-name", ".certplane-*"]).isEmpty)
        #expect(try host.journal().entries().isEmpty)
        _ = try install(host)
    }

    private func install(_ host: TestHost) throws {
        let (bundle, key) = try host.issued()
        _ = try host.installer().install(bundle, pendingKey: key, for: host.certificate)
    }
}
