import Testing

@testable import Transfer

@Suite struct TLSAlertTests {
    @Test(
        arguments: [
            ([2, 48], "unknown ca", true), ([2, 116], "certificate required", true),
            ([2, 40], "alert 40", false),
            ([1, 0], "alert 0", false), ([1, 48], "unknown ca", false),
        ] as [([UInt8], String, Bool)])
    func `two bytes are an alert`(bytes: [UInt8], name: String, refuses: Bool) throws {
        let alert = try #require(bytes.withUnsafeBytes { TLSAlert(message: $0) })
        #expect(alert.name == name)
        #expect(alert.refusesClientCertificate == refuses)
        #expect(alert.isGoodbye == (bytes == [1, 0]))
    }

    @Test(arguments: [[], [2], [3, 48], [20, 0, 0, 12], [2, 48, 0]] as [[UInt8]])
    func `other messages are none`(bytes: [UInt8]) {
        #expect(bytes.withUnsafeBytes { TLSAlert(message: $0) } == nil)
    }
}
