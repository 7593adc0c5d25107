import CPOSIX
import Glibc

/// A thread with a name, running one closure.
public final class Worker: Sendable {
    private let thread: Lock<pthread_t?>

    /// `name` is what `ps` and debuggers show, of which the kernel keeps 15 bytes.
    public init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let start = unsafe Unmanaged.passRetained(Start(name: name, body: body)).toOpaque()
        var made = pthread_t()
        let error = unsafe pthread_create(&made, nil, runWorker, start)
        if error != 0 {
            unsafe Unmanaged<Start>.fromOpaque(start).release()
            throw SystemError("pthread_create", name, Errno(rawValue: error))
        }
        thread = Lock(made)
    }

    deinit {
        if let thread = thread.withLock({ $0.take() }) { pthread_detach(thread) }
    }

    /// Returns when the closure has. Once: a later call returns at once. Never from the thread itself.
    public func join() {
        guard let thread = thread.withLock({ $0.take() }) else { return }
        pthread_join(thread, nil)
    }
}

private final class Start: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}

private func runWorker(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument = unsafe argument else { return nil }
    let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
    unsafe cposix_name_this_thread(start.name)
    cposix_use_signal_stack()
    start.body()
    return nil
}
