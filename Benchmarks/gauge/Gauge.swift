import Glibc

private let usage = """
    parse N | serve N | metrics CERTIFICATES N | status CERTIFICATES N | tick CERTIFICATES DUE N
    | mint LAB CERTIFICATES
    """

/// `certplane-gauge parse N | serve N | metrics CERTIFICATES N | status CERTIFICATES N | tick CERTIFICATES DUE N`
///
/// and `mint LAB CERTIFICATES`, which prepares a large host.
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
        case ("tick", 3): return tick(certificates: numbers[0], due: numbers[1], times: numbers[2])
        case ("mint", 1): return try mint(into: arguments.dropFirst().first ?? "", certificates: numbers[0])
        default: break
        }
    } catch {
        print("Error: \(error)")
        return 1
    }
    print("usage: certplane-gauge \(usage)")
    return 2
}
