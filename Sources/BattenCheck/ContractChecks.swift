import BattenSystem
import CBattenABI

/// What a plugin promises over its life, tried by a host that looks at every rule.
enum ContractChecks {
    typealias Body = @Sendable (inout ContractRun) -> Void

    /// The checks by name.
    static let all: [String: Body] = [
        "life": life, "lives": lives, "naked": naked, "future": future, "calls": calls, "deadline": deadline,
        "cancel": cancel, "in-flight": inFlight, "checkpoint": checkpoint, "quota": quota, "stream": stream,
        "secrets": secrets, "blobs": blobs, "shutdown": shutdown, "inputs": inputs, "config": config,
    ]

    /// A life without calls, with the state of the process before and after.
    private static func life(_ run: inout ContractRun) {
        let before = ProcessState.now()
        run.life { _, _ in }
        // What languages and libraries make once for a process may stay: the second life counts.
        var later = ProcessState.now()
        later.threads = before.threads
        later.descriptors = before.descriptors
        later.compare(with: before, threadRule: nil, into: &run.findings)
        let between = ProcessState.now()
        run.life { host, run in
            for executor in run.subject.executors {
                guard let input = run.input(executor, 1), let token = run.begin(executor, input, on: host) else {
                    continue
                }
                run.finish(executor, token, input, on: host, patience: 500)
            }
        }
        var after = ProcessState.now()
        let patience = MonotonicClock.now() + 500_000_000
        while after.threads.count > between.threads.count, MonotonicClock.now() < patience {
            // A thread that was joined leaves /proc a little later.
            Pause.sleep(microseconds: 5_000)
            after = ProcessState.now()
        }
        after.compare(with: between, threadRule: "stop", into: &run.findings)
        if run.findings.broken.isEmpty { LeftBehind.threads(since: before, into: &run.findings) }
    }

    /// Many lives: what grows with each is lost.
    private static func lives(_ run: inout ContractRun) {
        for _ in 0..<10 { run.life { _, _ in } }
        let (before, memory) = (ProcessState.now(), ProcessState.residentBytes())
        for _ in 0..<100 { run.life { _, _ in } }
        let after = ProcessState.now()
        let grown = (ProcessState.residentBytes() - memory) / 1024
        if after.threads.count > before.threads.count + 2 {
            run.findings.breaks("stop", "100 lives left \(after.threads.count - before.threads.count) threads behind")
        }
        if after.descriptors.count > before.descriptors.count + 2 {
            run.findings.breaks(
                "descriptors",
                "100 lives left \(after.descriptors.count - before.descriptors.count) descriptors behind")
        }
        if grown > 10 << 10 { run.findings.breaks("memory", "100 lives left \(grown / 100) KiB behind each") }
    }

    private static func each(
        _ run: inout ContractRun, prepare: (FakeHost) -> Void = { _ in }, count: UInt64 = 3
    ) {
        run.life(prepare: prepare) { host, run in
            for executor in run.subject.executors {
                for number in 0..<count {
                    guard let input = run.input(executor, number), let token = run.begin(executor, input, on: host)
                    else { break }
                    run.finish(executor, token, input, on: host)
                }
            }
        }
    }

    private static func naked(_ run: inout ContractRun) {
        each(&run, prepare: { $0.hideServices() }, count: 1)
    }

    private static func future(_ run: inout ContractRun) {
        each(&run, prepare: { $0.makeFuture() }, count: 1)
    }

    private static func calls(_ run: inout ContractRun) { each(&run, count: 8) }

    private static func checkpoint(_ run: inout ContractRun) {
        for state in ["{}", "\u{1}nonsense", String(repeating: "x", count: 100_000)] {
            each(&run, prepare: { $0.setCheckpoint(state) }, count: 1)
        }
    }

    private static func stream(_ run: inout ContractRun) {
        run.life { host, run in
            for executor in run.subject.executors {
                host.setRoom(1)
                guard let input = run.input(executor, 2), let token = run.begin(executor, input, on: host) else {
                    continue
                }
                _ = host.wait(token, 100)
                host.setRoom(-1)
                run.finish(executor, token, input, on: host)
            }
        }
    }

    /// Every meter that the plugin holds is refused.
    private static func quota(_ run: inout ContractRun) {
        var meters: Set<String> = []
        run.life { host, run in
            for executor in run.subject.executors {
                guard let input = run.input(executor, 3), let token = run.begin(executor, input, on: host) else {
                    continue
                }
                run.finish(executor, token, input, on: host)
            }
            for line in host.seen.split(separator: "\n") where line.hasPrefix("hold ") {
                let words = line.split(separator: " ")
                if words.count > 2 { meters.insert(String(words[2])) }
            }
        }
        guard !meters.isEmpty else {
            run.findings.skipped = "it asked for no quota"
            return
        }
        each(&run, prepare: { host in for meter in meters { host.limit(meter, 0) } }, count: 2)
    }

    /// Secrets with values that nobody expects, and none at all.
    private static func secrets(_ run: inout ContractRun) {
        let names = Set(run.subject.executors.flatMap(\.secrets)).sorted()
        guard !names.isEmpty else {
            run.findings.skipped = "it declares no secrets"
            return
        }
        each(&run, count: 2)
        let marked = "check-" + String(repeating: "s3cr3t", count: 4)
        for value in ["", "x", marked, "\"'\\\n\r\t${{ x }}\u{1F469}", String(repeating: "long ", count: 14_000)] {
            run.life(prepare: { host in for name in names { host.setSecret(name, value) } }) { host, run in
                for executor in run.subject.executors where !executor.secrets.isEmpty {
                    for number in 0..<UInt64(2) {
                        guard let input = run.input(executor, number), let token = run.begin(executor, input, on: host)
                        else { break }
                        run.finish(executor, token, input, on: host)
                    }
                }
                if value == marked, host.seen.contains(marked) {
                    run.findings.note("the value of a secret is in a log line, in progress or in streamed text")
                }
            }
        }
    }

    /// Calls whose input is a blob instead of bytes.
    private static func blobs(_ run: inout ContractRun) {
        each(&run, prepare: { $0.setInputBlob(true) }, count: 3)
    }

    /// Configurations that fit the schemas and are as odd as they allow: refused with a reason, or worked with.
    private static func config(_ run: inout ContractRun) {
        let end = MonotonicClock.now() + 4_000_000_000
        for number in 0..<UInt64(12) where MonotonicClock.now() < end {
            guard let own = run.oddConfiguration(run.subject.config, number) else {
                run.findings.note("no odd configuration was found that fits the plugin's schema")
                break
            }
            run.life(config: own) { host, run in
                for executor in run.subject.executors {
                    guard let config = run.oddConfiguration(executor.config, number),
                        let input = run.input(executor, number),
                        let token = run.begin(executor, input, config: config, on: host)
                    else { continue }
                    run.finish(executor, token, input, on: host, patience: 100)
                }
            }
        }
    }

    /// The time is over before, or while, a call is carried out.
    private static func deadline(_ run: inout ContractRun) {
        for nanoseconds: Int64 in [-1_000_000_000, 1_000_000] {
            run.life { host, run in
                host.setTime(nanoseconds)
                for executor in run.subject.executors {
                    guard let input = run.input(executor, 4), let token = run.begin(executor, input, on: host) else {
                        continue
                    }
                    if host.wait(token, 20) == nil { host.cancel(token, .BATTEN_STOP_DEADLINE) }
                    run.finish(executor, token, input, on: host)
                }
            }
        }
    }

    /// Calls that are asked to end at once, twice, and after they have ended.
    private static func cancel(_ run: inout ContractRun) {
        run.life { host, run in
            for executor in run.subject.executors {
                var open: [(UInt64, String)] = []
                for number in 0..<UInt64(executor.isAsynchronous ? 50 : 8) {
                    guard let input = run.input(executor, number), let token = run.begin(executor, input, on: host)
                    else { break }
                    if number % 3 != 1 { host.cancel(token) }
                    if number % 3 == 1 { host.turn(1) }
                    host.cancel(token, .BATTEN_STOP_SHUTDOWN)
                    open.append((token, input))
                }
                for (token, input) in open { run.finish(executor, token, input, on: host) }
            }
        }
    }

    private static func inFlight(_ run: inout ContractRun) {
        run.life { host, run in
            for executor in run.subject.executors {
                guard let input = run.input(executor, 5) else { continue }
                var open: [UInt64] = []
                for _ in 0..<(executor.isAsynchronous ? 10_000 : 32) {
                    guard let token = run.begin(executor, input, on: host) else { break }
                    open.append(token)
                }
                // Whatever still works after a while is asked to end, all at once.
                let late = MonotonicClock.now() + 1_500_000_000
                for token in open {
                    let left = max(0, (late - MonotonicClock.now()) / 1_000_000)
                    if host.wait(token, Int32(clamping: left)) == nil { break }
                }
                for token in open { host.cancel(token) }
                // The first that does not end says enough.
                for token in open where run.findings.broken.isEmpty {
                    run.finish(executor, token, input, on: host, patience: 2_000)
                }
            }
        }
    }

    /// The host shuts down while calls are in flight.
    private static func shutdown(_ run: inout ContractRun) {
        for executor in run.subject.executors {
            guard executor.isCancellable else {
                run.findings.note("\(executor.type) does not say it is cancellable; it is not tried")
                continue
            }
            run.life { host, run in
                for number in 0..<UInt64(8) {
                    guard let input = run.input(executor, number) else { break }
                    _ = run.begin(executor, input, on: host)
                }
            }
        }
    }

    /// Inputs that fit the schema and are as odd as it allows.
    private static func inputs(_ run: inout ContractRun) {
        run.life { host, run in
            for executor in run.subject.executors {
                let end = MonotonicClock.now() + 2_000_000_000
                for number in 0..<UInt64(200) where MonotonicClock.now() < end {
                    guard let input = run.input(executor, number, isHostile: true),
                        let token = run.begin(executor, input, on: host)
                    else { break }
                    run.finish(executor, token, input, on: host, patience: 300)
                }
            }
        }
    }
}
