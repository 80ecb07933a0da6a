import BattenCore

/// Executors as static checks see them, without any plugin.
struct StandInCatalog: ExecutorCatalog {
    private static let schemas: [(type: String, input: String, output: String)] = [
        (
            "http.request",
            """
            {"type":"object","required":["url"],"additionalProperties":false,"properties":{
              "url":{"type":"string","minLength":1},"method":{"type":"string","enum":["GET","POST","PUT"]},
              "headers":{"type":"object","additionalProperties":{"type":"string"}},
              "json":{},"timeout_ms":{"type":"integer","minimum":1}}}
            """,
            """
            {"type":"object","additionalProperties":false,"properties":{
              "status":{"type":"integer"},"body":{"type":"string"},"json":{},"headers":{"type":"object"}}}
            """
        ),
        (
            "llm.chat",
            """
            {"type":"object","required":["model"],"additionalProperties":false,"properties":{
              "model":{"type":"string"},"system":{"type":"string"},"prompt":{"type":"string"},
              "messages":{"type":"array"},"temperature":{"type":"number"},"agent":{"type":"string"}}}
            """,
            """
            {"type":"object","properties":{"text":{"type":"string"},"json":{},"model":{"type":"string"}}}
            """
        ),
        (
            "shell.run",
            """
            {"type":"object","required":["argv"],"additionalProperties":false,"properties":{
              "argv":{"type":"array","minItems":1,"items":{"type":"string"}},"stdin":{"type":"string"}}}
            """,
            """
            {"type":"object","properties":{
              "exit_code":{"type":"integer"},"stdout":{"type":"string"},"stderr":{"type":"string"},"json":{}}}
            """
        ),
        (
            "shell.script",
            """
            {"type":"object","required":["script"],"additionalProperties":false,"properties":{
              "script":{"type":"string","x-batten-code":"shell"},"interpreter":{"type":"string"},
              "parts":{"type":"array","items":{"type":"string","x-batten-code":"shell"}}}}
            """,
            """
            {"type":"object","additionalProperties":true,"properties":{"stdout":{"type":"string"}}}
            """
        ),
        (
            "transform.jq",
            """
            {"type":"object","required":["filter"],"additionalProperties":false,"properties":{
              "filter":{"type":"string","x-batten-code":"jq"},"input":{}}}
            """,
            """
            {"type":"object","additionalProperties":false,"properties":{"json":{}}}
            """
        ),
        ("test.any", "true", "true"),
        ("ffi.bound", "true", "true"),
    ]

    private let infos: [String: ExecutorInfo]

    init() throws {
        var infos: [String: ExecutorInfo] = [:]
        for entry in Self.schemas {
            let input = try JSONReader.parse(entry.input)
            let output = try JSONReader.parse(entry.output)
            infos[entry.type] = ExecutorInfo(
                type: entry.type, pluginVersion: "1.0.0", summary: "", input: try .compile(input),
                output: try .compile(output), inputSchema: input, outputSchema: output, isIdempotent: false,
                isPure: false, isCancellable: true, isAsynchronous: false, capabilities: .null,
                isIsolated: entry.type == "transform.jq", isHostProcessOnly: entry.type == "ffi.bound")
        }
        self.infos = infos
    }

    func executor(_ type: String) -> ExecutorLookup {
        if let info = infos[type] { return .found(info) }
        let plugin = String(type.split(separator: ".")[0])
        if plugin == "broken" {
            return .refused(code: "P0103", message: "it was built for ABI 9", help: "rebuild it for ABI 1")
        }
        let offers = knownTypes().filter { $0.hasPrefix(plugin + ".") }
        return offers.isEmpty
            ? .unknownPlugin(id: plugin, searched: ["/usr/lib/batten"])
            : .unknownExecutor(plugin: plugin, offers: offers)
    }

    func knownTypes() -> [String] { infos.keys.sorted() }
}
