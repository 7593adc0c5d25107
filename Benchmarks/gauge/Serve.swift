import Glibc
import Lifecycle
import LocalAPI
import Log
import POSIX

/// Serves so many requests for `/healthz` to one client on a kept connection, in this process.
func serve(times: Int) throws -> Int32 {
    let folder = "/tmp/certplane-gauge-\(getpid())"
    guard mkdir(folder, 0o700) == 0 else { return 1 }
    defer {
        unlink(folder + "/token")
        rmdir(folder)
    }
    let server = try LocalAPIServer(
        board: StillBoard(), commands: NoCommands(), progress: Moving(), tokenPath: folder + "/token",
        version: "0", log: Logger(level: .error, destination: .standardError))
    let port = try server.listen(host: "127.0.0.1", port: 0).port
    let worker = try Worker(name: "api") {
        do { try server.run() } catch { print("Error: \(error)") }
    }
    defer {
        server.stop()
        worker.join()
    }
    let client = try Socket.connect(host: "127.0.0.1", port: port)
    let request = Array("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n".utf8)
    var answer = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<times {
        guard client.send(request) == .sent(request.count) else { return 1 }
        guard case .received(let count) = client.receive(into: &answer), count > 100, answer[9] == 0x32 else {
            return 1
        }
    }
    return 0
}

private struct StillBoard: StatusBoard {
    private let snapshot = Snapshot.sample(1)
    func current() -> Snapshot { snapshot }
    func whenPublished(_ wake: @escaping @Sendable () -> Void) {}
}

private struct NoCommands: CommandSink {
    func submit(_ command: Command) -> CommandReceipt { .stopping }
}

private struct Moving: Progress {
    let heartbeat = Heartbeat()

    func rests() -> (engine: Int64, api: Int64) {
        let now = Clock.nanoseconds()
        return (heartbeat.age(at: now), heartbeat.age(at: now))
    }
}
