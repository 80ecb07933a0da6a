import BattenCore
import BattenSystem
import CBattenABI

/// What a plugin is given for one call, as bytes that also go between processes: numbers, then one block of bytes that
/// all spans point into.
enum CallImage {
    /// Spans in the block: run, stage, key, trace parent, input, checkpoint, environment, folder.
    static let spans = 8
    /// Bytes before the block.
    static let head = 4 + 4 + 8 + 8 + 8 * spans

    /// Appends the image of a request.
    static func append(_ request: ExecutorCall, to image: inout [UInt8]) {
        image.reserveCapacity(
            image.count + head + 160 + request.run.utf8.count + request.stage.utf8.count
                + request.idempotencyKey.utf8.count + request.traceparent.utf8.count + request.checkpoint.count)
        image.append(integer: UInt32(clamping: request.attempt))
        image.append(integer: UInt32(0))
        image.append(integer: request.deadline ?? .max)
        image.append(integer: max(0, request.grace.nanosecondsSaturated))
        let ends = image.count
        for _ in 0..<spans { image.append(integer: UInt64(0)) }
        let start = image.count
        func close(_ index: Int) {
            let end = UInt64(image.count - start)
            unsafe image.withUnsafeMutableBytes {
                unsafe $0.storeBytes(of: end, toByteOffset: ends + 8 * index, as: UInt64.self)
            }
        }
        image.append(contentsOf: request.run.utf8)
        close(0)
        image.append(contentsOf: request.stage.utf8)
        close(1)
        image.append(contentsOf: request.idempotencyKey.utf8)
        close(2)
        image.append(contentsOf: request.traceparent.utf8)
        close(3)
        JSONWriter.append(request.input, to: &image)
        close(4)
        image.append(contentsOf: request.checkpoint)
        close(5)
        image.append(contentsOf: text(of: request.environment))
        close(6)
        image.append(contentsOf: (request.workingDirectory ?? "").utf8)
        close(7)
    }

    /// An environment as a JSON object; no bytes for an empty one.
    static func text(of environment: [(name: String, value: String)]) -> [UInt8] {
        if environment.isEmpty { return [] }
        var text: [UInt8] = []
        var first = true
        text.append(UInt8(ascii: "{"))
        for (name, value) in environment {
            if !first { text.append(UInt8(ascii: ",")) }
            first = false
            JSONWriter.append(string: name, to: &text)
            text.append(UInt8(ascii: ":"))
            JSONWriter.append(string: value, to: &text)
        }
        text.append(UInt8(ascii: "}"))
        return text
    }
}
