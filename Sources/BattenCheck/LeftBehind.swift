import BattenSystem

/// What a plugin leaves behind in its process when its last life has ended.
enum LeftBehind {
    /// Files in memory that are open and were not before: blobs that nobody closed.
    static func blobs(since before: ProcessState, into findings: inout CheckFindings) {
        for (number, target) in ProcessState.now().descriptors.sorted(by: { $0.key < $1.key })
        where target.hasPrefix("/memfd:") && before.descriptors[number] != target {
            findings.breaks("descriptors", "descriptor \(number) of a blob is left open: \(target)")
        }
    }

    /// Threads that were not there before and still do something: `stop` has not joined them.
    static func threads(since before: ProcessState, into findings: inout CheckFindings) {
        let known = Set(before.threads.compactMap { Int32($0) })
        for thread in ProcessThreads.restless(besides: { known }) {
            findings.breaks("stop", "a thread called \(thread) still runs after stop")
        }
    }
}
