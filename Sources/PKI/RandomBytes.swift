import COpenSSL

/// `count` bytes from OpenSSL's generator, fit for keys, serial numbers and tokens.
public func randomBytes(_ count: Int) throws(OpenSSLError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(0, count))
    let wanted = Int32(clamping: bytes.count)
    try check("RAND_bytes") { unsafe RAND_bytes(&bytes, wanted) }
    return bytes
}
