import BattenCore
import CBattenABI

/// `batten.log/1`.
enum LogService {
    static var table: batten_log {
        unsafe batten_log(struct_size: tableSize(batten_log.self)) { host, token, level, text, fields in
            let use = unsafe ServiceUse(host, token, "log.write")
            guard let plugin = use.plugin, let text = unsafe use.text(text, "text"),
                let fields = unsafe use.text(fields, "fields_json")
            else { return .BATTEN_RC_BAD_ARGUMENT }
            if use.isChecked { LogService.examine(use, text, fields) }
            let name = LogService.name(of: level)
            let line = fields.isEmpty || fields == "{}" ? text : "\(text) \(fields)"
            guard token != 0 else {
                plugin.host.settings.report(.log(plugin: plugin.descriptor.id, level: name, text: line))
                return .BATTEN_RC_OK
            }
            guard let call = use.call() else { return .BATTEN_RC_STALE }
            call.reports.log(tag: call.tag, stream: name, text: line)
            return .BATTEN_RC_OK
        }
    }

    private static func examine(_ use: ServiceUse, _ text: String, _ fields: String) {
        if text.contains(where: \.isNewline) { use.tell(.services, "has a text of several lines") }
        if !fields.isEmpty, (try? JSONReader.parse(fields))?.objectValue == nil {
            use.tell(.text, "has fields that are no JSON object")
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
                let use = unsafe ServiceUse(host, token, "beat.beat")
                guard let note = unsafe use.text(note, "note") else { return .BATTEN_RC_BAD_ARGUMENT }
                if !(fraction <= 1) { use.tell(.services, "has the fraction \(fraction), not from 0 to 1 or negative") }
                guard !fraction.isNaN else { return .BATTEN_RC_BAD_ARGUMENT }
                guard let call = use.call() else { return .BATTEN_RC_STALE }
                call.reports.progress(tag: call.tag, fraction: fraction < 0 ? nil : min(fraction, 1), note: note)
                return .BATTEN_RC_OK
            },
            checkpoint: { host, token, state in
                let use = unsafe ServiceUse(host, token, "beat.checkpoint")
                guard unsafe use.isReadable(state, "state") else { return .BATTEN_RC_BAD_ARGUMENT }
                guard unsafe state.len <= BeatService.longestCheckpoint else {
                    return use.bad("has a state of more than 1 MiB")
                }
                guard let call = use.call() else { return .BATTEN_RC_STALE }
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
            let use = unsafe ServiceUse(host, token, "usage.add")
            guard let meter = unsafe use.text(meter, "meter"), let subject = unsafe use.text(subject, "subject") else {
                return .BATTEN_RC_BAD_ARGUMENT
            }
            guard !meter.isEmpty, amount >= 0 else { return use.bad("has no meter or the amount \(amount)") }
            guard let call = use.call() else { return .BATTEN_RC_STALE }
            call.reports.usage(tag: call.tag, metric: meter, subject: subject, amount: amount)
            return .BATTEN_RC_OK
        }
    }
}
