import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// What `--target=NAME` says. libFuzzer leaves options with two dashes alone, and passes them on to the processes in
/// which it merges.
private let target = CommandLine.arguments.lazy.compactMap { argument in
    argument.hasPrefix("--target=") ? FuzzTarget(rawValue: String(argument.dropFirst(9))) : nil
}.first

/// SwiftPM calls the main function of an executable by this name.
@_cdecl("certplane_fuzz_main")
public func main(
    _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) -> CInt {
    guard target != nil else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")
        print("usage: certplane-fuzz --target=\(names) [option of libFuzzer]… [corpus folder]…")
        return 2
    }
    var count = count
    var first: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = arguments
    return runDriver(&count, &first) { data, count in
        target?.run(Array(UnsafeBufferPointer(start: data, count: count)))
        return 0
    }
}
