internal import BattenCore

/// Keeps an attempt's log within its limit: the first half of it from the start, the other from the end.
///
/// It remembers, for each attempt that is running, which chunks belong to the end; when they outgrow their half, the
/// oldest of them go, and the chunk after the gap says how many lines are missing.
struct LogTrimmer {
    private let limit: Int
    private var runs: [Int64: Run] = [:]

    private struct Run {
        var lastChunk: Int64
        var attempts: [Source: Tail] = [:]
    }

    private struct Source: Hashable {
        let stage: String
        let item: Int?
        let attempt: Int
    }

    private struct Tail {
        var head = 0
        var chunks: [(number: Int64, bytes: Int, lines: Int)] = []
        var bytes = 0
        var dropped = 0
    }

    /// Creates a trimmer.
    ///
    /// - Parameter limit: bytes kept of an attempt.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes in a chunk that is about to be written.
    ///
    /// - Parameter last: asks the store for the run's highest chunk number so far.
    /// - Returns: the chunk's number; numbers of the chunks to remove; the number of the chunk after the gap, with the
    ///   lines that are missing before it.
    mutating func add(
        _ chunk: LogChunk, run: Int64, last: () throws(StoreError) -> Int64
    ) throws(StoreError) -> (number: Int64, remove: [Int64], gap: (chunk: Int64, lines: Int)?) {
        if runs[run] == nil { runs[run] = Run(lastChunk: try last()) }
        let number = (runs[run]?.lastChunk ?? 0) + 1
        runs[run]?.lastChunk = number
        let source = Source(stage: chunk.stage, item: chunk.item, attempt: chunk.attempt)
        var tail = runs[run]?.attempts.removeValue(forKey: source) ?? Tail()
        defer { runs[run]?.attempts[source] = tail }
        let bytes = chunk.text.count
        if tail.chunks.isEmpty, tail.head + bytes <= limit / 2 {
            tail.head += bytes
            return (number, [], nil)
        }
        tail.chunks.append((number, bytes, chunk.lines))
        tail.bytes += bytes
        var remove: [Int64] = []
        while tail.bytes > limit / 2, tail.chunks.count > 1 {
            let oldest = tail.chunks.removeFirst()
            tail.bytes -= oldest.bytes
            tail.dropped += oldest.lines
            remove.append(oldest.number)
        }
        guard !remove.isEmpty, let next = tail.chunks.first else { return (number, [], nil) }
        return (number, remove, (next.number, tail.dropped))
    }

    /// Forgets a run that has ended.
    mutating func forget(run: Int64) {
        runs[run] = nil
    }

    /// Forgets everything, after a transaction that failed: what follows is numbered from the store again.
    mutating func rolledBack() {
        runs.removeAll()
    }
}

extension RunWriter {
    /// Writes chunks of log, and removes what goes beyond the limit.
    func write(_ logs: [LogChunk], key: Int64) throws(StoreError) {
        for chunk in logs {
            let place = try logTrimmer.add(chunk, run: key) { () throws(StoreError) in
                let find = try connection.statement("SELECT max(chunk) FROM logs WHERE run_key = ?1")
                find.bind(1, key)
                defer { find.reset() }
                return try find.step() ? find.int(0) : 0
            }
            let insert = try connection.statement(
                """
                INSERT INTO logs (run_key, chunk, stage, attempt, first_at, lines, bytes, text, item)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
                """)
            insert.bind(1, key)
            insert.bind(2, place.number)
            insert.bind(3, chunk.stage)
            insert.bind(4, chunk.attempt)
            insert.bind(5, chunk.firstAt)
            insert.bind(6, chunk.lines)
            insert.bind(7, chunk.text.count)
            insert.bind(8, text: chunk.text)
            insert.bind(9, chunk.item.map { Int64($0) })
            try insert.run()
            for number in place.remove {
                let remove = try connection.statement("DELETE FROM logs WHERE run_key = ?1 AND chunk = ?2")
                remove.bind(1, key)
                remove.bind(2, number)
                try remove.run()
            }
            if let gap = place.gap {
                let mark = try connection.statement("UPDATE logs SET dropped = ?3 WHERE run_key = ?1 AND chunk = ?2")
                mark.bind(1, key)
                mark.bind(2, gap.chunk)
                mark.bind(3, gap.lines)
                try mark.run()
            }
        }
    }
}
