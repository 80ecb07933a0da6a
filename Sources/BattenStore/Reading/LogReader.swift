public import BattenCore

extension StoreReader {
    /// The log of a run, in the order it was stored.
    ///
    /// Where the middle of a long log was not kept, a line of the stream `gap` says how much is missing.
    /// - Parameters:
    ///   - run: run id.
    ///   - stage: only this stage's lines.
    ///   - item: only this item's lines.
    ///   - cursor: the `nextCursor` of the page before; nil for the beginning.
    ///   - limit: how many lines at most.
    /// - Returns: the lines; `nextCursor` is never nil, so that lines to come can be asked for with it.
    public func logs(
        run: String, stage: String? = nil, item: Int? = nil, after cursor: String? = nil, limit: Int = 1_000
    ) throws(StoreError) -> Page<LogLine> {
        let limit = max(limit, 1)
        // The place is that of the next line: a chunk, and a line in it.
        var place = if let cursor { try Cursor(cursor, list: "l") } else { Cursor(0, 0) }
        return try withConnection { connection throws(StoreError) in
            let find = try connection.statement(ListQuery.logs)
            find.bind(1, run)
            find.bind(2, place.first)
            find.bind(3, stage)
            find.bind(4, item.map { Int64($0) })
            defer { find.reset() }
            var lines: [LogLine] = []
            while lines.count < limit, try find.step() {
                let chunk = find.int(0)
                let all = self.lines(find)
                let start = chunk == place.first ? Int(clamping: max(place.second, 0)) : 0
                let some = all.dropFirst(start).prefix(limit - lines.count)
                lines += some
                let next = min(start, all.count) + some.count
                place = next < all.count ? Cursor(chunk, Int64(next)) : Cursor(chunk + 1, 0)
            }
            return Page(items: lines, nextCursor: place.text(list: "l"))
        }
    }

    private func lines(_ row: Statement) -> [LogLine] {
        let at = Timestamp(nanoseconds: row.int(3))
        let stage = row.text(1)
        let item = row.optionalInt(6).map { Int($0) }
        let attempt = Int(row.int(2))
        let lines = LogChunk.unpack(row.bytes(5), stage: stage, item: item, attempt: attempt, firstAt: at)
        let dropped = row.int(4)
        guard dropped > 0 else { return lines }
        let text = "\(dropped) lines in the middle were not kept"
        return [LogLine(at: at, stage: stage, item: item, attempt: attempt, stream: "gap", text: text)] + lines
    }
}
