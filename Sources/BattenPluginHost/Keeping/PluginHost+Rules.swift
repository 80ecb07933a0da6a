import BattenCore
import BattenSystem

/// Telling of broken rules, and looking for them around a plugin's functions.
extension PluginHost {
    /// What a `[quick]` function may take before it is told, in nanoseconds; more than the header allows, because a busy
    /// machine takes some as well.
    static let quickLimit: Int64 = 100_000_000

    /// Tells that a rule was broken; a host that holds plugins to the rules also ends the call for it.
    func breaks(_ rule: PluginRule, _ what: String, by plugin: LoadedPlugin, in call: ActiveCall? = nil) {
        let broken = BrokenRule(rule: rule, what: what)
        if let rules {
            call?.broke(broken)
            guard rules.isNew(broken, by: plugin.descriptor.id) else { return }
        }
        settings.report(.misbehaviour(plugin: plugin.descriptor.id, rule: broken.text))
    }

    /// Calls a function of a plugin that must return at once.
    func quickly<Value>(
        _ name: @autoclosure () -> String, of plugin: LoadedPlugin, in call: ActiveCall? = nil, _ body: () -> Value
    ) -> Value {
        guard rules != nil else { return body() }
        let before = ThreadEffort.now()
        let value = body()
        let after = ThreadEffort.now()
        let took = after.instant - before.instant
        // A thread that was only kept waiting for a processor is not to blame.
        if took > Self.quickLimit,
            after.waits > before.waits || after.processor - before.processor > Self.quickLimit / 2
        {
            breaks(.quick, "\(name()) took \(took / 1_000_000) ms", by: plugin, in: call)
        }
        return value
    }

    /// Calls a function of a plugin that leaves the process as it was.
    func leavingProcess<Value>(
        _ name: @autoclosure () -> String, of plugin: LoadedPlugin, in call: ActiveCall? = nil, _ body: () -> Value
    ) -> Value {
        guard rules != nil else { return body() }
        let before = ProcessMarks.now()
        let value = body()
        for change in ProcessMarks.now().changes(since: before) {
            let rule: PluginRule =
                change.hasPrefix("signal") ? .signals : change.hasPrefix("descriptors") ? .descriptors : .processState
            breaks(rule, "\(name()) changed \(change)", by: plugin, in: call)
        }
        return value
    }

    /// Looks at a plugin's answer to `start` or `open`.
    func examine(_ name: String, _ accepted: Bool, _ why: LoadedPlugin.Reason, by plugin: LoadedPlugin) {
        guard rules != nil else { return }
        if why.length > why.capacity {
            breaks(.start, "\(name) says that it wrote \(why.length) of \(why.capacity) bytes of a reason", by: plugin)
        }
        if !why.isUTF8 { breaks(.text, "\(name) gave a reason that is not UTF-8", by: plugin) }
        if !accepted, why.text.allSatisfy(\.isWhitespace) {
            breaks(.refusal, "\(name) refused without a reason", by: plugin)
        }
    }
}
