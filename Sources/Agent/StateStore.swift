import FoundationEssentials
import Lifecycle
import Log
import Notation
import POSIX

/// Keeps the ``CertificateRecord`` of each certificate across restarts, one JSON file each.
///
/// A record is replaced whole and is on the disk when `store` returns. One that is damaged is set aside
/// and reported, and its certificate starts with a clean record: what is lost is a back-off, never a
/// certificate.
struct StateStore: Sendable {
    private let directory: StateDirectory
    private let log: Logger

    init(directory: StateDirectory, log: Logger) {
        self.directory = directory
        self.log = log
    }

    func store(_ record: CertificateRecord, for name: CertificateName) throws(SystemError) {
        try put(record, for: name)
        try synchronize()
    }

    /// Puts the record in place. It is sure to outlive a power loss only when `synchronize` has returned, once for all
    /// that were put before.
    func put(_ record: CertificateRecord, for name: CertificateName) throws(SystemError) {
        let file = Self.fileName(name)
        let bytes: [UInt8]
        do {
            bytes = try JSON.encode(OwnedRecord(certificate: name, record: record), .indented)
        } catch {
            // Only a number that JSON can't hold gets here.
            throw SystemError("encode", directory.records.path(of: file), .invalid)
        }
        let staged = try StagedFile.create(in: directory.records, replacing: file, mode: 0o600)
        try staged.write(bytes)
        try staged.synchronize()
        try staged.commit()
    }

    func synchronize() throws(SystemError) { try directory.records.synchronize() }

    /// The stored record, or a clean one. Throws like `stored`.
    func record(for name: CertificateName) throws(SystemError) -> CertificateRecord {
        try stored(for: name) ?? CertificateRecord()
    }

    /// The stored record; nil if there never was one, and a clean one if it is damaged: whether a reload was owed is not
    /// known then. Throws if it can't be read for a reason that goes by: a clean one would take its place for ever.
    func stored(for name: CertificateName) throws(SystemError) -> CertificateRecord? {
        do {
            return try Self.read(name, in: directory.records)
        } catch let error as SystemError where StateDirectory.passing.contains(error.errno) {
            throw error
        } catch {
            setAside(Self.fileName(name), of: name, because: "\(error)")
            return CertificateRecord()
        }
    }

    /// The record in the directory of records; nil if there is none. Changes nothing.
    static func read(_ name: CertificateName, in records: borrowing Directory) throws -> CertificateRecord? {
        do {
            return try decode(try records.openFile(fileName(name)).readToEnd(limit: longest))
        } catch let error as SystemError where error.errno == .notFound {
            return nil
        }
    }

    /// Forgets a certificate that is managed no more.
    func remove(_ name: CertificateName) throws(SystemError) {
        if try directory.records.unlinkIfPresent(Self.fileName(name)) { try directory.records.synchronize() }
    }

    /// The certificates that have a record here, managed or not.
    func names() -> Set<CertificateName> {
        directory.names(in: directory.records, suffix: Self.suffix, log) {
            Self.owner(of: $0, in: directory.records)
        }
    }

    /// The same for a directory of records that somebody else may be at work in.
    static func names(in records: borrowing Directory) throws(SystemError) -> Set<CertificateName> {
        try StateDirectory.names(in: records, suffix: suffix) { owner(of: $0, in: records) }
    }

    /// Whose record it is in a file whose name was cut; nil if the record doesn't tell, or tells of another file.
    private static func owner(of file: String, in records: borrowing Directory) -> CertificateName? {
        guard let bytes = try? records.openFile(file).readToEnd(limit: longest),
            let name = try? JSON.decode(Owner.self, from: bytes).certificate, fileName(name) == file
        else { return nil }
        return name
    }

    private static let suffix = ".json"
    private static let longest = 1 << 20

    private static func fileName(_ name: CertificateName) -> String { name.fileName + suffix }

    private static func decode(_ bytes: [UInt8]) throws -> CertificateRecord {
        let version = try JSON.decode(Version.self, from: bytes).version
        guard version <= CertificateRecord.currentVersion else { throw UnknownVersion(version: version) }
        let record = try JSON.decode(CertificateRecord.self, from: bytes)
        guard record.isPlausible else { throw Implausible() }
        return record
    }

    private func setAside(_ file: String, of name: CertificateName, because reason: String) {
        var attributes: LogAttributes = ["certificate": .string(name.text), "error": .string(reason)]
        do {
            attributes.append("kept_as", .string(try StateDirectory.setAside(file, in: directory.records)))
        } catch {
            attributes.append("not_set_aside", .string(error.description))
        }
        log.error("certificate state is damaged and starts anew", attributes)
    }

    /// As it lies in its file: with the whole name of its certificate, which the file's may not hold.
    private struct OwnedRecord: Encodable {
        var certificate: CertificateName
        var record: CertificateRecord

        func encode(to encoder: any Encoder) throws {
            try Owner(certificate: certificate).encode(to: encoder)
            try record.encode(to: encoder)
        }
    }

    private struct Owner: Codable {
        var certificate: CertificateName
    }

    private struct Version: Decodable {
        var version: Int
    }

    private struct Implausible: Error, CustomStringConvertible {
        let description = "a number in it is none that an agent writes"
    }

    private struct UnknownVersion: Error, CustomStringConvertible {
        var version: Int
        var description: String { "written by a newer agent (version \(version))" }
    }
}
