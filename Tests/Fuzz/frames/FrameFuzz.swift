// Feeds bytes to the reader of frames and to everything that reads a frame's body, as a peer could send them.

import BattenCore
import CBattenABI

/// One input of libFuzzer: the first byte says which peer, the second how the bytes are cut into pieces.
@c(LLVMFuzzerTestOneInput)
public func fuzzFrames(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    guard bytes.count > 2 else { return 0 }
    let isFromHost = bytes[0] & 1 == 1
    let whole = read(bytes[2...], isFromHost: isFromHost, piece: .max)
    let cut = read(bytes[2...], isFromHost: isFromHost, piece: Int(bytes[1]) + 1)
    precondition(whole == cut, "what is read depends on how the bytes came")
    return 0
}

/// What was read: a line for each frame, and the fault that ended it.
private func read(_ bytes: ArraySlice<UInt8>, isFromHost: Bool, piece: Int) -> [String] {
    let reader = FrameReader(isFromHost: isFromHost, capacity: 64)
    var lines: [String] = []
    var rest = bytes
    while !rest.isEmpty {
        let next = rest.prefix(piece)
        rest = rest.dropFirst(next.count)
        next.withUnsafeBytes { reader.append($0) }
        do throws(FrameFault) {
            while let frame = try reader.next() {
                precondition(frame.kind.isFromHost == isFromHost && frame.body.count <= FrameLimits.inlineBody)
                lines.append("\(frame.kind) \(frame.flags) \(frame.token) \(frame.body.count)")
                look(frame)
            }
        } catch {
            lines.append(error.rule)
            return lines
        }
    }
    return lines
}

/// Reads the body in every way that some frame is read.
private func look(_ frame: Frame) {
    _ = OutcomeImage.withOutcome(frame.body) { outcome in
        let spans = [outcome.pointee.code, outcome.pointee.message, outcome.pointee.details]
        precondition(spans.allSatisfy { $0.len <= UInt64(frame.body.count) }, "a span is longer than its frame")
        precondition(OutcomeReader.checked(outcome) != nil, "an image gives an outcome that cannot be read")
        _ = spans.map(OutcomeReader.text)
    }
    let host = UnsafeMutablePointer<batten_host>.allocate(capacity: 1)
    defer { host.deallocate() }
    if let memory = CallMemory(frame.body, host: host) {
        let call = memory.call.pointee
        let lengths = [
            call.run_id, call.stage_id, call.idempotency_key, call.traceparent, call.input.bytes, call.checkpoint,
            call.env_json, call.working_directory,
        ].map(\.len)
        precondition(lengths.reduce(0, +) + UInt64(CallImage.head) == UInt64(frame.body.count), "bytes are left out")
        _ = OutcomeReader.text(call.input.bytes) + OutcomeReader.text(call.working_directory)
        memory.deallocate()
    }
    _ = try? WorkerHello(frame.body)
    if let document = try? FrameDocument.read(frame.body, of: .stopped) {
        if let outcome = StageOutcome(frameDocument: document) {
            precondition(StageOutcome(frameDocument: outcome.frameDocument) == outcome, "an outcome changes on its way")
        }
        _ = PluginError(json: document)
        _ = try? DescriptorDocument.decode(document, path: "/x", expectedID: "x")
    }
    let texts: (String, String)? = try? frame.read { cursor in
        guard let first = cursor.text(), let second = cursor.text() else { return nil }
        return (first, second)
    }
    if let texts { precondition(texts.0.utf8.count <= 3 * frame.body.count + 3) }
    let numbers: (Int64, String, String)? = try? frame.read { cursor in
        guard let amount = cursor.integer(Int64.self), let meter = cursor.text(), let subject = cursor.text() else {
            return nil
        }
        return (amount, meter, subject)
    }
    _ = numbers
}
