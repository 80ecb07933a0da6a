import BattenCore
import CBattenABI

/// One use of a function of the host's by a plugin: who calls, about which call, and what is said when a rule is broken.
@safe struct ServiceUse {
    /// Who calls; nil when the host pointer is none.
    let plugin: LoadedPlugin?
    private let token: batten_token
    private let function: StaticString

    init(_ host: HostTable.Host?, _ token: batten_token, _ function: StaticString) {
        plugin = unsafe HostTable.plugin(host)
        self.token = token
        self.function = function
    }

    /// Whether plugins are held to the rules.
    var isChecked: Bool { plugin?.host.rules != nil }

    /// The live call, if it is the plugin's.
    func call() -> ActiveCall? {
        guard let plugin else { return nil }
        if let call = plugin.host.table.find(token), call.instance.executor.plugin === plugin { return call }
        guard let rules = plugin.host.rules else { return nil }
        if rules.hasCompleted(token) {
            tell(.token, "is about a call that the plugin has completed")
        } else if !plugin.host.table.hasGiven(token) {
            tell(.token, "is about the token \(token), which no call has had")
        }
        return nil
    }

    /// Says that an argument breaks a rule, when plugins are held to them.
    ///
    /// - Returns: what the plugin gets for it.
    func bad(_ what: @autoclosure () -> String, _ rule: PluginRule = .services) -> batten_rc {
        tell(rule, what())
        return .BATTEN_RC_BAD_ARGUMENT
    }

    /// Says that a rule is broken, when plugins are held to them.
    func tell(_ rule: PluginRule, _ what: @autoclosure () -> String) {
        guard let plugin, plugin.host.rules != nil else { return }
        let call = plugin.host.table.find(token)
        plugin.host.breaks(
            rule, "\(function) \(what())", by: plugin, in: call?.instance.executor.plugin === plugin ? call : nil)
    }

    /// A text that the plugin passed, repaired where it is not UTF-8; nil when the span cannot be one.
    func text(_ span: batten_span, _ name: StaticString) -> String? {
        guard unsafe isReadable(span, name) else { return nil }
        if isChecked, unsafe !Self.isUTF8(span) { tell(.text, "has a \(name) that is not UTF-8") }
        return unsafe OutcomeReader.text(span)
    }

    /// Whether a span can be one.
    func isReadable(_ span: batten_span, _ name: StaticString) -> Bool {
        if unsafe OutcomeReader.isReadable(span) { return true }
        tell(.text, unsafe "has a \(name) of \(span.len) bytes that points nowhere")
        return false
    }

    /// Whether the bytes of a readable span are UTF-8.
    static func isUTF8(_ span: batten_span) -> Bool {
        guard unsafe span.len > 0 else { return true }
        return unsafe String(
            validating: UnsafeBufferPointer(start: span.ptr, count: Int(span.len)), as: UTF8.self) != nil
    }
}
