import BattenCore

/// What the runs wait for that a run has started, and those that they have.
struct WaitingBelow: Sendable {
    let report: RunReport

    /// A stage below that waits.
    private struct Place {
        let run: String
        let row: StageRow
        /// The ids of the stages above it and its own, as `why` shows them.
        let path: String
    }

    /// The commands that answer the open gates with a stage's name, or with a path that ends in it.
    ///
    /// - Parameter stage: `ask`, or `north/ask` for that of the child of `north`.
    func gates(like stage: String) -> [String] {
        places(in: report, on: "gate").filter { $0.row.id == stage || $0.path == stage }.map(approval)
    }

    /// The commands that answer the gates that are open below a stage.
    func gates(of stage: StageRow) -> [String] {
        (report.items[stage.id] ?? [stage]).filter { stage.item == nil || $0.item == stage.item }
            .compactMap { report.childRun(of: $0) }.compactMap { report.children[$0] }
            .flatMap { places(in: $0, on: "gate", withItself: true) }.map(approval)
    }

    /// The commands that send a signal to those below that wait for it.
    func signals(_ name: String) -> [String] {
        places(in: report, on: "signal").map { "batten signal \($0.run) \(name)" }.filter { command in
            places(in: report, on: "signal").contains { $0.row.waiting?.detail.hasSuffix(command) == true }
        }
    }

    private func approval(_ place: Place) -> String {
        "batten approve \(place.run) \(place.row.id)" + (place.row.item.map { " --item \($0)" } ?? "")
    }

    private func places(
        in report: RunReport, on what: String, withItself: Bool = false, path: String = ""
    ) -> [Place] {
        var places: [Place] = []
        for row in report.rows where !row.status.isTerminal {
            let name = path + row.id
            if withItself, row.waiting?.on == what { places.append(Place(run: report.run.id, row: row, path: name)) }
            guard let child = report.childRun(of: row).flatMap({ report.children[$0] }) else { continue }
            places += self.places(in: child, on: what, withItself: true, path: name + "/")
        }
        return places
    }
}
