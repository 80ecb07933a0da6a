internal import BattenCore

/// Reads the rows of runs whose journal is ahead of them.
struct RunTail {
    let connection: Connection
    let unspill: Unspill

    /// The rows of a run as its whole journal makes them; nil when the stored rows are up to date.
    ///
    /// The caller holds a transaction, so that rows and journal are of one moment.
    func images(run: String) throws(StoreError) -> RunImages? {
        let find = try connection.statement(ListQuery.trailing)
        find.bind(1, run)
        guard try find.step() else { return nil }
        let seq = find.int(0)
        find.reset()
        var images = RunImages(run: run, stages: try stages(run), attempts: try attempts(run))
        let tail = try connection.statement(ListQuery.tail)
        tail.bind(1, run)
        tail.bind(2, seq)
        defer { tail.reset() }
        while try tail.step() {
            let record = try EventColumns.read(tail, unspill)
            do throws(ReplayError) {
                try images.apply(record)
            } catch {
                throw StoreError(.corrupt, error.message, help: error.help)
            }
        }
        return images
    }

    /// The stages of a run as they are stored, in the plan's order.
    func stages(_ run: String) throws(StoreError) -> [StageRow] {
        let find = try connection.statement(ListQuery.stages)
        find.bind(1, run)
        defer { find.reset() }
        var rows: [StageRow] = []
        while try find.step() { rows.append(try StageColumns.read(find, unspill, run: run)) }
        return rows
    }

    /// The attempts of a run as they are stored, by stage and number.
    func attempts(_ run: String) throws(StoreError) -> [AttemptRow] {
        let find = try connection.statement(ListQuery.attempts)
        find.bind(1, run)
        defer { find.reset() }
        var rows: [AttemptRow] = []
        while try find.step() { rows.append(AttemptColumns.read(find)) }
        return rows
    }
}

/// The columns of a stage's row.
enum StageColumns {
    static func read(_ row: Statement, _ unspill: Unspill, run: String) throws(StoreError) -> StageRow {
        var stage = StageRow(index: Int(row.int(0)), id: row.text(1), uses: row.text(2), isFinally: row.int(3) != 0)
        guard let status = StageStatus(rawValue: row.text(4)) else {
            throw StoreError(
                .corrupt, "stage \(stage.id) of run \(run) has the unknown status \(row.text(4))",
                help: "run `batten db check` and restore a backup")
        }
        stage.status = status
        stage.item = row.optionalInt(15).map { Int($0) }
        stage.waiting = row.waiting(5)
        stage.reason = row.optionalText(9)
        stage.attempts = Int(row.int(10))
        stage.startedAt = row.timestamp(11)
        stage.endedAt = row.timestamp(12)
        stage.outputs = try unspill.value(row, 13)
        stage.error = try unspill.value(row, 14).flatMap { StageError(json: $0) }
        stage.cachedFrom = row.optionalText(16)
        return stage
    }
}

/// The columns of an attempt's row.
enum AttemptColumns {
    static func read(_ row: Statement) -> AttemptRow {
        var attempt = AttemptRow(
            stageIndex: Int(row.int(0)), number: Int(row.int(1)), reason: row.text(2), idempotencyKey: row.text(3),
            startedAt: Timestamp(nanoseconds: row.int(4)))
        attempt.endedAt = row.timestamp(5)
        attempt.outcomeClass = row.optionalText(6).flatMap { OutcomeClass(rawValue: $0) }
        attempt.effect = row.optionalText(7).flatMap { Effect(rawValue: $0) }
        attempt.code = row.text(8)
        attempt.message = row.text(9)
        attempt.item = row.optionalInt(10).map { Int($0) }
        return attempt
    }
}
