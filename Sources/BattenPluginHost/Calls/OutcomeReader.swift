import BattenCore
import BattenSystem
import CBattenABI

/// Copies an outcome out of a plugin's memory and translates it.
enum OutcomeReader {
    /// The struct itself, when it is whole and its spans can be.
    static func checked(_ pointer: UnsafePointer<batten_outcome>) -> batten_outcome? {
        guard unsafe Int(pointer.pointee.struct_size) >= MemoryLayout<batten_outcome>.size else { return nil }
        let given = unsafe pointer.pointee
        guard unsafe isReadable(given.code), unsafe isReadable(given.message), unsafe isReadable(given.details),
            unsafe isReadable(given.output.bytes), unsafe isReadable(given.output.media_type)
        else { return nil }
        return unsafe given
    }

    /// Reads an outcome.
    ///
    /// - Parameters:
    ///   - pointer: what the plugin passed, or an image of it.
    ///   - executor: whose outcome it is.
    ///   - blob: gives the sealed blob of the call that has a number; nil when there is none.
    /// - Returns: nil when the struct itself cannot be read.
    static func read(
        _ pointer: UnsafePointer<batten_outcome>, of executor: ExecutorDescriptor, blob: (UInt64) -> CallBlobs.File?
    ) -> StageOutcome? {
        guard let given = unsafe checked(pointer) else { return nil }
        var outcome = unsafe StageOutcome(outcomeClass(given.outcome_class), effect: effect(given.effect))
        outcome.retryAfter = unsafe given.retry_after_ns < 0 ? nil : .nanoseconds(given.retry_after_ns)
        outcome.code = unsafe text(given.code)
        outcome.message = unsafe text(given.message)
        let details = unsafe value(given.details)
        switch details {
        case .empty: break
        case .value(let value): outcome.details = value
        case .fault(let reason): outcome.details = .object(["unreadable": .string(reason)])
        }
        return unsafe withOutput(given.output, outcome, executor, blob)
    }

    /// Reads the output and holds it against the schema where the call is done.
    private static func withOutput(
        _ payload: batten_payload, _ outcome: StageOutcome, _ executor: ExecutorDescriptor,
        _ blob: (UInt64) -> CallBlobs.File?
    ) -> StageOutcome {
        var outcome = outcome
        let isDone = outcome.outcomeClass == .ok
        func fault(_ code: String, _ what: String) -> StageOutcome {
            guard isDone else { return outcome }
            return HostOutcome.bug(executor.type, code: code, what, effect: outcome.effect)
        }
        guard unsafe isJSON(payload.media_type) else {
            return fault(
                "bad_output", unsafe "its output has the media type \(text(payload.media_type)), not application/json")
        }
        switch unsafe value(payload, blob) {
        case .empty: outcome.output = .null
        case .value(let value): outcome.output = value
        case .fault(let reason): return fault("bad_output", "its output is \(reason)")
        }
        if isDone, let violation = executor.output.violation(of: outcome.output) {
            return fault("output_schema", "its output does not fit its own schema: \(violation)")
        }
        return outcome
    }

    private enum Value {
        case empty
        case value(JSONValue)
        case fault(String)
    }

    private static func value(_ payload: batten_payload, _ blob: (UInt64) -> CallBlobs.File?) -> Value {
        guard unsafe payload.blob != 0 else { return unsafe value(payload.bytes) }
        guard unsafe payload.bytes.len == 0 else { return .fault("both bytes and a blob") }
        guard let file = unsafe blob(payload.blob) else {
            return unsafe .fault("the blob \(payload.blob), which is not a sealed one of this call")
        }
        func whole(_ bytes: UnsafeRawBufferPointer) -> Value {
            let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            return unsafe value(batten_span(ptr: start, len: UInt64(bytes.count)))
        }
        do throws(SystemError) {
            switch file {
            case .memory(let descriptor):
                guard SealedFile.isSealed(descriptor) else { return .fault("a blob that is not sealed") }
                return unsafe try MemoryFile.withBytes(of: descriptor) { bytes in unsafe whole(bytes) }
            case .spooled(let descriptor):
                // A worker may still write to it: the file is not mapped, because who cuts it off would end this process.
                return unsafe try SpoolFile.withCopy(of: descriptor, limit: FrameLimits.memoryBody) { bytes in
                    unsafe whole(bytes)
                }
            case .elsewhere: return .fault("a blob of another process")
            }
        } catch {
            return .fault("a blob that cannot be read (\(error.description))")
        }
    }

    private static func value(_ span: batten_span) -> Value {
        guard unsafe span.len > 0 else { return .empty }
        let bytes = unsafe UnsafeRawBufferPointer(start: span.ptr, count: Int(span.len))
        if unsafe span.len == 2, unsafe bytes[0] == UInt8(ascii: "{"), unsafe bytes[1] == UInt8(ascii: "}") {
            return .value(.object([:]))
        }
        do throws(JSONError) {
            return unsafe .value(try JSONReader.parse(bytes))
        } catch {
            return .fault(error.description)
        }
    }

    /// Text of a span; what is not UTF-8 is repaired.
    static func text(_ span: batten_span) -> String {
        guard unsafe span.len > 0, let start = unsafe span.ptr else { return "" }
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: Int(span.len)), as: UTF8.self)
    }

    /// Whether a span is one: a pointer where there are bytes, and not absurdly long.
    static func isReadable(_ span: batten_span) -> Bool {
        unsafe span.len == 0 || (span.ptr != nil && span.len <= 1 << 32)
    }

    private static func isJSON(_ span: batten_span) -> Bool {
        guard unsafe span.len > 0 else { return true }
        let type = unsafe text(span).lowercased()
        return type == "application/json" || type.hasPrefix("application/json;")
    }

    private static func effect(_ effect: batten_effect) -> Effect {
        switch effect {
        case .BATTEN_EFFECT_NONE: .none
        case .BATTEN_EFFECT_MADE: .made
        default: .unknown
        }
    }

    /// The engine's class; one that this version does not know counts as the first of its family.
    private static func outcomeClass(_ given: batten_class) -> OutcomeClass {
        switch given {
        case .BATTEN_CLASS_DONE: .ok
        case .BATTEN_CLASS_RETRY, .BATTEN_CLASS_OVERLOADED: .transient
        case .BATTEN_CLASS_RATE_LIMITED: .rateLimited
        case .BATTEN_CLASS_CRASHED: .transient
        case .BATTEN_CLASS_FAILED: .failed
        case .BATTEN_CLASS_QUOTA: .quota
        case .BATTEN_CLASS_BAD_INPUT, .BATTEN_CLASS_AUTH, .BATTEN_CLASS_BUG, .BATTEN_CLASS_PERMANENT: .permanent
        case .BATTEN_CLASS_CANCELLED: .cancelled
        case .BATTEN_CLASS_DEADLINE: .timeout
        default:
            switch given.rawValue / 100 {
            case 1: .ok
            case 2: .transient
            case 4: .cancelled
            default: .failed
            }
        }
    }
}
