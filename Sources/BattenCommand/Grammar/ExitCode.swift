/// The exit codes of `batten`: a promise to scripts.
public enum ExitCode: Int32, Sendable, Hashable, CaseIterable {
    case done = 0
    case runFailed = 1
    case usage = 2
    case invalid = 3
    case cancelled = 4
    case timedOut = 5
    case quota = 6
    case rejected = 7
    case notFound = 8
    case plugin = 9
    case store = 10
    case waiting = 11
    case interrupted = 130

    /// What the code says, for help pages and the manual.
    var meaning: String {
        switch self {
        case .done: "done"
        case .runFailed: "the run failed, or a check found something"
        case .usage: "wrong usage, or a setting or file of the command line that cannot be used"
        case .invalid: "the workflow is not valid, or asks for something that this version does not run"
        case .cancelled: "the run was cancelled"
        case .timedOut: "the run timed out"
        case .quota: "a quota or budget refused the run"
        case .rejected: "a gate was rejected"
        case .notFound: "no such run, workflow, stage, executor or code"
        case .plugin: "a plugin is missing, was refused or failed to load"
        case .store: "the store cannot be used"
        case .waiting: "the run waits for a gate, a signal or resume"
        case .interrupted: "interrupted a second time: the run was killed and can be resumed"
        }
    }
}
