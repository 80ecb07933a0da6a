import BattenCore

/// Words, signs and tones for states; the word always stands beside the sign.
enum StatusText {
    /// A stage's state as a word for people.
    static func word(_ status: StageStatus) -> String {
        status == .timedOut ? "timed out" : status.rawValue
    }

    /// A run's state as a word for people.
    static func word(_ status: RunStatus) -> String {
        status == .timedOut ? "timed out" : status.rawValue
    }

    /// A stage's state as one character.
    static func sign(_ status: StageStatus) -> String {
        switch status {
        case .pending: "·"
        case .running: "▶"
        case .waiting: "◷"
        case .retrying: "↻"
        case .completed: "✓"
        case .failed, .timedOut: "✗"
        case .cancelled: "■"
        case .skipped: "○"
        }
    }

    /// A run's state as one character.
    static func sign(_ status: RunStatus) -> String {
        switch status {
        case .pending: "·"
        case .running: "▶"
        case .paused, .waiting: "◷"
        case .completed: "✓"
        case .failed, .timedOut: "✗"
        case .cancelled: "■"
        }
    }

    /// A stage's tone.
    static func tone(_ status: StageStatus) -> Tone {
        switch status {
        case .pending, .skipped: .dim
        case .running: .cyan
        case .waiting, .retrying: .yellow
        case .completed: .green
        case .failed, .timedOut: .red
        case .cancelled: .magenta
        }
    }

    /// A run's tone.
    static func tone(_ status: RunStatus) -> Tone {
        switch status {
        case .pending: .dim
        case .running: .cyan
        case .paused, .waiting: .yellow
        case .completed: .green
        case .failed, .timedOut: .red
        case .cancelled: .magenta
        }
    }
}

extension StageRow {
    /// What the stage waits for, in words; nil when it waits for nothing.
    var waitText: String? {
        guard let waiting else { return nil }
        guard status == .retrying, let error else { return waiting.detail }
        return "\(waiting.detail), after: \(error.message)"
    }
}
