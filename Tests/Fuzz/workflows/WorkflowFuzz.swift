// Feeds bytes to the workflow reader as YAML, as JSON and without a name's help; checks places, drawing and round trips.
import BattenCore

private struct Catalog: ExecutorCatalog {
    let info: ExecutorInfo

    init() {
        let input: JSONValue = [
            "type": "object", "additionalProperties": false,
            "properties": [
                "argv": ["type": "array", "items": ["type": "string"]], "n": ["type": "integer"],
                "agent": ["type": "string"],
                "script": ["type": "string", "x-batten-code": "shell"], "any": [:], "prompt": ["type": "string"],
            ],
        ]
        let output: JSONValue = [
            "type": "object", "properties": ["stdout": ["type": "string"], "n": ["type": "integer"]],
        ]
        info = ExecutorInfo(
            type: "a.b", pluginVersion: "1", summary: "", input: (try? .compile(input)) ?? .anything,
            output: (try? .compile(output)) ?? .anything, inputSchema: input, outputSchema: output, isIdempotent: false,
            isPure: false, isCancellable: false, isAsynchronous: false, capabilities: .null)
    }

    func executor(_ type: String) -> ExecutorLookup {
        switch type.utf8.first {
        case UInt8(ascii: "x"): .unknownPlugin(id: "x", searched: ["/p"])
        case UInt8(ascii: "y"): .unknownExecutor(plugin: "y", offers: ["y.a"])
        case UInt8(ascii: "z"): .refused(code: "P1", message: "no", help: "")
        default: .found(info)
        }
    }

    func knownTypes() -> [String] { ["a.b", "y.a"] }
}

private let catalog = Catalog()

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzWorkflow(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: count))
    for name in ["x.yaml", "x.json", "x"] { check(name, bytes) }
    return 0
}

private func check(_ name: String, _ bytes: [UInt8]) {
    let settings = ReaderSettings(defaultModel: bytes.count % 2 == 0 ? "m/x" : nil)
    let result = WorkflowReader.read(path: name, bytes: bytes, catalog: catalog, settings: settings)
    precondition((result.definition == nil) == result.diagnostics.contains { $0.severity == .error })
    var previous = SourcePosition(line: 1, column: 1)
    for diagnostic in result.diagnostics {
        precondition(diagnostic.start >= previous, "not in order")
        previous = diagnostic.start
        precondition((1...result.source.lineCount).contains(diagnostic.start.line), "\(diagnostic)")
        precondition(diagnostic.end >= diagnostic.start && !diagnostic.message.isEmpty, "\(diagnostic)")
    }
    for width in [20, 80] {
        let drawn = DiagnosticRenderer(width: width).render(result.diagnostics, source: result.source)
        precondition(!drawn.unicodeScalars.contains { DisplayWidth.isUnsafe($0) && $0 != "\n" })
    }
    guard let definition = result.definition else { return }
    for (form, text) in [
        ("y.json", WorkflowWriter.canonical(definition)), ("y.yaml", Array(WorkflowWriter.yaml(definition).utf8)),
    ] {
        let again = WorkflowReader.read(path: form, bytes: text, catalog: catalog)
        precondition(again.definition == definition, "\(form) reads back otherwise: \(again.diagnostics)")
    }
}
