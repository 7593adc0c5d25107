import Glibc

/// `certplane-gauge parse N | serve N | metrics CERTIFICATES N | status CERTIFICATES N`
///
/// Does one thing N times and nothing else. Two runs with different N differ by that thing alone: in instructions, in
/// allocations, in memory.
func gauge() -> Int32 {
    let arguments = CommandLine.arguments.dropFirst()
    let numbers = arguments.dropFirst().compactMap { Int($0) }
    do {
        switch (arguments.first, numbers.count) {
        case ("parse", 1): return parse(times: numbers[0])
        case ("serve", 1): return try serve(times: numbers[0])
        case ("metrics", 2): return render(.metrics, certificates: numbers[0], times: numbers[1])
        case ("status", 2): return render(.status, certificates: numbers[0], times: numbers[1])
        default: break
        }
    } catch {
        print("Error: \(error)")
        return 1
    }
    print("usage: certplane-gauge parse N | serve N | metrics CERTIFICATES N | status CERTIFICATES N")
    return 2
}
