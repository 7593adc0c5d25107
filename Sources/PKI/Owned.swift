import COpenSSL

/// A kind of C object, which knows how one of it is given back.
protocol OpenSSLObject {
    static func free(_ pointer: OpaquePointer)
}

/// The only owner of one C object: given back exactly once, reachable only for the length of a closure.
@safe
struct Owned<Object: OpenSSLObject>: ~Copyable {
    private let pointer: OpaquePointer

    /// Owns what `make` returns; nil is the failure of `operation`.
    init(_ operation: String, _ make: () -> OpaquePointer?) throws(OpenSSLError) {
        ERR_clear_error()
        guard let made = unsafe make() else { throw OpenSSLError(drainingAfter: operation) }
        unsafe pointer = made
    }

    /// Owns what C has handed over, where nothing is no failure.
    init?(owning made: OpaquePointer?) {
        ERR_clear_error()
        guard let made = unsafe made else { return nil }
        unsafe pointer = made
    }

    deinit { unsafe Object.free(pointer) }

    borrowing func withPointer<Result: ~Copyable, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(pointer)
    }

    /// Hands the object over to C, which gives it back from now on.
    consuming func release() -> OpaquePointer {
        let released = unsafe pointer
        discard self
        return unsafe released
    }
}

/// Makes a call that answers with a positive number when it succeeds.
@discardableResult
func check(_ operation: String, _ call: () -> Int32) throws(OpenSSLError) -> Int32 {
    ERR_clear_error()
    let answer = call()
    guard answer > 0 else { throw OpenSSLError(drainingAfter: operation) }
    return answer
}
