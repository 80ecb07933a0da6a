import BattenCore
import BattenSystem

/// What fits at the cursor of a line: commands, executors, their fields, names, members of values, functions, files.
struct LineCompleter {
    /// One possibility.
    struct Candidate: Sendable, Hashable {
        /// The text in place of the word.
        var text: String
        /// What it is.
        var note = ""
        /// What follows it when nothing else fits.
        var ending = " "
    }

    let session: Session
    let catalog: any ExecutorCatalog
    /// Executors that exist, sorted.
    let executors: [String]
    /// Folder that relative paths start from.
    let directory: String

    /// What fits before a place of a line.
    ///
    /// - Returns: how many characters before the cursor a candidate takes the place of, and the candidates.
    func complete(_ before: String) -> (replacing: Int, candidates: [Candidate]) {
        let word = Self.word(of: before)
        let found = candidates(before, word)
        // A candidate replaces as much of the word as it can be compared with.
        let typed = found.word
        let fitting = found.candidates.filter { $0.text.hasPrefix(typed) && $0.text.count >= typed.count }
        return (typed.unicodeScalars.count, fitting)
    }

    // MARK: Where the cursor stands

    private func candidates(_ before: String, _ word: String) -> (word: String, candidates: [Candidate]) {
        let bytes = Array(before.utf8)
        let start = bytes.trimmed(0..<bytes.count).lowerBound
        if start < bytes.count, bytes[start] == UInt8(ascii: ":") { return command(before, word) }
        let shape = LineShape(bytes)
        if case .quote = shape.opening, !Self.isInsideExpression(before) { return path(before) }
        if let members = members(of: word) { return members }
        if let call = call(before) {
            if let field = Self.openField(before) {
                let values = values(of: field.key, of: call)
                let known = values + names() + functions()
                return known.isEmpty || field.value.hasPrefix("/") || field.value.hasPrefix(".")
                    ? path(before) : (Self.word(of: field.value), known)
            }
            if before.hasSuffix(" ") || !Self.isInBrackets(bytes) { return (word, fields(of: call, in: before)) }
        }
        return (word, names() + functions() + executorCandidates())
    }

    private func command(_ before: String, _ word: String) -> (word: String, candidates: [Candidate]) {
        let text = String(before.drop { $0 == " " })
        guard let space = text.firstIndex(of: " ") else {
            return (text, ReplVerb.all.map { Candidate(text: ":\($0.name)", note: $0.summary) })
        }
        let name = String(text[..<space].dropFirst())
        let verb = ReplVerb.all.first { $0.name == name } ?? ReplVerb.all.first { $0.name.hasPrefix(name) }
        switch verb?.argument {
        case .file: return path(before)
        case .executor: return (word, executorCandidates())
        case .plugin:
            let plugins = Set(executors.compactMap { $0.split(separator: ".").first.map(String.init) })
            return (word, plugins.sorted().map { Candidate(text: $0) })
        case .verb:
            return (
                word,
                ReplVerb.all.map { Candidate(text: $0.name, note: $0.summary) } + executorCandidates() + functions()
            )
        case .name, .run:
            return (word, names() + (session.loaded?.order ?? []).map { Candidate(text: $0, note: "stage") })
        case .expression: return members(of: word) ?? (word, names() + functions())
        case .some(.none), nil: return (word, [])
        }
    }

    /// The executor of the call that the cursor stands in.
    private func call(_ before: String) -> String? {
        let bytes = Array(before.utf8)
        var scanner = LineScanner(bytes, 0..<bytes.count)
        scanner.skipSpace()
        let start = scanner.place
        if scanner.name() != nil {
            scanner.skipSpace()
            if scanner.equals() { scanner.skipSpace() } else { scanner.place = start }
        }
        let from = scanner.place
        while let byte = scanner.peek(), byte.continuesName || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") {
            scanner.place += 1
        }
        guard scanner.place > from, scanner.peek() == 0x20 else { return nil }
        let name = bytes.text(from..<scanner.place)
        return executors.contains(name) || Self.kinds.contains(name) ? name : nil
    }

    private static let kinds = ["gate", "sleep", "signal"]

    // MARK: Candidates

    private func names() -> [Candidate] {
        session.parameters.map { Candidate(text: $0.name, note: "parameter, \($0.type.rawValue)", ending: "") }
            + session.names.compactMap { name in
                guard let place = session.current[name] else { return nil }
                let entry = session.entries[place]
                let isOpen = entry.value?.objectValue != nil
                return Candidate(
                    text: name, note: entry.value.map { ValueText.type($0) } ?? "runs", ending: isOpen ? "." : "")
            }
    }

    private func functions() -> [Candidate] {
        Expression.functionSignatures.sorted { $0.key < $1.key }.map {
            Candidate(text: $0.key + "(", note: $0.value, ending: "")
        }
            + session.functions.values.sorted { $0.name < $1.name }.map {
                Candidate(text: $0.name + "(", note: $0.signature, ending: "")
            }
    }

    private func executorCandidates() -> [Candidate] {
        executors.map { Candidate(text: $0) } + Self.kinds.map { Candidate(text: $0, note: "of the engine itself") }
    }

    /// The fields of an executor, those that are needed first, then those of every stage.
    private func fields(of executor: String, in before: String) -> [Candidate] {
        var found: [Candidate] = []
        if case .found(let info) = catalog.executor(executor) {
            let required = Set(info.input.required)
            let properties = info.input.declaredProperties.map { property in
                let described = info.inputSchema["properties"]?[property.name]?["description"]?.stringValue ?? ""
                let types = property.schema.declaredTypes.joined(separator: " or ")
                let needed = required.contains(property.name) ? "needed; " : ""
                return Candidate(
                    text: property.name + "=",
                    note: needed + [types, described].filter { !$0.isEmpty }.joined(separator: ": "), ending: "")
            }
            found +=
                properties.filter { $0.note.hasPrefix("needed") } + properties.filter { !$0.note.hasPrefix("needed") }
        }
        let own = Set(found.map(\.text))
        for field in StageText.stageFields where !own.contains(field + "=") {
            found.append(Candidate(text: field + "=", note: "of the stage", ending: ""))
        }
        return found.filter { !before.contains(" " + $0.text) }
    }

    /// The values that a field may have, where its schema lists them.
    private func values(of key: String, of executor: String) -> [Candidate] {
        guard case .found(let info) = catalog.executor(executor),
            let schema = info.input.property(at: [.key(key)])
        else { return [] }
        if let allowed = schema.allowedValues {
            return allowed.map { Candidate(text: $0.stringValue ?? JSONWriter.string($0)) }
        }
        return schema.declaredTypes == ["boolean"] ? [Candidate(text: "true"), Candidate(text: "false")] : []
    }

    /// What stands behind the dots of a path; nil when the word is none.
    private func members(of word: String) -> (word: String, candidates: [Candidate])? {
        guard let dot = word.lastIndex(of: ".") else { return nil }
        let path = String(word[..<dot])
        guard let base = path.split(whereSeparator: { ".[".contains($0) }).first.map(String.init) else { return nil }
        let value: JSONValue?
        if let place = session.current[base] {
            value = session.entries[place].value
        } else if let parameter = session.parameter(base) {
            value = parameter.value
        } else {
            return nil
        }
        // The path is read as an expression over the one value.
        let rest = "parameters.\(base)" + path.dropFirst(base.count)
        let scope = ExpressionBindings([.parameters: .object([base: value ?? .null])])
        guard let found = try? Expression.parse(rest).evaluate(in: scope) else { return (word, []) }
        var object = found.objectValue
        if object == nil, let first = found.arrayValue?.first?.objectValue, path.hasSuffix("*") { object = first }
        let candidates = (object ?? [:]).prefix(200).compactMap { member -> Candidate? in
            guard member.key.utf8.first?.beginsName == true,
                member.key.utf8.allSatisfy({ $0.continuesName || $0 == UInt8(ascii: "-") })
            else { return nil }
            return Candidate(
                text: "\(path).\(member.key)", note: ValueText.type(member.value),
                ending: member.value.objectValue != nil ? "." : "")
        }
        return (word, candidates)
    }

    /// Files that begin as what stands before the cursor.
    private func path(_ before: String) -> (word: String, candidates: [Candidate]) {
        let typed = String(before.reversed().prefix { !" \"'=([{,".contains($0) }.reversed())
        let slash = typed.lastIndex(of: "/")
        let folder = slash.map { String(typed[...$0]) } ?? ""
        let absolute = PathText.absolute(folder.isEmpty ? "." : folder, in: directory)
        let names = (try? FileSystem.list(absolute)) ?? []
        let isHidden = typed.dropFirst(folder.count).hasPrefix(".")
        let candidates = names.filter { isHidden || !$0.hasPrefix(".") }.sorted().prefix(1_000).map { name in
            let isFolder = (try? FileSystem.status(absolute + "/" + name))??.kind == .folder
            return Candidate(text: folder + name, ending: isFolder ? "/" : "")
        }
        return (typed, Array(candidates))
    }

    // MARK: Words

    /// The word before the cursor: a name with its path.
    static func word(of text: String) -> String {
        String(
            text.reversed().prefix { $0.isLetter || $0.isNumber || "_-.@*?[]".contains($0) }.reversed()
                .drop { "-.*?[]".contains($0) })
    }

    /// The field whose value the cursor stands in.
    private static func openField(_ before: String) -> (key: String, value: String)? {
        let bytes = Array(before.utf8)
        var scanner = LineScanner(bytes, 0..<bytes.count)
        var last: Range<Int>?
        while !scanner.isAtEnd {
            scanner.skipSpace()
            last = scanner.isAtEnd ? nil : scanner.piece()
        }
        guard let last else { return nil }
        var inner = LineScanner(bytes, last)
        if inner.peek() == UInt8(ascii: "@") { inner.place += 1 }
        guard let key = inner.name(withDashes: true), inner.equals() else { return nil }
        return (bytes.text(key), bytes.text(inner.place..<last.upperBound))
    }

    private static func isInBrackets(_ bytes: [UInt8]) -> Bool {
        if case .bracket = LineShape(bytes).opening { return true }
        return false
    }

    /// Whether the cursor stands behind a `${{` that is not closed.
    private static func isInsideExpression(_ before: String) -> Bool {
        guard let open = before.ranges(of: "${{").last else { return false }
        return !before[open.upperBound...].contains("}}")
    }
}
