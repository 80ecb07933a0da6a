import BattenCore
import CBattenABI
import CBattenFakeHost

/// The fake host of the C SDK around one life of a plugin.
@safe struct FakeHost {
    /// How a call ended, copied.
    struct Outcome {
        let outcomeClass: UInt32
        let code: String
        let output: String
        let blob: UInt64
    }

    private let host: OpaquePointer

    init(_ entry: batten_plugin_entry) {
        unsafe host = batten_fake_new(entry)
    }

    /// The services of version 1.0.
    static let services = [
        BATTEN_SERVICE_LOG, BATTEN_SERVICE_BEAT, BATTEN_SERVICE_STREAM, BATTEN_SERVICE_USAGE, BATTEN_SERVICE_QUOTA,
        BATTEN_SERVICE_SECRET, BATTEN_SERVICE_BLOB, BATTEN_SERVICE_LOOP,
    ]

    func hideServices() {
        for service in Self.services { unsafe batten_fake_hide(host, service) }
    }

    func makeFuture() { unsafe batten_fake_future(host) }

    func limit(_ meter: String, _ amount: Int64) { unsafe batten_fake_quota(host, meter, amount) }

    func setTime(_ nanoseconds: Int64) { unsafe batten_fake_time(host, nanoseconds) }

    func setCheckpoint(_ state: String?) { unsafe batten_fake_checkpoint(host, state) }

    func setInputBlob(_ isBlob: Bool) { unsafe batten_fake_input_blob(host, isBlob ? 1 : 0) }

    func setSecret(_ name: String, _ value: String) { unsafe batten_fake_secret(host, name, value) }

    func setRoom(_ pieces: Int32) { unsafe batten_fake_room(host, pieces) }

    func start(_ config: String) -> Bool { unsafe batten_fake_start(host, config) != 0 }

    func call(_ type: String, config: String, input: String) -> UInt64 {
        unsafe batten_fake_call(host, type, config, input)
    }

    func cancel(_ token: UInt64, _ why: batten_stop = .BATTEN_STOP_CANCELLED) {
        unsafe batten_fake_cancel(host, token, why)
    }

    func turn(_ milliseconds: Int32) { unsafe batten_fake_turn(host, milliseconds) }

    /// Waits for the end of a call; nil when it does not come.
    func wait(_ token: UInt64, _ milliseconds: Int32) -> Outcome? {
        guard let end = unsafe batten_fake_wait(host, token, milliseconds) else { return nil }
        let pointee = unsafe end.pointee
        return unsafe Outcome(
            outcomeClass: pointee.outcome_class.rawValue, code: Self.text(pointee.code),
            output: Self.text(pointee.output), blob: pointee.blob)
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        guard let pointer = unsafe pointer else { return "" }
        return unsafe String(cString: pointer)
    }

    var why: String { unsafe Self.text(batten_fake_why(host)) }
    var seen: String { unsafe Self.text(batten_fake_seen(host)) }

    /// Takes the rules that were broken so far, and ends the life; those that its end breaks are taken too.
    func end(into findings: inout CheckFindings) {
        let before = unsafe Self.text(batten_fake_broken(host))
        let count = before.split(separator: "\n").count
        let all = unsafe batten_fake_end(host)
        Self.take(before, into: &findings)
        // What came with the end is written to standard error only, which the other side shows.
        if Int(all) > count {
            findings.breaks("stop", "\(Int(all) - count) rules are broken at the end of its life, see the lines above")
        }
    }

    private static func take(_ lines: String, into findings: inout CheckFindings) {
        for line in lines.split(separator: "\n") {
            let function = line.prefix { $0 != ":" }
            let rule: String =
                switch function {
                case "entry", "start", "begin", "run", "cancel", "close", "should_stop": String(function)
                case "batten_plugin", "batten_executor": "descriptor"
                case _ where function.hasPrefix("loop."): "loop"
                case _ where function.hasPrefix("complete"): "complete"
                default: "services"
                }
            findings.breaks(rule, String(line))
        }
    }
}
