import BattenCore
import CBattenABI

/// Outcomes that the host states itself.
enum HostOutcome {
    /// The plugin was not found, not loaded, refused, or cannot be used any more.
    static func refused(_ error: PluginError) -> StageOutcome {
        StageOutcome(.permanent, effect: .none, code: error.code.rawValue, message: error.description)
    }

    /// The host takes no more calls.
    static let shutDown = refused(
        PluginError(.shutDown, "the plugin host has been shut down", help: "start the call again in a new process"))

    /// The input does not fit the executor's schema.
    static func badInput(_ type: String, _ violation: String) -> StageOutcome {
        StageOutcome(
            .permanent, effect: .none, code: "plugin.bad_input",
            message: "the input of \(type) does not fit its schema: \(violation)")
    }

    /// The configuration does not fit its schema.
    static func badConfig(_ name: String, _ violation: String) -> StageOutcome {
        StageOutcome(
            .permanent, effect: .none, code: "plugin.bad_config",
            message: "the configuration of \(name) does not fit its schema: \(violation)")
    }

    /// The plugin broke a rule of the ABI.
    static func bug(_ type: String, code: String, _ what: String, effect: Effect = .unknown) -> StageOutcome {
        StageOutcome(
            .permanent, effect: effect, code: "plugin.bug.\(code)",
            message: "\(type) broke a rule of the plugin ABI: \(what); tell the plugin's author")
    }

    /// The plugin's `begin` did not accept the call.
    static func notBegun(_ type: String, _ rc: batten_rc) -> StageOutcome {
        if rc == .BATTEN_RC_BUSY {
            return StageOutcome(
                .transient, effect: .none, code: "plugin.busy", message: "\(type) takes no more calls at the moment")
        }
        return StageOutcome(
            .failed, effect: .none, code: "plugin.not_begun", message: "\(type) refused the call (code \(rc.rawValue))")
    }

    /// The operating system gave no thread or descriptor.
    static func noResources(_ what: String) -> StageOutcome {
        StageOutcome(
            .transient, effect: .none, code: "plugin.no_resources",
            message: "\(what); raise the limit on threads or open files, or run fewer calls at once")
    }

    /// The call shall stop and the plugin has not seen it.
    static func notStarted(_ type: String, why: UInt32) -> StageOutcome {
        let isDeadline = why == batten_stop.BATTEN_STOP_DEADLINE.rawValue
        return StageOutcome(
            isDeadline ? .timeout : .cancelled, effect: .none, code: isDeadline ? "timeout" : "cancelled",
            message: isDeadline ? "the time of \(type) was up before it began" : "\(type) was cancelled before it began"
        )
    }

    /// The worker process ended while the call was asked to stop; what happened to it, and the facts as data.
    static func endedWhileStopping(_ type: String, why: UInt32, what: String, details: JSONValue) -> StageOutcome {
        let isDeadline = why == batten_stop.BATTEN_STOP_DEADLINE.rawValue
        return StageOutcome(
            isDeadline ? .timeout : .cancelled, effect: .unknown, code: "plugin.abandoned",
            message: "\(type) \(isDeadline ? "ran out of time" : "was cancelled"), and before it had ended its worker "
                + "process \(what)", details: details)
    }

    /// The call did not stop within its grace time.
    static func abandoned(_ type: String, why: UInt32, grace: Int64, isIsolated: Bool = false) -> StageOutcome {
        let isDeadline = why == batten_stop.BATTEN_STOP_DEADLINE.rawValue
        let seconds = Double(grace / 1_000_000) / 1_000
        return StageOutcome(
            isDeadline ? .timeout : .cancelled, effect: .unknown, code: "plugin.abandoned",
            message: "\(type) \(isDeadline ? "ran out of time" : "was cancelled") and did not end within \(seconds) s; "
                + (isIsolated ? "its worker process is ended" : "it was given up and may still act"))
    }
}
