import Agent
import Configuration
import POSIX

/// `check`: looks at everything, changes nothing.
struct CheckCommand {
    let configurationPath: String
    let online: Bool
    let json: Bool

    func run() throws(CommandFailure) {
        let loaded = try ConfigurationFile(path: configurationPath).load()
        _ = loaded
    }
}
