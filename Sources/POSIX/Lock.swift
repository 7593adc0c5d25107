import Glibc

/// A value that one thread at a time can reach.
///
/// `Synchronization.Mutex` would do the same, but the thread sanitizer doesn't know it on Linux and reports races
/// that aren't.
@safe public final class Lock<Value: ~Copyable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline var value: Value

    public init(_ value: consuming sending Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        self.value = value
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Not to be called from inside `body`.
    @inlinable public func withLock<Answer: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Answer
    ) throws(Failure) -> sending Answer {
        acquire()
        defer { release() }
        return try body(&value)
    }

    @usableFromInline func acquire() { unsafe pthread_mutex_lock(mutex) }

    @usableFromInline func release() { unsafe pthread_mutex_unlock(mutex) }
}
