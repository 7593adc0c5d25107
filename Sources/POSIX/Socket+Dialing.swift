import CPOSIX
import Glibc

/// Why nobody was reached.
public enum DialFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name gives no address; the resolver's words.
    case notResolved(host: String, String)
    case system(SystemError)
    case timedOut(address: String)
    case stopped

    public var description: String {
        switch self {
        case .notResolved(let host, let reason): "\(host): \(reason)"
        case .system(let error): error.description
        case .timedOut(let address): "nobody answered at \(address) in time"
        case .stopped: "stopped"
        }
    }
}

/// What ended a wait for a connection.
public enum ConnectionWait: Hashable, Sendable {
    case ready, timedOut, stopped
}

extension Socket {
    /// Connects to a host by name or number, one of its addresses after the other, until the boottime deadline or a
    /// ring of `stop`, which stays unheard. The socket doesn't block. The resolver has time limits of its own
    /// (resolv.conf(5)).
    public static func dial(
        host: String, port: UInt16, until deadline: Duration, stop: Bell? = nil
    ) throws(DialFailure) -> Socket {
        let address = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        var last: DialFailure?
        var index: Int32 = 0
        while true {
            if let stop, stop.isRinging { throw .stopped }
            do throws(DialFailure) {
                let socket = try begin(host, port, index, address)
                switch try socket.wait(.sending, until: deadline, stop: stop) {
                case .stopped: throw .stopped
                case .timedOut: throw .timedOut(address: address)
                case .ready: break
                }
                let errno = cposix_connect_outcome(socket.descriptor.rawValue)
                guard errno == 0 else {
                    throw .system(SystemError("connect", address, Errno(rawValue: errno)))
                }
                return socket
            } catch {
                switch error {
                case .system(let reason) where reason.errno == .noSuchAddress: throw last ?? error
                case .system: last = error
                case .notResolved, .timedOut, .stopped: throw error
                }
            }
            index += 1
        }
    }

    private static func begin(
        _ host: String, _ port: UInt16, _ index: Int32, _ address: String
    ) throws(DialFailure) -> Socket {
        do { try requireNoZero(host, "connect") } catch { throw .system(error) }
        var reason: UnsafePointer<CChar>?
        let raw = unsafe cposix_begin_connect(host, port, index, &reason)
        if raw == -2 {
            let words = unsafe reason.map { unsafe String(cString: $0) }
            throw .notResolved(host: host, words ?? "no address")
        }
        guard raw >= 0 else { throw .system(SystemError("connect", address, .last)) }
        return Socket(owning: FileDescriptor(owning: raw, path: address))
    }

    /// Waits until the connection can be read or written, or is broken.
    public func wait(
        _ direction: Direction, until deadline: Duration, stop: Bell? = nil
    ) throws(DialFailure) -> ConnectionWait {
        let other = stop?.descriptor.rawValue ?? -1
        while let slice = Clock.slice(until: deadline) {
            let ready: Int32
            do {
                ready = try system("poll", descriptor.path) {
                    cposix_wait_either(descriptor.rawValue, direction != .receiving, other, slice)
                }
            } catch { throw .system(error) }
            if ready & 2 != 0 { return .stopped }
            if ready & 1 != 0 { return .ready }
        }
        return .timedOut
    }
}
