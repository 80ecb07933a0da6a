internal import BattenCore

/// The rows that few commits have.
extension RunWriter {
    /// Records which files the run's values are in.
    func refer(_ commit: EncodedCommit, key: Int64, files: [[UInt8]: Int]) throws(StoreError) {
        let at = commit.source.records.last?.at ?? commit.source.runRow?.acceptedAt ?? Timestamp(nanoseconds: 0)
        for hash in commit.hashes {
            guard let bytes = files[hash] else { continue }
            let table = BlobTable(connection: connection, folder: unspill.folder)
            guard try table.keep(hash, bytes: bytes, at: at) else { throw BlobTable.lost(hash) }
            let refer = try connection.statement(
                "INSERT INTO run_blobs (run_key, hash) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
            refer.bind(1, key)
            refer.bind(2, blob: hash)
            try refer.run()
        }
    }

    /// Keeps the state that an attempt saved, in the place of an earlier one.
    func write(_ checkpoint: CheckpointRow, _ state: StoredValue, key: Int64) throws(StoreError) {
        let statement = try connection.statement(
            """
            INSERT INTO attempt_states (run_key, idx, number, is_spilled, state) VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (run_key, idx) DO UPDATE
            SET number = excluded.number, is_spilled = excluded.is_spilled, state = excluded.state
            """)
        statement.bind(1, key)
        statement.bind(2, checkpoint.stageIndex)
        statement.bind(3, checkpoint.attempt)
        switch state {
        case .blob(let hash):
            statement.bind(4, 1)
            statement.bind(5, blob: hash)
        case .text(let bytes):
            statement.bind(4, 0)
            statement.bind(5, blob: bytes)
        case .absent: return
        }
        try statement.run()
    }

    /// Clears and arms timers, in this order.
    func writeTimers(_ commit: RunCommit, key: Int64) throws(StoreError) {
        for name in commit.timersCleared {
            let clear = try connection.statement("DELETE FROM timers WHERE run_key = ?1 AND key = ?2")
            clear.bind(1, key)
            clear.bind(2, name)
            try clear.run()
        }
        for timer in commit.timersArmed {
            let arm = try connection.statement(
                """
                INSERT INTO timers (run_key, key, at) VALUES (?1, ?2, ?3)
                ON CONFLICT (run_key, key) DO UPDATE SET at = excluded.at
                """)
            arm.bind(1, key)
            arm.bind(2, timer.key)
            arm.bind(3, timer.at)
            try arm.run()
        }
    }

    /// Books usage.
    func insert(_ usage: UsageRow, key: Int64) throws(StoreError) {
        let statement = try connection.statement(
            """
            INSERT INTO usage (run_key, workflow, stage, attempt, plugin, metric, subject, amount, at, item, cost_usd,
                executor, tags)
            VALUES (?1, (SELECT workflow FROM runs WHERE key = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            RETURNING workflow
            """)
        statement.bind(1, key)
        statement.bind(2, usage.stage)
        statement.bind(3, usage.attempt)
        statement.bind(4, usage.plugin)
        statement.bind(5, usage.metric)
        statement.bind(6, usage.subject)
        statement.bind(7, usage.amount)
        statement.bind(8, usage.at)
        statement.bind(9, usage.item.map { Int64($0) })
        if let cost = usage.cost { statement.bind(10, cost) } else { statement.bindNull(10) }
        statement.bind(11, usage.executor)
        statement.bind(12, usage.tags.isEmpty ? nil : JSONWriter.string(.array(usage.tags.map { .string($0) })))
        guard try statement.step() else { return }
        let workflow = statement.text(0)
        try statement.run()
        try count(usage, key: key, workflow: workflow)
    }
}

extension EncodedCommit {
    /// Hashes of the files that the commit's values are in.
    var hashes: [[UInt8]] {
        var hashes: [[UInt8]] = []
        func add(_ value: StoredValue) {
            if case .blob(let hash) = value { hashes.append(hash) }
        }
        if let run {
            for value in [run.parameters, run.hostEnvironment, run.outputs, run.error] { add(value) }
        }
        add(snapshot)
        for stage in stages {
            add(stage.outputs)
            add(stage.error)
        }
        for state in states { add(state) }
        for gate in gates {
            add(gate.form)
            add(gate.votes)
        }
        for signal in signals { add(signal) }
        for result in cached { add(result) }
        for record in records {
            guard let spilled = record.spilled, case .object(let names)? = try? JSONReader.parse(spilled) else {
                continue
            }
            hashes += names.values.compactMap { $0.stringValue.flatMap(Hex.decode) }
        }
        return hashes
    }
}

extension Statement {
    /// Binds the four columns of a reason to wait: what, detail, since and until.
    func bind(_ first: Int32, waiting: WaitReason?) {
        bind(first, waiting?.on)
        bind(first + 1, waiting?.detail)
        bind(first + 2, waiting?.since)
        bind(first + 3, waiting?.until)
    }

    /// Binds a value of a column that holds JSON text or the hash of a file.
    func bind(_ index: Int32, _ value: StoredValue) {
        switch value {
        case .absent: bindNull(index)
        case .text(let bytes): bind(index, text: bytes)
        case .blob(let hash): bind(index, blob: hash)
        }
    }
}
