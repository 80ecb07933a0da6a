import BattenCore
import BattenSystem
import CBattenABI

/// A plugin's outcome as bytes that go between processes, unread: the host reads it as it reads one in its own memory.
@safe struct OutcomeImage: Sendable {
    /// Class, effect, delay, four sized texts, then the output's bytes.
    let bytes: [UInt8]
    /// What the plugin says of the effect.
    let effect: UInt32
    /// A sealed memory file that is the output; the holder closes it.
    ///
    /// Files of the spool are with the host already.
    let blob: Int32

    /// Copies an outcome.
    ///
    /// - Parameters:
    ///   - pointer: what the plugin passed.
    ///   - takeBlob: gives a sealed memory file of the call by its number.
    /// - Returns: nil when it cannot be read.
    init?(_ pointer: UnsafePointer<batten_outcome>, takeBlob: (UInt64) -> Int32?) {
        guard let given = unsafe OutcomeReader.checked(pointer) else { return nil }
        var image: [UInt8] = []
        image.reserveCapacity(
            unsafe 40 + Int(given.code.len + given.message.len + given.details.len)
                + Int(given.output.media_type.len + given.output.bytes.len))
        image.append(integer: unsafe given.outcome_class.rawValue)
        image.append(integer: unsafe given.effect.rawValue)
        image.append(integer: unsafe given.retry_after_ns)
        unsafe image.append(span: given.code)
        unsafe image.append(span: given.message)
        unsafe image.append(span: given.details)
        unsafe image.append(span: given.output.media_type)
        image.append(integer: unsafe given.output.blob)
        unsafe image.append(
            contentsOf: UnsafeBufferPointer(start: given.output.bytes.ptr, count: Int(given.output.bytes.len)))
        bytes = image
        effect = unsafe given.effect.rawValue
        blob = unsafe given.output.blob == 0 ? -1 : takeBlob(given.output.blob) ?? -1
    }

    /// Reads an image that came from a worker.
    ///
    /// - Parameters:
    ///   - image: the bytes; nobody trusts them.
    ///   - body: receives an outcome that points into them.
    /// - Returns: nil when the bytes are no image.
    static func withOutcome<Value>(
        _ image: UnsafeRawBufferPointer, _ body: (UnsafePointer<batten_outcome>) -> Value
    ) -> Value? {
        var cursor = unsafe ByteCursor(image)
        guard let outcomeClass = cursor.integer(UInt32.self), let effect = cursor.integer(UInt32.self),
            let delay = cursor.integer(Int64.self), let code = unsafe cursor.sizedBytes(),
            let message = unsafe cursor.sizedBytes(), let details = unsafe cursor.sizedBytes(),
            let media = unsafe cursor.sizedBytes(), let blob = cursor.integer(UInt64.self)
        else { return nil }
        let output = unsafe cursor.rest()
        var outcome = unsafe batten_outcome()
        unsafe outcome.struct_size = UInt32(MemoryLayout<batten_outcome>.size)
        unsafe outcome.outcome_class = batten_class(rawValue: outcomeClass) ?? .BATTEN_CLASS_PERMANENT
        unsafe outcome.effect = batten_effect(rawValue: effect) ?? .BATTEN_EFFECT_UNKNOWN
        unsafe outcome.retry_after_ns = delay
        unsafe outcome.code = unsafe span(code)
        unsafe outcome.message = unsafe span(message)
        unsafe outcome.details = unsafe span(details)
        unsafe outcome.output = unsafe batten_payload(
            bytes: span(output), media_type: span(media), blob: blob, reserved: 0)
        return unsafe body(&outcome)
    }

    private static func span(_ bytes: UnsafeRawBufferPointer) -> batten_span {
        unsafe batten_span(
            ptr: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), len: UInt64(bytes.count))
    }
}

extension [UInt8] {
    /// Appends the bytes of a readable span after their count.
    fileprivate mutating func append(span: batten_span) {
        unsafe append(sized: UnsafeBufferPointer(start: span.ptr, count: Int(span.len)))
    }
}

/// How a call ended, on its way to whoever asked for it.
enum CallEnd: Sendable {
    /// In the host's terms.
    case outcome(StageOutcome)
    /// As the plugin said it, for another process to read.
    case image(OutcomeImage)
}

/// A sink that passes outcomes on unread.
protocol ImageSink: CallSink {
    /// The outcome; exactly once a call, in place of ``CallSink/finished(tag:outcome:)`` where the plugin gave it.
    func finished(tag: UInt64, image: OutcomeImage)
}
