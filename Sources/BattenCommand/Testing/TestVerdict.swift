import BattenCore

/// What came of one case.
struct TestVerdict {
    /// One thing that is not as it is to be.
    struct Failure {
        /// What it is about.
        let subject: String
        /// What is to be; nil where there is no such value.
        var expected: JSONValue?
        /// What is.
        var actual: JSONValue?
        /// The same in words, where it is no comparison.
        var message: String?
        /// Line of the file.
        let line: Int
    }

    /// Name of the case.
    let name: String
    /// The file it is from, as it was given.
    let file: String
    /// Line at which the case begins.
    let line: Int
    /// All that is not as it is to be; empty when the case holds.
    let failures: [Failure]
    /// Time that passed for the run.
    let duration: Duration

    /// Whether the case holds.
    var passed: Bool { failures.isEmpty }

    /// Holds what came of a case against what it expects.
    init(_ test: TestCase, file: String, _ result: TestRun.Result) {
        var failures = result.problems.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }.map {
            Failure(subject: "run", message: $0, line: test.line)
        }
        for expectation in test.expectations {
            guard let actual = Self.actual(expectation.subject, result) else {
                failures.append(
                    Failure(
                        subject: expectation.subject.text, message: "the workflow has no such stage",
                        line: expectation.line))
                continue
            }
            if !Self.fits(actual, expectation.value, isWhole: expectation.subject.isCompared) {
                failures.append(
                    Failure(
                        subject: expectation.subject.text, expected: expectation.value, actual: actual,
                        line: expectation.line))
            }
        }
        if !failures.isEmpty, let error = result.state.row.error,
            !test.expectations.contains(where: { $0.subject == .errorCode })
        {
            failures.append(
                Failure(subject: "run", message: "it failed: \(error.message)", line: test.line))
        }
        self.init(name: test.name, file: file, line: test.line, failures: failures, duration: result.duration)
    }

    /// A case that could not be carried out.
    init(_ test: TestCase, file: String, problem: String) {
        self.init(
            name: test.name, file: file, line: test.line,
            failures: [Failure(subject: "run", message: problem, line: test.line)], duration: .zero)
    }

    private init(name: String, file: String, line: Int, failures: [Failure], duration: Duration) {
        self.name = name
        self.file = file
        self.line = line
        self.failures = failures
        self.duration = duration
    }

    private static func actual(_ subject: TestCase.Expectation.Subject, _ result: TestRun.Result) -> JSONValue? {
        func row(_ id: String) -> StageRow? {
            result.state.stageRows.first { $0.id == id && $0.item == nil } ?? result.plan.rowOfUnasked(id)
        }
        switch subject {
        case .status: return .string(result.state.row.status.rawValue)
        case .outputs: return result.state.row.outputs ?? .null
        case .errorCode: return result.state.row.error.map { .string($0.code) } ?? .null
        case .stageStatus(let id): return row(id).map { .string($0.status.rawValue) }
        case .stageOutputs(let id): return row(id).map { $0.outputs ?? .null }
        case .stageAttempts(let id): return row(id).map { .int(Int64($0.attempts)) }
        case .stageError(let id): return row(id).map { row in row.error.map { .string($0.code) } ?? .null }
        case .stageInput(let id): return row(id).map { _ in result.inputs[TestCase.nameOfAllRounds(id)] ?? .null }
        }
    }

    /// Whether a value is what is expected: of an object the members that are named, of a list all elements.
    private static func fits(_ actual: JSONValue, _ expected: JSONValue, isWhole: Bool) -> Bool {
        guard !isWhole, let wanted = expected.objectValue, let found = actual.objectValue else {
            return actual == expected
        }
        return wanted.allSatisfy { name, value in
            found[name].map { fits($0, value, isWhole: false) } ?? false
        }
    }
}

extension Plan {
    /// The row of an undo or of a stage of a hook that nothing in the run has asked for; nil when there is no such stage.
    fileprivate func rowOfUnasked(_ name: String) -> StageRow? {
        let hooks = hookStages.map { self.name(of: $0.index) }
        let undos = stages.filter { $0.compensate != nil }.map { "\($0.id):undo" }
        guard (hooks + undos).contains(TestCase.nameOfAllRounds(name)) else { return nil }
        var row = StageRow(index: 0, id: name, uses: "", isFinally: false)
        row.status = .skipped
        return row
    }
}

extension TestCase {
    /// The name of a stage of a hook without the number of its round: `on_waiting:ask` for `on_waiting#2:ask`.
    fileprivate static func nameOfAllRounds(_ name: String) -> String {
        guard let colon = name.firstIndex(of: ":"), let mark = name[..<colon].firstIndex(of: "#") else { return name }
        return String(name[..<mark] + name[colon...])
    }
}

extension TestCase.Expectation.Subject {
    /// Whether the whole value counts, and not only the members that are named.
    var isCompared: Bool {
        switch self {
        case .status, .errorCode, .stageStatus, .stageAttempts, .stageError: true
        case .outputs, .stageOutputs, .stageInput: false
        }
    }
}

extension TestVerdict.Failure {
    /// The failure in words, in one line or, with values, in three.
    var lines: [String] {
        if let message { return ["\(subject == "run" ? "" : "\(subject): ")\(message)"] }
        return [
            "\(subject) is another", "  expected: \(expected.map { JSONWriter.string($0) } ?? "nothing")",
            "  actual:   \(actual.map { JSONWriter.string($0) } ?? "nothing")",
        ]
    }

    /// The failure as data.
    var json: JSONValue {
        .object([
            "subject": .string(subject), "line": .int(Int64(line)), "message": message.map { .string($0) } ?? .null,
            "expected": expected ?? .null, "actual": actual ?? .null,
        ])
    }
}

extension TestVerdict {
    /// The verdict as data.
    var json: JSONValue {
        .object([
            "file": .string(file), "line": .int(Int64(line)), "case": .string(name), "passed": .bool(passed),
            "duration_ms": .int(
                duration.components.seconds.multipliedReportingOverflow(by: 1_000).partialValue
                    &+ duration.components.attoseconds / 1_000_000_000_000_000),
            "failures": .array(failures.map(\.json)),
        ])
    }
}

/// Verdicts as JUnit writes them, for programs that read that.
enum JUnitReport {
    /// The document.
    static func text(_ verdicts: [TestVerdict]) -> String {
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        let failed = verdicts.count { !$0.passed }
        lines.append("<testsuites tests=\"\(verdicts.count)\" failures=\"\(failed)\">")
        var files: [String] = []
        for verdict in verdicts where !files.contains(verdict.file) { files.append(verdict.file) }
        for file in files {
            let own = verdicts.filter { $0.file == file }
            lines.append(
                "  <testsuite name=\"\(escaped(file))\" tests=\"\(own.count)\" failures=\"\(own.count { !$0.passed })\">"
            )
            for verdict in own {
                let head =
                    "    <testcase classname=\"\(escaped(file))\" name=\"\(escaped(verdict.name))\" "
                    + "file=\"\(escaped(file))\" line=\"\(verdict.line)\""
                guard !verdict.passed else {
                    lines.append(head + "/>")
                    continue
                }
                lines.append(head + ">")
                for failure in verdict.failures {
                    let text = failure.lines.joined(separator: "\n")
                    lines.append(
                        "      <failure message=\"\(escaped(failure.lines[0]))\">"
                            + "\(escaped("\(file):\(failure.line): \(text)"))</failure>")
                }
                lines.append("    </testcase>")
            }
            lines.append("  </testsuite>")
        }
        lines.append("</testsuites>")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            // XML has no way to write the others.
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
