/// The rules of the plugin header that a check can find broken; the raw value is the id that people see, and the anchor in
/// docs/plugins/rules.md.
public enum PluginRule: String, Sendable, Hashable, CaseIterable {
    case file, exports, nodelete, runpath, stack, textrel, glibc, libraries, sidecar
    case entry, descriptor, descriptors, signals
    case processState = "process-state"
    case start, refusal, stop, memory
    case run, begin, cancel, complete, close, quick
    case shouldStop = "should_stop"
    case loop, services, token, text, borrowed, outcome, output, modes
    case crash, hang

    /// What the rule asks for, in one sentence.
    public var sentence: String {
        switch self {
        case .file:
            "The plugin is a shared object for this machine, named libbatten-plugin-<id>.so, that the loader loads."
        case .exports: "It exports batten_plugin_entry_v1 and nothing else."
        case .nodelete: "It is linked with -z nodelete, because it is never unloaded."
        case .runpath: "Its RUNPATH has absolute folders or $ORIGIN, never one that depends on the current folder."
        case .stack: "It does not ask for an executable stack."
        case .textrel: "It has no relocations in its code."
        case .glibc: "It needs no newer C library than this machine has."
        case .libraries: "Every library that it needs is the system's: what lies beside the plugin is not found."
        case .sidecar: "The description beside it is about this very file."
        case .entry: "The entry function is pure: no input or output, no threads, the same answer each time."
        case .descriptor: "The descriptor has the sizes, ids, names and schemas that the header asks for."
        case .descriptors: "Descriptors 0 to 2 and those of others are left alone, and its own are closed at its end."
        case .signals: "Signal handlers and masks are left alone."
        case .processState: "The current folder, umask, environment, locale and resource limits are left alone."
        case .start: "start begins a life and writes at most `capacity` bytes of a reason."
        case .refusal: "Whoever refuses says why."
        case .stop: "stop joins every thread that the plugin made."
        case .memory: "A life that has ended leaves no memory behind."
        case .run: "run completes its call before it returns."
        case .begin: "begin returns at once, and completes only what it accepted."
        case .cancel: "A cancellable call ends soon after it was asked to, once, and an unknown token is ignored."
        case .complete: "Each call is completed exactly once, with an outcome that can be read."
        case .close: "When an instance is closed, nothing of it is watched or timed any more."
        case .quick: "Whatever is tagged [quick] returns without blocking."
        case .shouldStop: "should_stop is asked for calls that exist."
        case .loop: "The loop's functions are called on the loop's thread; other threads use post."
        case .services: "Services are used as the header says: ranges, leases, tokens, threads."
        case .token: "A token is used from its call's beginning until its completion; only should_stop may come later."
        case .text: "Text is UTF-8, JSON where the header says so, and a span with bytes points to them."
        case .borrowed: "What the host lends is only read, within its bounds, and until the call is completed."
        case .outcome: "An outcome has a class that the header names, and code, message and reserved fields to match."
        case .output: "The output of a call that is done is JSON and fits the executor's schema."
        case .modes: "Outcomes are the same in every process, but for what the schema marks x-batten-volatile."
        case .crash: "No signal, exit, exception or panic leaves the plugin."
        case .hang: "Nothing blocks for ever."
        }
    }
}
