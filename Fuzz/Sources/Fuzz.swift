import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// SwiftPM calls the main function of an executable by this name. The first argument says what is fuzzed, the others
/// are libFuzzer's. A target traps on what must not be.
@_cdecl("certplane_fuzz_main")
public func main(
    _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
    let target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    switch count > 1 ? arguments[1].map({ String(cString: $0) }) : nil {
    case "http": target = fuzzHTTP
    case "yaml": target = fuzzYAML
    case "pem": target = fuzzPEM
    case "bundle": target = fuzzBundle
    default:
        print("usage: certplane-fuzz http|yaml|pem|bundle [option of libFuzzer]… [corpus folder]…")
        return 2
    }
    // libFuzzer sees its own arguments only.
    arguments[1] = arguments[0]
    var rest = count - 1
    var first: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = arguments + 1
    return runDriver(&rest, &first, target)
}

func bytes(_ data: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data, count: count))
}
