import BattenFiles
import BattenPlugin

/// Waits until files are there and settled, with inotify on the host's loop: no thread, no polling.
final class WatchExecutor: LoopExecutor {
    typealias Owner = FilePlugin
    typealias Output = JSON

    struct Input: Decodable {
        var path: String?
        var glob: String?
        var minFiles: Int?
        var minBytes: Int64?
        var settle: String?
        var existing: Bool?

        private enum CodingKeys: String, CodingKey {
            case path, glob, settle, existing
            case minFiles = "min_files"
            case minBytes = "min_bytes"
        }
    }

    static let type = "file.watch"
    static let title = "Wait for files"
    static let summary = """
        Waits until a file, or enough files that fit a pattern, are there and settled: who wrote them has closed them, \
        and for a while nothing has changed. How long it waits at most is the stage's timeout.
        """
    static let inputSchema = Schema.object(
        [
            .optional("path", FileSchemas.path), .optional("glob", FileSchemas.glob),
            .optional(
                "min_files",
                .integer("How many files there must be; with glob.", minimum: 1, maximum: 100_000, default: 1)
                    .titled("Files")),
            .optional(
                "min_bytes", .integer("Smaller files do not count.", minimum: 0, default: 0).titled("Least size")),
            .optional(
                "settle",
                .string(
                    "How long a file must have been left alone; at least 10ms.", examples: ["500ms", "10s"],
                    default: "1s"
                ).titled("Settled after")),
            .optional(
                "existing",
                .boolean(
                    "Whether files count that are there already; if not, only those that appear or change from now on.",
                    default: true
                ).titled("Existing files")),
        ], "Exactly one of path and glob.", examples: [["glob": "inbox/*.csv", "settle": "5s"]])
    static let outputSchema = Schema.object([
        .required("path", .string("The first file, absolute.").titled("File")),
        .required(
            "files", .list(of: .object(FileSchemas.fileProperties), "All files that count, by path.").titled("Files")),
    ])
    static let traits: ExecutorTraits = [.cancellable, .idempotent]
    static let capabilities = Capabilities(readPaths: ["."])

    private let plugin: FilePlugin
    private let config: RootSettings
    private let folders = WatchedFolders()
    private var jobs: [UInt64: WatchJob] = [:]

    init(config: JSON, plugin: FilePlugin) throws {
        self.plugin = plugin
        self.config = try FileConfig.read(config)
    }

    func begin(_ input: Input, call: Call<JSON>) throws {
        guard let loop = call.context.loop else {
            throw Failure(.failed, code: "host.loop", "the host offers no event loop (batten.loop/1)", effect: .none)
        }
        let settle = input.settle ?? "1s"
        guard let quiet = DurationText.parse(settle), quiet >= 10_000_000 else {
            throw Failure.badInput(
                field: "settle", "is '\(settle)'; must be a length of time from 10ms on, such as 500ms or 5s")
        }
        let roots = try plugin.roots(config, call.context)
        let scans: [FolderScan]
        switch (input.path, input.glob) {
        case (let path?, nil):
            guard input.minFiles ?? 1 == 1 else { throw Failure.badInput(field: "min_files", "goes with glob") }
            scans = [try FolderScan.make(path: path, field: "path", roots: roots)]
        case (nil, let glob?): scans = try FolderScan.make(glob, field: "glob", roots: roots)
        default: throw Failure.badInput(field: "path", "exactly one of path and glob must be given")
        }
        try folders.start(on: loop)
        let job = WatchJob(
            call: call, scans: scans, loop: loop, folders: folders, quiet: quiet,
            wanted: max(1, input.minFiles ?? 1), leastBytes: input.minBytes ?? 0, takesExisting: input.existing ?? true)
        jobs[call.token] = job
        job.ended = { [weak self] in
            guard let self else { return }
            jobs[call.token] = nil
            // Here, because `close` does not come on the loop's thread.
            if jobs.isEmpty { folders.stop() }
        }
        job.start()
    }

    func cancel(_ call: Call<JSON>, reason: StopReason) {
        jobs[call.token]?.fail(.stopped(reason, effect: .none))
    }
}

/// The folders that the calls of one instance watch, through one inotify descriptor.
final class WatchedFolders {
    private var watcher: FolderWatcher?
    private var watch: Watch?
    /// Who watches a folder, by the number of the watch and the job's token.
    private var watching: [Int32: [UInt64: WatchJob]] = [:]

    func start(on loop: Loop) throws(Failure) {
        guard watcher == nil else { return }
        let watcher = try FolderWatcher()
        watch = try loop.watch(watcher.descriptor, for: .read) { [weak self] _ in self?.read() }
        self.watcher = watcher
    }

    func stop() {
        watch?.cancel()
        watch = nil
        watcher = nil
        watching = [:]
    }

    func add(_ folder: FileHandle, _ path: String, for job: WatchJob) throws(Failure) -> Int32 {
        guard let watcher else { throw Failure(.bug, code: "file.watcher", "the watcher has ended", effect: .none) }
        let number = try watcher.watch(folder, path)
        watching[number, default: [:]][job.token] = job
        return number
    }

    func drop(_ job: WatchJob, _ numbers: Set<Int32>) {
        for number in numbers {
            watching[number]?[job.token] = nil
            guard let left = watching[number], left.isEmpty else { continue }
            watching[number] = nil
            watcher?.unwatch(number)
        }
    }

    private func read() {
        for event in watcher?.take() ?? [] {
            if event.watch < 0 {
                var jobs: [UInt64: WatchJob] = [:]
                for (_, those) in watching { jobs.merge(those) { first, _ in first } }
                for (_, job) in jobs { job.lookAgain(eventsWereLost: true) }
                continue
            }
            // A job may end by an event, hence the copy.
            let jobs = watching[event.watch] ?? [:]
            if event.happened.contains(.folderLost) {
                // A folder that was renamed is still watched; if it is met again it gets another number.
                watching[event.watch] = nil
                watcher?.unwatch(event.watch)
            }
            for (_, job) in jobs { job.take(event) }
        }
    }
}
