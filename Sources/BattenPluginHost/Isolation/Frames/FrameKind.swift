/// What a frame between host and worker says; the body's shape follows from it.
enum FrameKind: UInt16, Sendable, CaseIterable {
    // From the host.
    /// First of all: which plugin to load and how, as a JSON document.
    case hello = 1
    /// Makes an instance: its number as the token, the executor's place, its configuration.
    case open = 2
    /// A call: its instance and a ``CallImage``.
    case call = 3
    /// A call shall end: a `batten_stop`.
    case stop = 4
    /// So many bytes of reports were taken.
    case credit = 5
    /// The reader of a call's stream is behind.
    case behind = 6
    /// The answer to an ``ask``: its number as the token; a file of the spool may come along.
    case answer = 7
    /// End the plugin and leave, by an instant of the monotonic clock.
    case finish = 8

    // From the worker.
    /// The plugin is loaded: its descriptor as a JSON document.
    case ready = 101
    /// The plugin cannot be used: `{code, message, help}` as a JSON document.
    case refused = 102
    /// A call has ended by the plugin's word: an ``OutcomeImage``.
    case ended = 103
    /// A call has ended by the worker's own word: an outcome as a JSON document.
    case stopped = 104
    /// A log line of a call.
    case log = 105
    /// Progress of a call.
    case progress = 106
    /// A piece of a call's answer.
    case stream = 107
    /// Usage of a call.
    case usage = 108
    /// State for the next attempt of a call.
    case checkpoint = 109
    /// Something that concerns no single call.
    case report = 110
    /// A question on behalf of a call that the host answers.
    case ask = 111
    /// The plugin has ended; the worker leaves.
    case finished = 112

    /// Whether the host sends it.
    var isFromHost: Bool { rawValue < 100 }

    /// Whether it counts against the credit that the host gives.
    var isReport: Bool {
        switch self {
        case .log, .progress, .stream, .usage, .checkpoint, .report: true
        default: false
        }
    }
}

/// The sizes that both ends hold each other to.
enum FrameLimits {
    /// Bytes of a frame's head: length, kind, flags, token.
    static let head = 16
    /// A longer body goes as a sealed memory file.
    static let inlineBody = 1 << 20
    /// The longest body of a memory file.
    static let memoryBody: Int64 = 4 << 30
    /// Descriptors that may have come along before the frames that name them.
    static let passedDescriptors = 64
    /// Bytes of reports that a worker may have sent and the host not yet taken.
    static let reportWindow = 1 << 20
    /// The body is in a memory file that comes along; the frame's own body is empty.
    static let inMemory: UInt16 = 1
    /// A blob's file comes along, after that of the body if both do.
    static let withBlob: UInt16 = 2
}

/// Why a peer's bytes are no frames; names the rule that was broken.
struct FrameFault: Error, Sendable, Hashable {
    /// What was wrong, for people.
    let rule: String

    init(_ rule: String) {
        self.rule = rule
    }
}
