import FoundationEssentials
import POSIX
import TestSupport
import Testing

/// The wall clock of a running agent set by years, by a shim that is loaded before the C library.
@Suite(.serialized) struct `A wrong clock` {
    private static let years = 5 * 365 * 86_400

    @Test(arguments: [years, -years])
    func `set while the agent runs renews nothing, holds nothing up, and shows`(step: Int) async throws {
        try await Scenario.play { scenario in
            let clock = try ShiftedClock(scenario)
            let lab = try LabProcess(scenario, ["--certificates", "6"])
            try AgentProcess.enroll(scenario, for: lab)
            let agent = try clock.agent(scenario, for: lab)
            let names = try agent.awaitAll(6, scenario).certificates.map(\.name)
            scenario.check(lab.orders.count == 6, "\(lab.orders.count) orders at first")

            try clock.set(ahead: step)
            let status = try agent.awaitClock("clock_suspect", scenario)
            let skew = status.clock.skewSeconds ?? 0
            scenario.check(abs(skew - Double(step)) < 5, "the skew is \(skew)")
            scenario.check(status.clock.advice?.contains("timedatectl") == true, "\(status.clock)")
            scenario.check(status.certificates.allSatisfy { $0.state == "valid" }, "\(status.certificates)")
            let metrics = try agent.get("/metrics").body
            let line = metrics.split(separator: "\n").first { $0.hasPrefix("certplane_clock_skew_seconds ") }
            let value = line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
            scenario.check(abs(value - Double(step)) < 5, "the metric is \(value)")
            let readiness = try agent.get("/readyz")
            scenario.check(readiness.status == 200, "GET /readyz: \(readiness)")
            scenario.check(readiness.body.contains("clock_suspect"), "GET /readyz: \(readiness)")
            scenario.check(lab.orders.count == 6, "\(lab.orders.count) orders after the step")

            // No stall: what is asked for is ordered, installed and valid by the broker's time.
            try agent.renew(names[0], scenario)
            try scenario.wait(until: "the renewal", within: .seconds(20)) { lab.orders.count == 7 }
            try agent.awaitAll(6, scenario)

            try clock.set(ahead: 0)
            try agent.awaitClock("ok", scenario)
            try agent.awaitAll(6, scenario)
            scenario.check(lab.orders.count == 7, "\(lab.orders.count) orders in the end")
        }
    }

    @Test(arguments: [years, -years])
    func `at the start renews nothing, with the broker away and with it back`(step: Int) async throws {
        try await Scenario.play { scenario in
            let clock = try ShiftedClock(scenario)
            let firstLab = try LabProcess(scenario, ["--certificates", "6"])
            try AgentProcess.enroll(scenario, for: firstLab)
            let first = try clock.agent(scenario, for: firstLab)
            try first.awaitAll(6, scenario)
            scenario.check(first.stop() == .exited(0), "the agent did not end")
            try firstLab.stop(scenario)

            try clock.set(ahead: step)
            let agent = try clock.agent(scenario, for: firstLab, name: "second")
            try agent.awaitAPI(scenario)
            let held = try scenario.wait(for: "the question that nobody answers") {
                let status = try agent.status()
                return status.clock.nextQuestionAt == nil ? nil : status
            }
            scenario.check(
                held.certificates.allSatisfy { $0.lastError == nil && $0.currentRenewal == nil },
                "\(held.certificates)")

            let lab = try LabProcess(scenario, ["--certificates", "6"] + firstLab.sameAddresses)
            let status = try agent.awaitClock("clock_suspect", scenario, within: .seconds(90))
            scenario.check(abs((status.clock.skewSeconds ?? 0) - Double(step)) < 5, "\(status.clock)")
            try agent.awaitAll(6, scenario)
            scenario.check(lab.orders.isEmpty, "\(lab.orders.count) orders")
            try agent.renew(status.certificates[0].name, scenario)
            try scenario.wait(until: "the renewal", within: .seconds(20)) { lab.orders.count == 1 }
            try agent.awaitAll(6, scenario)
        }
    }

    @Test func `since boot, ten years ahead in a time namespace, changes nothing`() async throws {
        try await Scenario.play { scenario in
            let lab = try LabProcess(scenario, ["--certificates", "3"])
            try AgentProcess.enroll(scenario, for: lab)
            let agent = try AgentProcess(
                scenario, configuration: lab.configuration, stateDirectory: lab.agentState,
                under: [
                    "/usr/bin/unshare", "--time", "--boottime", "315360000", "--monotonic", "315360000",
                ])
            let status = try agent.awaitAll(3, scenario)
            scenario.check(status.clock.state == "ok", "\(status.clock)")
            scenario.check(lab.orders.count == 3, "\(lab.orders.count) orders")
        }
    }

    /// Takes the thirty seconds of a reload's first retry.
    @Test(arguments: [(0, 315_360_000, years), (315_360_000, 0, -years)])
    func `since boot, another than the records were written by, keeps waits and debts as they were`(
        before: Int, after: Int, step: Int
    ) async throws {
        try await Scenario.play { scenario in
            let clock = try ShiftedClock(scenario)
            let mended = scenario.scratch.path("mended")
            let lab = try LabProcess(scenario, ["--certificates", "6"])
            try AgentProcess.enroll(scenario, for: lab)
            let names = (1...6).map { "c000\($0)" }
            var text = try ConfigurationText(of: lab)
            try text.add("reload_command: \"test -e \(mended)\"", toCertificate: names[4])
            let configuration = try text.save(scenario)
            try lab.setFaults(["forbidden@\(names[5])"])

            // Five are installed, of which one owes a reload, and the sixth waits for its next try.
            let first = try clock.agent(
                scenario, for: lab, configuration: configuration, name: "first", sinceBoot: before)
            try first.awaitAPI(scenario)
            let left: Date = try scenario.wait(for: "what is owed and what waits") {
                let status = try first.status()
                let ofName = Dictionary(uniqueKeysWithValues: status.certificates.map { ($0.name, $0) })
                guard status.certificates.count(where: { $0.installed != nil }) == 5,
                    ofName[names[4]]?.reload.lastError != nil
                else { return nil }
                return ofName[names[5]]?.nextAttemptAt
            }
            scenario.check(first.stop() == .exited(0), "the first agent did not end")

            let agent = try clock.agent(
                scenario, for: lab, configuration: configuration, name: "second", sinceBoot: after)
            try agent.awaitAPI(scenario)
            try scenario.wait(until: "the second agent to know all") {
                let status = try agent.status()
                return status.certificates.count(where: { $0.installed != nil }) == 5
            }
            let waits = try agent.certificate(names[5])
            let moved = waits.nextAttemptAt?.timeIntervalSince(left) ?? .infinity
            scenario.check(abs(moved) < 5, "the next try moved by \(moved) s: \(waits)")
            try scenario.scratch.write("mended", "")
            try scenario.wait(until: "the reload that is owed", within: .seconds(60)) {
                try agent.certificate(names[4]).state == "valid"
            }
            scenario.check(lab.orders.count == 5, "\(lab.orders.count) orders")

            // Both clocks: what counts is what has passed since boot, and what the broker says.
            try clock.set(ahead: step)
            let status = try agent.awaitClock("clock_suspect", scenario)
            scenario.check(abs((status.clock.skewSeconds ?? 0) - Double(step)) < 5, "\(status.clock)")
            scenario.check(
                status.certificates.prefix(5).allSatisfy { $0.state == "valid" }, "\(status.certificates)")
            scenario.check(lab.orders.count == 5, "\(lab.orders.count) orders after the step")
            try lab.setFaults([])
            try agent.renew(names[5], scenario)
            try scenario.wait(until: "the order that was held", within: .seconds(20)) {
                lab.orders.count == 6
            }
            try agent.awaitAll(6, scenario)
        }
    }
}

/// Moves the wall clock of the processes that it is loaded into; the others of the kernel's clocks go on.
private struct ShiftedClock {
    private let offsets: String
    private let library: String

    init(_ scenario: Scenario) throws {
        offsets = scenario.scratch.path("wall-offset")
        library = scenario.scratch.path("wall-clock.so")
        try scenario.scratch.write("wall-offset", "0")
        try scenario.scratch.write("wall-clock.c", Self.source)
        let answer = try Shell.run(
            "/usr/bin/cc", ["-shared", "-fPIC", "-o", library, scenario.scratch.path("wall-clock.c")])
        try scenario.require(answer.succeeded, "cc: \(answer)")
    }

    func set(ahead seconds: Int) throws {
        let slash = offsets.lastIndex(of: "/") ?? offsets.startIndex
        try AtomicFile.replace(
            inDirectory: String(offsets[..<slash]), name: "wall-offset", with: Array("\(seconds)".utf8),
            mode: 0o644)
    }

    /// `seconds` is how much longer ago its boot was than the host's.
    func agent(
        _ scenario: Scenario, for lab: LabProcess, configuration: String? = nil, name: String = "agent",
        sinceBoot seconds: Int = 0
    ) throws -> AgentProcess {
        let shift = ["LD_PRELOAD": library, "WALL_OFFSET_FILE": offsets]
        let namespace = [
            "/usr/bin/unshare", "--time", "--boottime", "\(seconds)", "--monotonic", "\(seconds)",
        ]
        return try AgentProcess(
            scenario, configuration: configuration ?? lab.configuration, stateDirectory: lab.agentState,
            name: name, environment: Program.environment.merging(shift) { $1 },
            under: seconds == 0 ? [] : namespace)
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static long ahead(void) {
            const char *name = getenv("WALL_OFFSET_FILE");
            char text[32] = {0};
            if (!name) return 0;
            int file = syscall(SYS_openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC, 0);
            if (file < 0) return 0;
            long count = syscall(SYS_read, file, text, sizeof text - 1);
            syscall(SYS_close, file);
            return count > 0 ? atol(text) : 0;
        }

        int clock_gettime(clockid_t clock, struct timespec *time) {
            int result = syscall(SYS_clock_gettime, clock, time);
            if (!result && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += ahead();
            return result;
        }

        int gettimeofday(struct timeval *time, void *zone) {
            struct timespec now;
            (void)zone;
            clock_gettime(CLOCK_REALTIME, &now);
            if (time) *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
            return 0;
        }

        time_t time(time_t *result) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }
        """#
}

extension AgentProcess {
    /// Waits until there are so many certificates, all valid.
    @discardableResult
    fileprivate func awaitAll(_ count: Int, _ scenario: Scenario) throws -> AgentStatus {
        try awaitAPI(scenario)
        return try scenario.wait(for: "\(count) valid certificates", within: .seconds(40)) {
            let status = try status()
            let valid = status.certificates.count { $0.state == "valid" }
            return valid == count && status.certificates.count == count ? status : nil
        }
    }

    /// Waits until the status says so of the clock: the engine comes round every ten seconds.
    @discardableResult
    fileprivate func awaitClock(
        _ state: String, _ scenario: Scenario, within patience: Duration = .seconds(40)
    ) throws -> AgentStatus {
        try scenario.wait(for: "the clock to be \(state)", within: patience) {
            let status = try status()
            return status.clock.state == state ? status : nil
        }
    }
}
