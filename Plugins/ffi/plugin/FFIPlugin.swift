internal import BattenPlugin
public import CBattenABI

/// The one function the plugin exports.
@c(batten_plugin_entry_v1)
public func entry(_ hello: UnsafePointer<batten_hello>?) -> UnsafePointer<batten_plugin>? { FFIPlugin.entry(hello) }

/// The plugin `ffi`: calls functions of C libraries by their signatures.
struct FFIPlugin: Plugin {
    static let description = PluginDescription(
        id: "ffi", version: "1.0.0", title: "Functions of C libraries",
        summary: "Calls functions of any shared library by their signatures, through libffi.",
        configSchema: .object([
            .optional(
                "allow",
                .list(
                    of: .anyOf([
                        .string("Library and function as stages write them: libm.so.6:cbrt.", minLength: 3),
                        .object([
                            .required("library", .string("The library as stages write it.", minLength: 1)),
                            .required("function", .string("The function's name.", minLength: 1)),
                            .optional(
                                "signature",
                                .string("The only signature it may be called with; without it any.", minLength: 1)),
                        ]),
                    ]),
                    "The functions that may be called by runs which nobody at this machine started; without it none.",
                    examples: [
                        [
                            "libm.so.6:cbrt",
                            [
                                "library": "libz.so.1", "function": "crc32",
                                "signature": "uint64 (uint64, bytes, length uint32)",
                            ],
                        ]
                    ])),
            .optional(
                "local",
                .choice(
                    "What runs may call that the user of this machine starts by hand: any function, or those of the list.",
                    of: ["any", "listed"], default: "any")),
        ]),
        manifest: ["licence": "Apache-2.0", "usual_isolation": "worker_per_call"],
        executors: [.blocking(CallExecutor.self)])

    let policy: CallPolicy

    init(start: PluginStart) throws {
        policy = try CallPolicy(config: start.config)
    }
}
