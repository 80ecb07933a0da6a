internal import CBattenABI

/// How a call ended.
enum Outcome: Sendable {
    case done(JSON)
    case blob(Blob)
    case failed(Failure)

    /// The call is done, with an output of the executor's own type.
    static func done(encoding output: some Encodable) throws -> Outcome {
        if let blob = output as? Blob { return .blob(blob) }
        return .done(try JSON(encoding: output))
    }
}

extension Host {
    /// Tells the host how a call ended.
    ///
    /// A call that is over already is left alone.
    func complete(_ token: UInt64, _ outcome: Outcome) {
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        func add(_ write: (inout [UInt8]) -> Void) {
            let start = bytes.count
            write(&bytes)
            ranges.append(start..<bytes.count)
        }
        var number = batten_class.BATTEN_CLASS_DONE
        var effect = batten_effect.BATTEN_EFFECT_MADE
        var retryAfter: Int64 = -1
        var blob: UInt64 = 0
        switch outcome {
        case .blob(let given):
            blob = given.number
            for _ in 0..<4 { add { _ in } }
        case .done(let output):
            add { _ in }
            add { _ in }
            add { _ in }
            add { if !output.isNull { output.write(into: &$0) } }
        case .failed(let failure):
            number = failure.class.number
            effect = failure.effect.number
            retryAfter = failure.retryAfter.map { max(0, $0.clampedNanoseconds) } ?? -1
            add { $0 += failure.code.utf8 }
            add { $0 += failure.message.utf8 }
            add { if !failure.details.isEmpty { JSON.object(failure.details).write(into: &$0) } }
            add { if let output = failure.output { output.write(into: &$0) } }
        }
        unsafe bytes.withUnsafeBufferPointer { all in
            func span(_ index: Int) -> batten_span {
                let range = ranges[index]
                guard !range.isEmpty, let base = all.baseAddress else { return unsafe batten_span() }
                return unsafe batten_span(ptr: base + range.lowerBound, len: UInt64(range.count))
            }
            var outcome = unsafe batten_outcome()
            unsafe outcome.struct_size = UInt32(MemoryLayout<batten_outcome>.size)
            unsafe outcome.outcome_class = number
            unsafe outcome.effect = effect
            unsafe outcome.retry_after_ns = retryAfter
            unsafe outcome.code = span(0)
            unsafe outcome.message = span(1)
            unsafe outcome.details = span(2)
            unsafe outcome.output.bytes = span(3)
            unsafe outcome.output.blob = blob
            _ = unsafe table.pointee.complete(table, token, &outcome)
        }
    }
}

extension Failure.Class {
    /// The number of the C header.
    var number: batten_class {
        switch self {
        case .retry: .BATTEN_CLASS_RETRY
        case .rateLimited: .BATTEN_CLASS_RATE_LIMITED
        case .overloaded: .BATTEN_CLASS_OVERLOADED
        case .failed: .BATTEN_CLASS_FAILED
        case .badInput: .BATTEN_CLASS_BAD_INPUT
        case .auth: .BATTEN_CLASS_AUTH
        case .quota: .BATTEN_CLASS_QUOTA
        case .bug: .BATTEN_CLASS_BUG
        case .permanent: .BATTEN_CLASS_PERMANENT
        case .cancelled: .BATTEN_CLASS_CANCELLED
        case .deadline: .BATTEN_CLASS_DEADLINE
        }
    }
}

extension Failure.Effect {
    /// The number of the C header.
    var number: batten_effect {
        switch self {
        case .unknown: .BATTEN_EFFECT_UNKNOWN
        case .none: .BATTEN_EFFECT_NONE
        case .made: .BATTEN_EFFECT_MADE
        }
    }
}
