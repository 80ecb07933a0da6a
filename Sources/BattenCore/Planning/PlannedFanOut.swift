/// What a stage is spread over, compiled.
public struct PlannedFanOut: Sendable {
    /// A list, or the axes of a matrix with `include` and `exclude`.
    public let source: TemplateValue
    /// Whether the items are the cells of a matrix.
    public let isMatrix: Bool
    /// Items at once; nil bounds them by slots alone.
    public let maxParallel: Int?
    /// Whether no new item begins once one has failed.
    public let failFast: Bool

    /// Creates a fan-out.
    public init(source: TemplateValue, isMatrix: Bool, maxParallel: Int?, failFast: Bool) {
        self.source = source
        self.isMatrix = isMatrix
        self.maxParallel = maxParallel
        self.failFast = failFast
    }

    /// How many items there are, where that is known before a run.
    public var knownCount: Int? { source.constantValue.flatMap { try? items(of: $0).get().count } }

    /// The fan-out as data.
    var description: JSONValue {
        [
            "field": .string(isMatrix ? "matrix" : "for_each"), "count": knownCount.map { .int(Int64($0)) } ?? .null,
            "max_parallel": maxParallel.map { .int(Int64($0)) } ?? .null, "fail_fast": .bool(failFast),
        ]
    }

    /// What is wrong with a value that is to be spread over, as the end of a sentence.
    struct Problem: Error {
        let text: String
    }

    /// Cells of a matrix at most.
    static let maximumCells = 1_000_000

    /// The items that an evaluated source gives.
    func items(of value: JSONValue) -> Result<[JSONValue], Problem> {
        if isMatrix { return cells(of: value) }
        guard case .array(let items) = value else {
            return .failure(Problem(text: "gives \(value.described), not a list"))
        }
        return .success(items)
    }

    /// The cross product of the axes in their order, the last one fastest, without what `exclude` names and with what
    /// `include` adds.
    private func cells(of value: JSONValue) -> Result<[JSONValue], Problem> {
        guard let members = value.objectValue else {
            return .failure(Problem(text: "gives \(value.described), not lists by name"))
        }
        var axes: Set<String> = []
        var cells: [JSONObject] = []
        for (name, list) in members where name != "include" && name != "exclude" {
            guard let values = list.arrayValue else {
                return .failure(Problem(text: "has '\(name)', which is \(list.described), not a list"))
            }
            let before = axes.isEmpty ? [JSONObject()] : cells
            let (count, overflow) = before.count.multipliedReportingOverflow(by: values.count)
            guard !overflow, count <= Self.maximumCells else {
                return .failure(Problem(text: "has more than \(Self.maximumCells) cells"))
            }
            axes.insert(name)
            cells = before.flatMap { cell in
                values.map { value in
                    var cell = cell
                    cell[name] = value
                    return cell
                }
            }
        }
        switch (entries("exclude", of: members), entries("include", of: members)) {
        case (.failure(let problem), _), (_, .failure(let problem)): return .failure(problem)
        case (.success(let excluded), .success(let included)):
            cells.removeAll { cell in
                excluded.contains { entry in !entry.isEmpty && entry.allSatisfy { cell[$0.key] == $0.value } }
            }
            add(included, to: &cells, axes)
        }
        return .success(cells.map { .object($0) })
    }

    private func entries(_ name: String, of members: JSONObject) -> Result<[JSONObject], Problem> {
        guard let list = members[name], !list.isNull else { return .success([]) }
        guard let entries = list.arrayValue?.map(\.objectValue), entries.allSatisfy({ $0 != nil }) else {
            return .failure(Problem(text: "has '\(name)', which is \(list.described), not a list of mappings"))
        }
        return .success(entries.compactMap { $0 })
    }

    /// An entry adds its keys to the cells whose values on the axes it does not contradict; one that fits none is a
    /// cell of its own.
    private func add(_ included: [JSONObject], to cells: inout [JSONObject], _ axes: Set<String>) {
        let product = cells.indices
        for entry in included {
            let onAxes = entry.filter { axes.contains($0.key) }
            let places = product.filter { place in onAxes.allSatisfy { cells[place][$0.key] == $0.value } }
            guard !axes.isEmpty, !places.isEmpty else {
                cells.append(entry)
                continue
            }
            for place in places {
                for (key, value) in entry { cells[place][key] = value }
            }
        }
    }
}
