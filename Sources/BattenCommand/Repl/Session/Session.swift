import BattenCore

/// What a session knows: its lines, what their names stand for, parameters and declared functions.
///
/// It is a value without any I/O; runs are carried out elsewhere and reported here.
struct Session: Sendable {
    /// A parameter of the session.
    struct Parameter: Sendable {
        var name: String
        var type: ValueType
        var value: JSONValue
    }

    /// What names stand for at some moment.
    private struct Scope: Sendable {
        var names: [String: Int] = [:]
        var parameters: [Parameter] = []
        var functions: [String: ForeignFunction] = [:]
    }

    /// Name of the workflow that its runs are of.
    let name: String
    /// All lines that called or computed something, in their order.
    private(set) var entries: [SessionEntry] = []
    /// A workflow that is carried out stage by stage.
    var loaded: LoadedWorkflow?
    private var scope = Scope()
    private var before: [Scope] = []

    init(name: String) { self.name = name }

    // MARK: Reading

    /// Names that stand for something, sorted.
    var names: [String] { scope.names.filter { !entries[$0.value].isInner }.keys.sorted() }
    /// Parameters in the order they were given.
    var parameters: [Parameter] { scope.parameters }
    /// Declared functions by name.
    var functions: [String: ForeignFunction] { scope.functions }
    /// Places of the entries that names stand for now.
    var current: [String: Int] { scope.names }
    /// Whether there is a step to take back.
    var canUndo: Bool { !before.isEmpty }

    /// What names stand for in a line that is typed now.
    var table: NameTable {
        var table = NameTable()
        for (name, place) in scope.names {
            table.targets[name] = NameTable.Target(entry: place, id: entries[place].id, member: entries[place].member)
        }
        table.parameters = Set(scope.parameters.map(\.name))
        table.functions = scope.functions
        for entry in entries where scope.names[entry.name] == nil { table.failed.insert(entry.name) }
        return table
    }

    /// The newest entry of a name, also one that failed.
    func entry(_ name: String) -> Int? {
        scope.names[name].flatMap { current in
            entries.lastIndex { $0.name == name }.map { max(current, $0) }
        } ?? entries.lastIndex { $0.name == name }
    }

    /// A parameter by name.
    func parameter(_ name: String) -> Parameter? { scope.parameters.first { $0.name == name } }

    /// A stage id for a name, which no other name stands for now.
    func stageID(for name: String, reading usage: LineUsage) -> String {
        var taken = Set(usage.entries.map { entries[$0].id })
        for (other, place) in scope.names where other != name { taken.insert(entries[place].id) }
        var id = name
        var number = 2
        while taken.contains(id) {
            id = "\(name)_\(number)"
            number += 1
        }
        return id
    }

    /// A name for a call that has none.
    func freeName(_ wanted: String) -> String {
        let base = wanted.isEmpty ? "stage" : wanted
        var name = base
        var number = 2
        while scope.names[name] != nil || parameter(name) != nil || ExpressionNamespace(rawValue: name) != nil {
            name = "\(base)\(number)"
            number += 1
        }
        return name
    }

    // MARK: Changing

    /// Takes an entry in; its name stands for it from now on.
    ///
    /// - Returns: its place.
    @discardableResult
    mutating func add(_ entry: SessionEntry) -> Int {
        before.append(scope)
        entries.append(entry)
        scope.names[entry.name] = entries.count - 1
        return entries.count - 1
    }

    /// Takes in how an entry ended; the name of one that failed stands again for what it stood for before.
    mutating func settle(_ place: Int, _ state: SessionEntry.State, elapsed: Duration?) {
        entries[place].state = state
        entries[place].elapsed = elapsed
        // What was skipped has an answer, which is that there is none.
        guard case .ended(let status, _) = state, status != .skipped, scope.names[entries[place].name] == place else {
            return
        }
        scope.names[entries[place].name] = entries[..<place].lastIndex {
            $0.name == entries[place].name && $0.outputs != nil
        }
    }

    /// Gives a parameter a value.
    mutating func set(_ parameter: Parameter) {
        before.append(scope)
        if let place = scope.parameters.firstIndex(where: { $0.name == parameter.name }) {
            scope.parameters[place] = parameter
        } else {
            scope.parameters.append(parameter)
        }
    }

    /// Declares a function.
    mutating func declare(_ function: ForeignFunction) {
        before.append(scope)
        scope.functions[function.name] = function
    }

    /// Takes the last step back: names stand for what they stood for before it.
    ///
    /// Runs stay as they are.
    /// - Returns: the names whose meaning has changed; nil when there is no step.
    mutating func undo() -> [String]? {
        guard let last = before.popLast() else { return nil }
        let old = scope
        scope = last
        var changed = Set(old.names.keys).union(last.names.keys).filter { old.names[$0] != last.names[$0] }
        changed.formUnion(Set(old.parameters.map(\.name)).symmetricDifference(last.parameters.map(\.name)))
        for parameter in last.parameters {
            if let now = old.parameters.first(where: { $0.name == parameter.name }), now.value != parameter.value {
                changed.insert(parameter.name)
            }
        }
        changed.formUnion(Set(old.functions.keys).symmetricDifference(last.functions.keys))
        return changed.sorted()
    }
}
