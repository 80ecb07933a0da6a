import BattenCore
import CBattenABI

/// What the header asks of an outcome, beyond that it can be read.
enum OutcomeRules {
    /// The rules that an outcome breaks.
    static func broken(_ pointer: UnsafePointer<batten_outcome>) -> [BrokenRule] {
        guard let given = unsafe OutcomeReader.checked(pointer) else { return [] }
        var broken: [BrokenRule] = []
        func note(_ rule: PluginRule, _ what: String) {
            broken.append(BrokenRule(rule: rule, what: "complete: \(what)"))
        }
        let outcomeClass = unsafe given.outcome_class
        if !isKnown(outcomeClass) { note(.outcome, "there is no class \(outcomeClass.rawValue)") }
        if outcomeClass == .BATTEN_CLASS_CRASHED { note(.outcome, "only a host says CRASHED") }
        let effect = unsafe given.effect.rawValue
        if effect > 2 { note(.outcome, "there is no effect \(effect)") }
        if unsafe given.reserved0 != 0 || given.output.reserved != 0 { note(.outcome, "a reserved field is not 0") }
        let (hasCode, hasMessage) = unsafe (given.code.len > 0, given.message.len > 0)
        // One that is not known counts as the first of its family.
        if outcomeClass.rawValue / 100 == batten_class.BATTEN_CLASS_DONE.rawValue / 100 {
            if hasCode || hasMessage { note(.outcome, "a call that is done has no code and no message") }
        } else if !hasCode || !hasMessage {
            note(.outcome, "a call that is not done has a code and a message")
        }
        func examine(_ name: String, _ span: batten_span) {
            if unsafe !ServiceUse.isUTF8(span) { note(.text, "\(name) is not UTF-8") }
        }
        unsafe examine("code", given.code)
        unsafe examine("message", given.message)
        unsafe examine("details", given.details)
        unsafe examine("media_type", given.output.media_type)
        let code = unsafe OutcomeReader.text(given.code)
        if hasCode, !isDotted(code) { note(.outcome, "the code '\(code.prefix(80))' is not dotted lower case words") }
        let details = unsafe OutcomeReader.text(given.details)
        if !details.isEmpty, (try? JSONReader.parse(details))?.objectValue == nil {
            note(.text, "details is no JSON object")
        }
        if unsafe given.output.blob != 0 && given.output.bytes.len > 0 {
            note(.output, "the output is both bytes and a blob")
        }
        return broken
    }

    private static func isKnown(_ outcomeClass: batten_class) -> Bool {
        switch outcomeClass {
        case .BATTEN_CLASS_DONE, .BATTEN_CLASS_RETRY, .BATTEN_CLASS_RATE_LIMITED, .BATTEN_CLASS_OVERLOADED,
            .BATTEN_CLASS_CRASHED, .BATTEN_CLASS_FAILED, .BATTEN_CLASS_BAD_INPUT, .BATTEN_CLASS_AUTH,
            .BATTEN_CLASS_QUOTA, .BATTEN_CLASS_BUG, .BATTEN_CLASS_PERMANENT, .BATTEN_CLASS_CANCELLED,
            .BATTEN_CLASS_DEADLINE:
            true
        default: false
        }
    }

    /// Lower case letters, digits and `_`, in words with dots between them.
    private static func isDotted(_ code: String) -> Bool {
        code.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { word in
            !word.isEmpty
                && word.utf8.allSatisfy { byte in
                    (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
                }
        }
    }
}
