import Agent
import POSIX

/// `check --unit`: prints what the service unit needs for this configuration.
struct UnitCommand {
    let configurationPath: String

    func run() throws(CommandFailure) {
        let settings = try ConfigurationFile(path: configurationPath).loadForCommand().settings
        StandardStream.output.write(UnitDropIn(settings).script)
    }
}
