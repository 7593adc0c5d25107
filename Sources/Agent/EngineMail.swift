import Lifecycle
import POSIX

/// What reaches the engine from workers and from whoever stops it.
final class EngineMail: Sendable {
    private struct Contents: Sendable {
        var inputs: [Input] = []
        var reading: ConfigurationReading?
        var isStopping = false
    }

    let bell: Bell
    private let contents = Lock(Contents())

    init(bell: consuming Bell) { self.bell = bell }

    func send(_ inputs: [Input]) {
        contents.withLock { $0.inputs += inputs }
        bell.ring()
    }

    func drain() -> [Input] {
        contents.withLock { contents in
            let inputs = contents.inputs
            contents.inputs = []
            return inputs
        }
    }

    /// What the configuration file was found to say. One reading is under way at a time.
    func send(_ reading: ConfigurationReading) {
        contents.withLock { $0.reading = reading }
        bell.ring()
    }

    func takeReading() -> ConfigurationReading? { contents.withLock { $0.reading.take() } }

    func stop() {
        contents.withLock { $0.isStopping = true }
        bell.ring()
    }

    var isStopping: Bool { contents.withLock { $0.isStopping } }
}
