import BattenCore
import BattenSpec

/// Reads the nodes of a test file; what it does not know is an error with its place.
struct TestReader {
    let document: DocumentFile

    /// One case.
    func testCase(_ node: SourceNode) throws(CommandFailure) -> TestCase {
        try requireFields(
            node, ["name", "parameters", "env", "secrets", "mocks", "gates", "signals", "expect"])
        var found = TestCase()
        found.line = line(node)
        guard let name = node["name"] else { throw failure(node, "a case needs a name") }
        found.name = try text(name)
        found.parameters = try object(node["parameters"], "parameters")
        found.environment = try texts(node["env"], "env")
        found.secrets = try texts(node["secrets"], "secrets")
        for member in try members(node["mocks"], "mocks") {
            found.mocks[member.key] = try list(member.value).map { node throws(CommandFailure) in try mock(node) }
        }
        for member in try members(node["gates"], "gates") {
            found.gates[member.key] = try list(member.value).map { node throws(CommandFailure) in try answer(node) }
        }
        for signal in node["signals"].map(list) ?? [] {
            try requireFields(signal, ["name", "data"])
            guard let name = signal["name"] else { throw failure(signal, "a signal needs a name") }
            found.signals.append(
                RunSignal(name: try text(name), data: signal["data"]?.value ?? .object([:]), by: "test"))
        }
        guard let expect = node["expect"] else {
            throw failure(node, "the case '\(found.name)' expects nothing", help: "write: expect: {status: completed}")
        }
        found.expectations = try expectations(expect)
        return found
    }

    // MARK: Parts

    private func mock(_ node: SourceNode) throws(CommandFailure) -> TestCase.Mock {
        try requireFields(node, ["outputs", "error", "after"])
        var mock: TestCase.Mock
        switch (node["outputs"], node["error"]) {
        case (let outputs?, nil):
            guard outputs.members != nil else {
                throw failure(outputs, "'outputs' is a mapping, not \(outputs.described)")
            }
            mock = TestCase.Mock(outcome: StageOutcome(.ok, effect: .made, output: outputs.value))
        case (nil, let error?): mock = TestCase.Mock(outcome: try outcome(error))
        default: throw failure(node, "a mock has either 'outputs' or 'error'")
        }
        if let after = node["after"] { mock.after = try duration(after) }
        return mock
    }

    private func outcome(_ node: SourceNode) throws(CommandFailure) -> StageOutcome {
        try requireFields(node, ["class", "code", "message", "details", "effect", "retry_after"])
        guard let name = node["class"], let outcomeClass = OutcomeClass(rawValue: try text(name)), outcomeClass != .ok
        else {
            let classes = OutcomeClass.allCases.filter { $0 != .ok }.map(\.rawValue).joined(separator: ", ")
            throw failure(node["class"] ?? node, "an error needs a class: \(classes)")
        }
        var outcome = StageOutcome(outcomeClass, effect: .none)
        outcome.code = try node["code"].map { node throws(CommandFailure) in try text(node) } ?? "test.mock"
        outcome.message = try node["message"].map { node throws(CommandFailure) in try text(node) } ?? "mocked"
        outcome.details = node["details"]?.value ?? .null
        if let effect = node["effect"] {
            guard let known = Effect(rawValue: try text(effect)) else {
                throw failure(effect, "'effect' is none, made or unknown")
            }
            outcome.effect = known
        }
        if let wait = node["retry_after"] { outcome.retryAfter = try duration(wait) }
        return outcome
    }

    private func answer(_ node: SourceNode) throws(CommandFailure) -> TestCase.Answer {
        try requireFields(node, ["approve", "reject", "by"])
        let by = try node["by"].map { node throws(CommandFailure) in try text(node) } ?? "test"
        switch (node["approve"], node["reject"]) {
        case (let form?, nil):
            let values = form.scalar == .bool(true) ? [:] : try object(form, "approve")
            return TestCase.Answer(approves: true, by: by, form: values, reason: "")
        case (nil, let reason?):
            let text = reason.scalar == .bool(true) ? "" : try text(reason)
            return TestCase.Answer(approves: false, by: by, form: [:], reason: text)
        default:
            throw failure(node, "an answer is {approve: true}, {approve: {…}} with the form, or {reject: reason}")
        }
    }

    private func expectations(_ node: SourceNode) throws(CommandFailure) -> [TestCase.Expectation] {
        try requireFields(node, ["status", "outputs", "error", "stages"])
        var found: [TestCase.Expectation] = []
        func add(_ subject: TestCase.Expectation.Subject, _ node: SourceNode?) {
            guard let node else { return }
            found.append(TestCase.Expectation(subject: subject, value: node.value, line: line(node)))
        }
        add(.status, node["status"])
        add(.outputs, node["outputs"])
        add(.errorCode, node["error"])
        for stage in try members(node["stages"], "stages") {
            guard stage.value.string == nil else {
                add(.stageStatus(stage.key), stage.value)
                continue
            }
            try requireFields(stage.value, ["status", "outputs", "attempts", "error", "input"])
            add(.stageStatus(stage.key), stage.value["status"])
            add(.stageOutputs(stage.key), stage.value["outputs"])
            add(.stageAttempts(stage.key), stage.value["attempts"])
            add(.stageError(stage.key), stage.value["error"])
            add(.stageInput(stage.key), stage.value["input"])
        }
        guard !found.isEmpty else { throw failure(node, "'expect' expects nothing") }
        return found
    }

    // MARK: Nodes

    /// An error at a node.
    func failure(_ node: SourceNode, _ message: String, help: String = "") -> CommandFailure {
        document.failure(node.range, message, help: help, code: "bad_test")
    }

    /// Line of a node.
    func line(_ node: SourceNode) -> Int { document.source.position(at: node.range.lowerBound).line }

    /// Refuses what is no mapping, and fields that are not known.
    func requireFields(_ node: SourceNode, _ names: [String]) throws(CommandFailure) {
        guard let members = node.members else { throw failure(node, "this is a mapping, not \(node.described)") }
        for member in members where !names.contains(member.key) {
            throw document.failure(
                member.keyRange, "'\(member.key)' is not one of: \(names.joined(separator: ", "))",
                help: DidYouMean.help(for: member.key, in: names), code: "bad_test")
        }
    }

    /// The elements of a list that must be there.
    func elements(
        _ node: SourceNode?, _ name: String, of parent: SourceNode
    ) throws(CommandFailure) -> [SourceNode] {
        guard let elements = node?.elements else { throw failure(node ?? parent, "'\(name)' is a list") }
        return elements
    }

    /// A text.
    func text(_ node: SourceNode) throws(CommandFailure) -> String {
        guard let text = node.string else { throw failure(node, "this is a text, not \(node.described)") }
        return text
    }

    private func list(_ node: SourceNode) -> [SourceNode] { node.elements ?? [node] }

    private func members(_ node: SourceNode?, _ name: String) throws(CommandFailure) -> [SourceNode.Member] {
        guard let node else { return [] }
        guard let members = node.members else { throw failure(node, "'\(name)' is a mapping, not \(node.described)") }
        return members
    }

    private func object(_ node: SourceNode?, _ name: String) throws(CommandFailure) -> JSONObject {
        guard let node else { return [:] }
        guard let object = node.value.objectValue else {
            throw failure(node, "'\(name)' is a mapping, not \(node.described)")
        }
        return object
    }

    private func texts(_ node: SourceNode?, _ name: String) throws(CommandFailure) -> [String: String] {
        var found: [String: String] = [:]
        for member in try members(node, name) { found[member.key] = try text(member.value) }
        return found
    }

    private func duration(_ node: SourceNode) throws(CommandFailure) -> Duration {
        let text = try text(node)
        do throws(DurationText.Failure) {
            return try DurationText.parse(text)
        } catch {
            throw failure(node, "this is no duration: \(error.description)")
        }
    }
}
