import BattenCore
import BattenSpec
import BattenSystem
import Testing

@testable import BattenCommand

/// The pure parts of a session: the shape of lines, what they resolve to, and what fits at the cursor.
@Suite struct LineTests {
    /// Executors `big.e0` to `big.e199` with the same fields.
    private struct Catalog: ExecutorCatalog {
        let info: ExecutorInfo

        init() throws {
            let schema: JSONValue = [
                "type": "object", "required": ["url"],
                "properties": [
                    "url": ["type": "string", "description": "Where to."], "count": ["type": "integer"],
                    "mode": ["enum": ["fast", "slow"]], "timeout": ["type": "string"],
                ],
            ]
            let compiled = try JSONSchema.compile(schema)
            info = ExecutorInfo(
                type: "big.e7", pluginVersion: "1.0.0", summary: "", input: compiled, output: compiled,
                inputSchema: schema, outputSchema: schema, isIdempotent: true, isPure: true, isCancellable: true,
                isAsynchronous: true, capabilities: .object([:]))
        }

        func executor(_ type: String) -> ExecutorLookup {
            type.hasPrefix("big.e") ? .found(info) : .unknownPlugin(id: type, searched: [])
        }

        func knownTypes() -> [String] { (0..<200).map { "big.e\($0)" }.sorted() }
    }

    private static func session() -> Session {
        var session = Session(name: "test")
        session.set(Session.Parameter(name: "city", type: .string, value: "Oslo"))
        session.declare(ForeignFunction(name: "crc32", library: "libz.so.1", signature: "uint64 crc32(uint64)"))
        for (name, member, outputs) in [
            ("page", nil, ["status": 200, "json": ["days": [["low": 1], ["low": 2]], "content-type": "x"]]),
            ("total", "value", ["value": 3]),
        ] as [(String, String?, JSONValue)] {
            let place = session.add(
                SessionEntry(
                    name: name, id: name, line: LineSource(path: "line", firstLine: 1, bytes: []),
                    definition: StageDefinition(id: name, uses: "big.e1"), member: member, usage: LineUsage(),
                    origin: .run, run: "", state: .running))
            session.settle(place, .completed(outputs), elapsed: nil)
        }
        return session
    }

    @Test(arguments: [
        ("1 + 1", true), ("x = (1 +", false), ("x = [1,\n2]", true), ("\"a", false), ("\"a\nb\"", true),
        ("x = 1 \\", false), ("x = 1 \\\n + 2", true), ("'it\\'s'", true), ("# (", true), ("x = \"#(\" # (", true),
        (":sql select '", true), (":param x = 1 \\", false), ("'\\", false), ("))", true),
    ])
    func wholeStatementsAreTold(_ text: String, _ isWhole: Bool) {
        #expect((LineShape(Array(text.utf8)).opening == nil) == isWhole)
    }

    @Test(arguments: [
        ("x = big.e7 url=page.status", #"{"url":"${{ stages.page.outputs.status }}"}"#),
        ("x = big.e7 url=https://a.b/c?d=e", #"{"url":"https://a.b/c?d=e"}"#),
        ("x = big.e7 url=5", #"{"url":"5"}"#),
        (
            "x = big.e7 url=\"${{ city }}/${{ total }}\"",
            #"{"url":"${{ parameters.city }}/${{ stages.total.outputs.value }}"}"#
        ),
        ("x = big.e7 count=(total + 1)", #"{"count":"${{ (stages.total.outputs.value + 1) }}"}"#),
        ("x = big.e7 count=-4 timeout=5s", #"{"count":-4,"timeout":"5s"}"#),
        (
            "x = big.e7 url={a: [total, 'b'], \"c d\": null}",
            #"{"url":{"a":["${{ stages.total.outputs.value }}","b"],"c d":null}}"#
        ),
        ("x = big.e7 url='$${{ no }}'", #"{"url":"$${{ no }}"}"#),
        ("x = [page.*, 1] ", #"{"value":["${{ stages.page.outputs.* }}",1]}"#),
        ("x = stages.total.status", #"{"value":"${{ stages.total.status }}"}"#),
        (
            "x = crc32(total)",
            #"{"library":"libz.so.1","signature":"uint64 crc32(uint64)","arguments":["${{ stages.total.outputs.value }}"]}"#
        ),
    ])
    func namesAreResolved(_ text: String, _ expected: String) throws {
        let line = LineSource(path: "line", firstLine: 1, bytes: Array(text.utf8))
        let shape = LineShape(line.bytes)
        let session = Self.session()
        let statement = try LineParser.parse(
            line, shape, .init(isName: { session.current[$0] != nil }, isExecutor: { _ in true }))
        let stage = try #require(
            try StageText.read(statement, line, shape.cleaned, names: session.table, catalog: Catalog()))
        var document = LineDocument()
        document.value(.object(stage.with, 0..<0))
        #expect(String(decoding: document.bytes, as: UTF8.self) == expected)
    }

    @Test(arguments: [
        ("x = (pgae.body)", "20:5-9"), ("x = big.e7 count=abc", "20:17-20"), ("x = big.e7 url=(1 +)", "20:19-20"),
        ("x = 'a' + \"é${{\"", "20:0-0"), ("x = [1, tota]", "20:8-12"), ("x = big.e7 url=1 url=2", "20:17-20"),
        ("x = \"é ${{ nix }}\"", "20:11-14"), ("x = big.e7 count={a: nix}", "20:21-24"),
    ])
    func problemsStandWhereTheyAre(_ text: String, _ place: String) throws {
        let line = LineSource(path: "line", firstLine: 1, bytes: Array(text.utf8))
        let shape = LineShape(line.bytes)
        let session = Self.session()
        do {
            let statement = try LineParser.parse(
                line, shape, .init(isName: { session.current[$0] != nil }, isExecutor: { _ in true }))
            _ = try StageText.read(statement, line, shape.cleaned, names: session.table, catalog: Catalog())
        } catch let fault as LineFault {
            let first = try #require(fault.diagnostics.first)
            let expected = place.split(separator: ":")[1].split(separator: "-").compactMap { Int($0) }
            if expected[1] > 0, expected[1] > expected[0] {
                #expect(first.start.column - 1 == expected[0] && first.end.column - 1 == expected[1], "\(first)")
            }
            return
        }
        #expect(place.hasSuffix(":0-0"), "no problem was found")
    }

    @Test(arguments: [
        (":ty", [":type"]), ("pa", ["page"]), ("x = tot", ["total"]), ("x = big.e19", ["big.e19", "big.e190"]),
        ("x = big.e7 u", ["url="]), ("x = big.e7 url=1 u", []),
        ("x = big.e7 mode=f", ["fast", "failure(", "flatten(", "float(", "fromJSON(", "first(", "format("]),
        ("x = big.e7 ret", ["retry="]), ("page.st", ["page.status"]),
        ("page.json.", ["page.json.days", "page.json.content-type"]),
        ("x = \"${{ page.json.days[0].l", ["page.json.days[0].low"]), ("page.json.days.*.l", ["page.json.days.*.low"]),
        (":type tot", ["total"]), ("crc", ["crc32("]), (":info big.e19", ["big.e19", "big.e190"]), ("cit", ["city"]),
        ("nothing.", []), (":ls /", []),
    ])
    func whatFitsIsFound(_ before: String, _ expected: [String]) throws {
        let catalog = try Catalog()
        let completer = LineCompleter(
            session: Self.session(), catalog: catalog, executors: catalog.knownTypes(), directory: "/")
        let found = completer.complete(before).candidates.map(\.text)
        #expect(
            Array(found.prefix(2)).allSatisfy { expected.contains($0) } && expected.allSatisfy(found.contains),
            "\(found)")
        #expect(expected.isEmpty == found.isEmpty, "\(found)")
    }

    @Test func completionIsQuickWithManyExecutors() throws {
        let catalog = try Catalog()
        var best = Int64.max
        for _ in 0..<20 {
            let begun = MonotonicClock.now()
            for before in ["x = ", "x = big.e", "x = big.e7 "] {
                let completer = LineCompleter(
                    session: Self.session(), catalog: catalog, executors: catalog.knownTypes(), directory: "/")
                #expect(!completer.complete(before).candidates.isEmpty)
            }
            best = min(best, MonotonicClock.now() - begun)
        }
        // Three completions, in a build for debugging.
        #expect(best < 90_000_000, "\(best / 1_000_000) ms")
    }
}
