import Glibc

/// A value that one thread at a time can reach, and for whose changes threads can wait.
@safe public final class Monitor<Value: Sendable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let changed: UnsafeMutablePointer<pthread_cond_t>
    private var value: Value

    public init(_ value: Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe changed = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(changed, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
        self.value = value
    }

    deinit {
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(mutex)
        unsafe changed.deallocate()
        unsafe mutex.deallocate()
    }

    /// Changes the value and wakes everyone who waits. Not to be called from inside a `body`.
    public func change<Answer, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Answer
    ) throws(Failure) -> Answer {
        unsafe pthread_mutex_lock(mutex)
        defer {
            unsafe pthread_cond_broadcast(changed)
            unsafe pthread_mutex_unlock(mutex)
        }
        return try body(&value)
    }

    /// Calls `body` now and after every change until it answers; nil when the boottime deadline has passed first (at
    /// most five seconds late after a suspend). Wakes the others like `change`.
    public func wait<Answer>(until deadline: Duration? = nil, _ body: (inout Value) -> Answer?) -> Answer? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let answer = body(&value) {
                unsafe pthread_cond_broadcast(changed)
                return answer
            }
            guard let slice = Clock.slice(until: deadline) else { return nil }
            var wake = timespec()
            unsafe clock_gettime(CLOCK_MONOTONIC, &wake)
            let total = Int64(wake.tv_nsec) + Int64(slice) * 1_000_000
            wake.tv_sec += Int(total / 1_000_000_000)
            wake.tv_nsec = Int(total % 1_000_000_000)
            unsafe pthread_cond_timedwait(changed, mutex, &wake)
        }
    }
}
