import BattenFiles
import BattenPlugin

/// One call of `file.watch`; belongs to the loop's thread.
final class WatchJob: @unchecked Sendable {
    // SAFETY: closures posted to the loop run on its thread, which is the only one that touches a job.

    /// A file that fits, and when it was last seen to change.
    private struct Candidate {
        var place: Roots.Place
        /// Monotonic nanoseconds since when nothing has happened to it.
        var quietSince: Int64
        /// Whether somebody who writes it has it open.
        var isBeingWritten = false
        /// Whether it was made here, and not opened yet.
        var isNew = false
        /// Whether it counts only after a change.
        var waitsForChange = false
    }

    /// How many directory entries are looked at before other work of the loop has its turn.
    private static let entriesInTurn = 500

    let token: UInt64
    private let call: Call<JSON>
    private let scans: [FolderScan]
    private let loop: Loop
    private let folders: WatchedFolders
    private let quiet: Int64
    private let wanted: Int
    private let leastBytes: Int64
    private let takesExisting: Bool
    private var candidates: [String: Candidate] = [:]
    /// What the entries of a watched folder are held against.
    private var steps: [Int32: [(scan: Int, step: FolderScan.Step)]] = [:]
    private var seenWatches: Set<Int32> = []
    private var isScanning = false
    private var isFirstScan = true
    private var mustStartOver = false
    private var timer: LoopTimer?
    private var isOver = false
    var ended: () -> Void = {}

    init(
        call: Call<JSON>, scans: [FolderScan], loop: Loop, folders: WatchedFolders, quiet: Int64, wanted: Int,
        leastBytes: Int64, takesExisting: Bool
    ) {
        token = call.token
        self.call = call
        self.scans = scans
        self.loop = loop
        self.folders = folders
        self.quiet = quiet
        self.wanted = wanted
        self.leastBytes = leastBytes
        self.takesExisting = takesExisting
    }

    func start() {
        for (index, scan) in scans.enumerated() {
            scan.passes = { [unowned self] (folder, step) throws(Failure) in try pass(folder, step, index) }
            scan.finds = { [unowned self] (found) throws(Failure) in find(found) }
            scan.restart()
        }
        goOn()
    }

    /// Looks through everything again, because events were lost or a folder is another one now.
    func lookAgain(eventsWereLost: Bool = false) {
        mustStartOver = true
        if eventsWereLost {
            // Whoever wrote may have closed the file unnoticed.
            let now = MonotonicTime.now.nanoseconds
            for path in candidates.keys {
                candidates[path]?.isBeingWritten = false
                candidates[path]?.quietSince = now
            }
        }
        goOn()
    }

    func fail(_ failure: Failure) {
        guard finish() else { return }
        call.fail(failure)
    }

    private func finish() -> Bool {
        guard !isOver else { return false }
        isOver = true
        timer?.cancel()
        folders.drop(self, seenWatches)
        for scan in scans {
            scan.passes = { (_, _) throws(Failure) in }
            scan.finds = { _ throws(Failure) in }
        }
        ended()
        return true
    }

    // MARK: Looking

    /// Goes on with the search in turns, so that a large folder does not hold up the loop.
    private func goOn() {
        guard !isScanning, !isOver else { return }
        isScanning = true
        turn()
    }

    private func turn() {
        guard !isOver else { return }
        do throws(Failure) {
            if mustStartOver {
                mustStartOver = false
                for scan in scans { scan.restart() }
            }
            var isDone = true
            for scan in scans where !(try scan.go(on: Self.entriesInTurn)) {
                isDone = false
                break
            }
            if isDone {
                isScanning = false
                isFirstScan = false
                settle()
            } else if !loop.post({ [self] in turn() }) {
                fail(.stopped(.shutdown, effect: .none))
            }
        } catch {
            fail(error)
        }
    }

    private func pass(_ folder: FileHandle, _ step: FolderScan.Step, _ scan: Int) throws(Failure) {
        let number = try folders.add(folder, scans[scan].root.appending(step.folder).path, for: self)
        seenWatches.insert(number)
        if !(steps[number] ?? []).contains(where: { $0.scan == scan && $0.step == step }) {
            steps[number, default: []].append((scan, step))
        }
    }

    private func find(_ found: FolderScan.Found) {
        let path = found.place.path
        guard candidates[path] == nil else { return }
        let now = MonotonicTime.now.nanoseconds
        // What was there before counts from when it was written, as far as its clock can be believed.
        let age = min(max(0, WallClock.now - found.status.modified), quiet)
        candidates[path] = Candidate(
            place: found.place, quietSince: isFirstScan ? now - age : now,
            waitsForChange: isFirstScan && !takesExisting)
    }

    // MARK: Events

    func take(_ event: FolderWatcher.Event) {
        guard !isOver else { return }
        if event.happened.contains(.folderLost) {
            steps[event.watch] = nil
            seenWatches.remove(event.watch)
            lookAgain()
            return
        }
        guard let name = event.name, let places = steps[event.watch] else { return }
        do throws(Failure) {
            for (scan, step) in places {
                let path = scans[scan].root.appending(step.folder + [name]).path
                if event.happened.contains(.vanished) {
                    candidates[path] = nil
                    continue
                }
                if event.happened.contains(.appeared) {
                    try scans[scan].look(at: name, in: step)
                    candidates[path]?.isNew = !event.happened.contains(.written)
                }
                touch(path, event.happened)
            }
            goOn()
            if !isScanning { settle() }
        } catch {
            fail(error)
        }
    }

    private func touch(_ path: String, _ happened: FolderWatcher.Happening) {
        guard var candidate = candidates[path] else { return }
        if happened.contains(.opened), candidate.isNew {
            // Whoever made it by opening it goes on to write it.
            candidate.isBeingWritten = true
            candidate.isNew = false
        } else if happened == .opened {
            return
        }
        if happened.contains(.changed) { candidate.isBeingWritten = true }
        if happened.contains(.written) { candidate.isBeingWritten = false }
        candidate.waitsForChange = false
        candidate.quietSince = MonotonicTime.now.nanoseconds
        candidates[path] = candidate
    }

    // MARK: The end

    /// Ends the call if enough files have settled; otherwise waits for the next one that may.
    private func settle() {
        guard !isOver, !isScanning else { return }
        timer?.cancel()
        timer = nil
        let now = MonotonicTime.now.nanoseconds
        var settled: [(path: String, status: FileHandle.Status)] = []
        var next = Int64.max
        do throws(Failure) {
            for (path, candidate) in candidates where !candidate.isBeingWritten && !candidate.waitsForChange {
                guard now - candidate.quietSince >= quiet else {
                    next = min(next, candidate.quietSince + quiet)
                    continue
                }
                guard let status = try candidate.place.openIfThere(.path)?.status(path), status.kind == .regular else {
                    candidates[path] = nil
                    continue
                }
                if status.size >= leastBytes { settled.append((path, status)) }
            }
            if settled.count >= wanted {
                complete(settled)
            } else if next < .max {
                timer = try loop.timer(at: MonotonicTime(nanoseconds: next)) { [weak self] in self?.settle() }
            }
        } catch {
            fail(error)
        }
    }

    private func complete(_ settled: [(path: String, status: FileHandle.Status)]) {
        guard finish() else { return }
        let sorted = settled.sorted { Array($0.path.utf8).lexicographicallyPrecedes($1.path.utf8) }
        call.complete([
            "path": .string(sorted.first?.path ?? ""),
            "files": .array(sorted.map { .object(FileSchemas.facts($0.path, $0.status)) }),
        ])
    }
}
