import BattenCore
import BattenSpec

/// A file of test cases beside a workflow: `NAME.test.yaml`.
struct TestFile {
    /// The path as it was given.
    let path: String
    /// The workflow as the file names it; nil means the one beside it.
    let workflow: String?
    /// Its cases, in order.
    let cases: [TestCase]

    /// Reads a file.
    ///
    /// - Throws: `bad_test`, exit code 2, with the place of what cannot be read.
    static func read(_ path: String, _ bytes: [UInt8]) throws(CommandFailure) -> TestFile {
        let document: DocumentFile
        do throws(CommandFailure) {
            document = try DocumentFile.parse(path, bytes)
        } catch {
            throw CommandFailure.usage("bad_test", error.message, help: error.help)
        }
        guard let root = document.root, !root.isNull else {
            throw CommandFailure.usage("bad_test", "\(path) is empty", help: "write at least: cases: [{name: …}]")
        }
        let reader = TestReader(document: document)
        try reader.requireFields(root, ["workflow", "cases"])
        var cases: [TestCase] = []
        for node in try reader.elements(root["cases"], "cases", of: root) {
            let found = try reader.testCase(node)
            if cases.contains(where: { $0.name == found.name }) {
                throw reader.failure(node, "two cases have the name '\(found.name)'")
            }
            cases.append(found)
        }
        guard !cases.isEmpty else { throw reader.failure(root, "there are no cases") }
        return TestFile(
            path: path, workflow: try root["workflow"].map { node throws(CommandFailure) in try reader.text(node) },
            cases: cases)
    }
}

/// One case: what a run is given, and what is to come of it.
struct TestCase {
    /// Its name, unique in its file.
    var name = ""
    /// Line of the file at which it begins.
    var line = 0
    /// Parameters.
    var parameters: JSONObject = [:]
    /// Variables of the host.
    var environment: [String: String] = [:]
    /// Secrets.
    var secrets: [String: String] = [:]
    /// What executors answer, by stage: one entry an attempt, the last one for all that follow.
    var mocks: [String: [Mock]] = [:]
    /// Answers to gates, by stage: one entry each time the gate is opened, the last one for all that follow.
    var gates: [String: [Answer]] = [:]
    /// Signals, all sent at the start.
    var signals: [RunSignal] = []
    /// What is to be.
    var expectations: [Expectation] = []

    /// What an executor answers to one attempt.
    struct Mock {
        var outcome: StageOutcome
        /// How long the attempt takes.
        var after: Duration = .zero
    }

    /// What a person answers to a gate.
    struct Answer {
        var approves: Bool
        var by: String
        var form: JSONObject
        var reason: String
    }

    /// One thing that is to be.
    struct Expectation {
        /// What it is about.
        enum Subject: Hashable {
            case status, outputs, errorCode
            case stageStatus(String), stageOutputs(String), stageAttempts(String), stageError(String)
            case stageInput(String)
        }
        let subject: Subject
        let value: JSONValue
        /// Line of the file.
        let line: Int
    }
}

extension TestCase.Expectation.Subject {
    /// The place in the case, for messages.
    var text: String {
        switch self {
        case .status: "status"
        case .outputs: "outputs"
        case .errorCode: "error"
        case .stageStatus(let id): "stages.\(id).status"
        case .stageOutputs(let id): "stages.\(id).outputs"
        case .stageAttempts(let id): "stages.\(id).attempts"
        case .stageError(let id): "stages.\(id).error"
        case .stageInput(let id): "stages.\(id).input"
        }
    }
}
