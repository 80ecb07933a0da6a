import BattenCore
import BattenSystem

/// Files that have come and may still change: each counts once it has stayed as it is for a while and nobody writes to it.
///
/// Times are on the monotonic clock in nanoseconds. Belongs to one thread.
struct SettlingFiles {
    private struct Waiting {
        var modified: Int64
        var bytes: Int64
        var due: Int64
    }

    /// A file that has settled, for one trigger.
    struct Settled {
        let trigger: Trigger
        let event: TriggerEvent
    }

    private var waiting: [String: Waiting] = [:]
    private(set) var triggers: [Trigger] = []

    /// When there is something to look at again; nil is never.
    var next: Int64? { waiting.values.lazy.map(\.due).min() }

    /// Whether files wait to settle.
    var isEmpty: Bool { waiting.isEmpty }

    /// The folders that are watched for these triggers.
    var folders: Set<String> {
        Set(triggers.compactMap { if case .file(let folder, _) = $0.rule.source { folder } else { nil } })
    }

    /// Goes by other triggers from now on.
    mutating func follow(_ triggers: [Trigger]) {
        self.triggers = triggers.filter { if case .file = $0.rule.source { true } else { false } }
        waiting = waiting.filter { !self.triggers(for: $0.key).isEmpty }
    }

    /// Takes in that something has happened to a file.
    mutating func note(_ path: String, now: Int64) {
        let settle = triggers(for: path).map(\.rule.settle.saturatedNanoseconds).max()
        guard let settle, let status = Self.status(path) else {
            waiting[path] = nil
            return
        }
        waiting[path] = Waiting(modified: status.modifiedNanoseconds, bytes: status.bytes, due: now + settle)
    }

    /// Takes in the files of all folders that no trigger has seen.
    ///
    /// - Parameter isKnown: whether a trigger has seen a file in this state.
    mutating func scan(
        now: Int64, isKnown: (Trigger, String) throws(StoreError) -> Bool
    ) throws(StoreError) {
        for folder in folders.sorted() {
            for name in (try? FileSystem.list(folder)) ?? [] {
                let path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
                guard waiting[path] == nil, let status = Self.status(path) else { continue }
                for trigger in triggers(for: path) where Self.counts(status, trigger) {
                    if try !isKnown(trigger, Self.key(path, status)) { note(path, now: now) }
                }
            }
        }
    }

    /// Takes out the files that have settled.
    mutating func settle(now: Int64) -> [Settled] {
        var settled: [Settled] = []
        for (path, before) in waiting.filter({ $0.value.due <= now }).sorted(by: { $0.key < $1.key }) {
            waiting[path] = nil
            guard let status = Self.status(path) else { continue }
            if status.modifiedNanoseconds != before.modified || status.bytes != before.bytes {
                note(path, now: now)
                continue
            }
            // Whoever writes to it will close it, and that is told.
            if let file = try? FileSystem.open(path), FileSystem.hasWriter(file) == true { continue }
            for trigger in triggers(for: path) {
                settled.append(Settled(trigger: trigger, event: Self.event(path, status, trigger)))
            }
        }
        return settled
    }

    // MARK: Parts

    private func triggers(for path: String) -> [Trigger] {
        guard let slash = path.lastIndex(of: "/") else { return [] }
        let (folder, name) = (String(path[..<slash]), String(path[path.index(after: slash)...]))
        return triggers.filter { trigger in
            guard case .file(let watched, let pattern) = trigger.rule.source else { return false }
            return (watched == "/" ? "" : watched) == folder && FileSystem.fits(name, pattern)
        }
    }

    /// Whether a file that is found counts: also one that was moved in has changed at that moment.
    private static func counts(_ status: FileSystem.Status, _ trigger: Trigger) -> Bool {
        trigger.rule.takesExisting || status.changedNanoseconds &+ tick >= trigger.createdAt.nanoseconds
    }

    /// How far a file's times may lie behind: Linux stamps files with a clock that ticks 100 to 1,000 times a second
    /// (time(7), CONFIG_HZ).
    private static let tick: Int64 = 10_000_000

    private static func status(_ path: String) -> FileSystem.Status? {
        guard let status = try? FileSystem.status(path), status.kind == .file else { return nil }
        return status
    }

    /// What tells a state of a file from others.
    private static func key(_ path: String, _ status: FileSystem.Status) -> String {
        "\(path) \(status.modifiedNanoseconds) \(status.bytes)"
    }

    private static func event(_ path: String, _ status: FileSystem.Status, _ trigger: Trigger) -> TriggerEvent {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return TriggerEvent(
            trigger: trigger, key: key(path, status),
            data: [
                "path": .string(path), "file": .string(name), "folder": .string(PathText.folder(path)),
                "bytes": .int(status.bytes),
                "modified_at": .string(Timestamp(nanoseconds: status.modifiedNanoseconds).rfc3339),
            ], at: Timestamp(nanoseconds: WallClock.now()))
    }
}
