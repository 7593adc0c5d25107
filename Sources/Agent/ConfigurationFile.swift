public import Configuration
import PKI
public import POSIX

/// A configuration file as it was read.
public struct LoadedConfiguration: Sendable {
    public var path: String
    /// SHA-256 of its bytes, hex.
    public var hash: String
    public var settings: AgentConfiguration

    public init(path: String, hash: String, settings: AgentConfiguration) {
        self.path = path
        self.hash = hash
        self.settings = settings
    }
}

/// The file that says what the agent is to do.
public struct ConfigurationFile: Sendable {
    /// Bytes; ten thousand certificates with long names take a tenth of it.
    public static let longest = 16 << 20

    public let path: String

    public init(path: String) { self.path = path }

    /// Why a configuration can't be had.
    public enum Failure: Error, Sendable {
        case unreadable(SystemError)
        case invalid(InvalidConfiguration)
    }

    /// Where the agent of this file is reached, also if the file has problems; nil if nothing can be read of it.
    public func reach() -> AgentReach? {
        guard let bytes = try? File.read(path, limit: Self.longest) else { return nil }
        return AgentReach(salvaging: bytes, file: path)
    }

    /// Reads and decodes it; nothing else is looked at. Takes about a second for ten thousand certificates.
    public func load() throws(Failure) -> LoadedConfiguration {
        let bytes: [UInt8]
        do { bytes = try File.read(path, limit: Self.longest) } catch { throw .unreadable(error) }
        do {
            return LoadedConfiguration(
                path: path, hash: SHA256.hex(bytes), settings: try AgentConfiguration.load(bytes, file: path))
        } catch {
            throw .invalid(error)
        }
    }
}
