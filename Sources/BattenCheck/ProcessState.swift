import BattenCore
import BattenSystem

/// What a plugin must leave alone in its process, as the kernel tells it.
struct ProcessState: Equatable {
    /// Names of the threads, by id.
    var threads: [String]
    /// What each descriptor leads to.
    var descriptors: [String: String]
    /// Signals that are blocked, ignored, and handled, and the umask, as /proc/self/status has them.
    var status: [String: String]
    var folder: String
    var environment: [String: String]
    var limits: String

    /// Looks at this process.
    static func now() -> ProcessState {
        var descriptors: [String: String] = [:]
        for name in (try? FileSystem.list("/proc/self/fd")) ?? [] {
            // The one that lists the folder is gone again.
            guard let target = ProcessEnvironment.linkTarget("/proc/self/fd/\(name)") else { continue }
            descriptors[name] = target
        }
        var status: [String: String] = [:]
        for line in lines("/proc/self/status") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, ["SigBlk", "SigIgn", "SigCgt", "Umask"].contains(String(parts[0])) else { continue }
            var text = String(parts[1].drop { $0 == " " || $0 == "\t" })
            if parts[0].hasPrefix("Sig"), let signals = UInt64(text, radix: 16) {
                // Signals 32 and 33 are the C library's own, which it takes with the first thread.
                text = String(signals & ~(3 << 31), radix: 16)
            }
            status[String(parts[0])] = text
        }
        return ProcessState(
            threads: ((try? FileSystem.list("/proc/self/task")) ?? []).sorted(), descriptors: descriptors,
            status: status, folder: ProcessEnvironment.currentFolder, environment: ProcessEnvironment.variables(),
            limits: lines("/proc/self/limits").joined(separator: "\n"))
    }

    private static func lines(_ path: String) -> [String] {
        let bytes = (try? FileSystem.read(path)) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// Resident memory in bytes.
    static func residentBytes() -> Int {
        let fields = lines("/proc/self/statm").first?.split(separator: " ") ?? []
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4096 : 0
    }

    /// Differences that break a rule.
    ///
    /// - Parameters:
    ///   - before: the state before.
    ///   - whenThreads: the rule for threads that are left, and nil when threads may be.
    func compare(with before: ProcessState, threadRule: String?, into findings: inout CheckFindings) {
        if let threadRule, threads.count > before.threads.count {
            findings.breaks(threadRule, "\(threads.count - before.threads.count) threads are left")
        }
        for (number, target) in descriptors where before.descriptors[number] == nil {
            if target.hasPrefix("/proc/") { continue }
            findings.breaks("descriptors", "descriptor \(number) is left open: \(target)")
        }
        for (number, target) in before.descriptors {
            if target.hasPrefix("/proc/") { continue }
            guard let now = descriptors[number] else {
                findings.breaks("descriptors", "descriptor \(number), which was not the plugin's, was closed")
                continue
            }
            if now != target { findings.breaks("descriptors", "descriptor \(number) is now \(now), was \(target)") }
        }
        let rules = [
            "SigBlk": "signals", "SigIgn": "signals", "SigCgt": "signals", "Umask": "process-state",
        ]
        for (field, value) in status where before.status[field] != value {
            findings.breaks(
                rules[field] ?? "process-state", "\(field) is now \(value), was \(before.status[field] ?? "nothing")")
        }
        if folder != before.folder { findings.breaks("process-state", "the current folder is now \(folder)") }
        if environment != before.environment {
            let changed = Set(environment.keys).union(before.environment.keys).filter {
                environment[$0] != before.environment[$0]
            }
            findings.breaks(
                "process-state", "the environment was changed: \(changed.sorted().joined(separator: ", "))")
        }
        if limits != before.limits { findings.breaks("process-state", "resource limits were changed") }
    }
}
