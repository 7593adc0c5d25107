public import Configuration
import Lifecycle
public import Log
import POSIX

extension HostHands {
    func readConfiguration() -> ConfigurationReading {
        defer { ProcessMemory.giveBack() }
        let reading = file.read(following: current.settings, log: log)
        // Here and not when it is adopted: the engine waits for no disk.
        if case .usable(let change) = reading, let settings = change.configuration {
            StagingPlaces(state: state, log: log).add(settings)
        }
        return reading
    }

    func adopt(_ change: ConfigurationChange) {
        guard let settings = change.configuration else { return }
        inventory.adopt(settings.certificates, insteadOf: current.settings.certificates)
        configured.withLock { configured in
            configured = Configured(
                settings, state: state, installer: installer, clock: clock, log: log, keeping: configured)
        }
        shared.adopt(settings.certificates, besides: settings.reservedFiles)
        log.adopt(level: settings.logging.logLevel, format: settings.logging.logFormat)
        api.change(to: settings.api)
        change.difference.tell(log, path: file.path)
    }
}

extension LoggingSettings {
    var logLevel: LogLevel { LogLevel(word: level.rawValue) ?? .info }
    var logFormat: LogFormat { format == .json ? .json : .text }
}

extension Logger {
    /// The logger that the configuration asks for.
    public init(_ settings: LoggingSettings) {
        self.init(
            level: settings.logLevel, format: settings.logFormat,
            destination: settings.destination == .stdout ? .standardOutput : .standardError)
    }
}
