import BattenCore
import CBattenABI

/// `batten.log/1`.
enum LogService {
    static var table: batten_log {
        unsafe batten_log(struct_size: tableSize(batten_log.self)) { host, token, level, text, fields in
            guard let plugin = unsafe HostTable.plugin(host), let text = unsafe checkedText(text),
                let fields = unsafe checkedText(fields)
            else { return .BATTEN_RC_BAD_ARGUMENT }
            let name = LogService.name(of: level)
            let line = fields.isEmpty || fields == "{}" ? text : "\(text) \(fields)"
            guard token != 0 else {
                plugin.host.settings.report(.log(plugin: plugin.descriptor.id, level: name, text: line))
                return .BATTEN_RC_OK
            }
            guard let call = unsafe HostTable.call(host, token) else { return .BATTEN_RC_STALE }
            call.reports.log(tag: call.tag, stream: name, text: line)
            return .BATTEN_RC_OK
        }
    }

    private static func name(of level: batten_level) -> String {
        switch level.rawValue / 10 {
        case ..<2: "debug"
        case 2: "info"
        case 3: "warning"
        default: "error"
        }
    }
}

/// `batten.beat/1`.
enum BeatService {
    /// The longest state that is kept for a later attempt.
    static let longestCheckpoint: UInt64 = 1 << 20

    static var table: batten_beat {
        unsafe batten_beat(
            struct_size: tableSize(batten_beat.self),
            beat: { host, token, fraction, note in
                guard let note = unsafe checkedText(note), !fraction.isNaN else { return .BATTEN_RC_BAD_ARGUMENT }
                guard let call = unsafe HostTable.call(host, token) else { return .BATTEN_RC_STALE }
                call.reports.progress(tag: call.tag, fraction: fraction < 0 ? nil : min(fraction, 1), note: note)
                return .BATTEN_RC_OK
            },
            checkpoint: { host, token, state in
                guard unsafe OutcomeReader.isReadable(state), unsafe state.len <= BeatService.longestCheckpoint else {
                    return .BATTEN_RC_BAD_ARGUMENT
                }
                guard let call = unsafe HostTable.call(host, token) else { return .BATTEN_RC_STALE }
                let bytes = unsafe [UInt8](UnsafeBufferPointer(start: state.ptr, count: Int(state.len)))
                call.reports.checkpoint(tag: call.tag, state: bytes)
                return .BATTEN_RC_OK
            })
    }
}

/// `batten.usage/1`.
enum UsageService {
    static var table: batten_usage {
        unsafe batten_usage(struct_size: tableSize(batten_usage.self)) { host, token, meter, subject, amount in
            guard let meter = unsafe checkedText(meter), let subject = unsafe checkedText(subject), !meter.isEmpty,
                amount >= 0
            else { return .BATTEN_RC_BAD_ARGUMENT }
            guard let call = unsafe HostTable.call(host, token) else { return .BATTEN_RC_STALE }
            call.reports.usage(tag: call.tag, metric: meter, subject: subject, amount: amount)
            return .BATTEN_RC_OK
        }
    }
}
