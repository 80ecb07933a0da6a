import BattenCore
import BattenStore
import BattenSystem

/// A thousand questions to a model at once under a quota of tokens a minute: how much of it is used, and never more.
enum QuotaWindowFigures {
    /// Questions; the first window has room for a little more than half of them.
    private static let count = 1_000
    private static let output = 1_500
    private static let prompt = String(repeating: "What is special about this number? ", count: 3)

    static func measure(scratch: String, build: String) throws {
        let folder = try FileSystem.makeTemporaryFolder(prefix: "\(scratch)/models-")
        defer { try? FileSystem.removeTree(folder) }
        let home = StateFolder(folder + "/home")
        let server = try BenchServer(model)
        func write(_ name: String, _ text: String) throws -> String {
            try FileSystem.writeAtomically(Array(text.utf8), to: "\(folder)/\(name)")
            return "\(folder)/\(name)"
        }
        let configuration = try write(
            "config.yaml",
            """
            plugins:
              llm:
                providers:
                  bench: {api: openai, base_url: "http://127.0.0.1:\(server.port)/v1"}

            """)
        let workflow = try write(
            "ask.yaml",
            """
            name: ask
            stages:
              - id: ask
                for_each: ${{ range(0, \(count)) }}
                uses: llm.chat
                with: {model: bench/echo, prompt: "\(prompt)", max_output_tokens: \(output), stream: false}

            """)
        // As JSON the prompt has two quotation marks more, and whatever else is sent counts as 64.
        let bound = prompt.utf8.count + 2 + 64 + output
        let used = prompt.utf8.count + output
        let limit = used * count / 2 + bound
        let options = ["--home", home.path, "--config", configuration]
        let set = ["quota", "set", "tpm", "--metric", "tokens", "--limit", "\(limit)", "--per", "minute"]
        guard try ProcessFigures.spawn(["\(build)/batten"] + set + options).code == 0 else {
            throw BenchError("the quota could not be set")
        }
        let result = try ProcessFigures.spawn(["\(build)/batten", "run", workflow, "--quiet"] + options)
        guard result.code == 0 else { throw BenchError("the run ended with \(result.code)") }
        try show(home, limit: limit, used: used, bound: bound)
    }

    private static func show(_ home: StateFolder, limit: Int, used: Int, bound: Int) throws {
        guard let reader = try StoreReader(home) else { throw BenchError("the store was not made") }
        let rows = try reader.query(
            "SELECT at, amount FROM usage WHERE metric IN ('input_tokens', 'output_tokens') ORDER BY at"
        ).rows
        var booked: [(at: Int64, amount: Int)] = []
        for row in rows {
            guard case .int(let at) = row[0], case .int(let amount) = row[1] else { throw BenchError("\(row)") }
            booked.append((at, Int(amount)))
        }
        guard let first = booked.first?.at, let last = booked.last?.at,
            booked.reduce(0, { $0 + $1.amount }) == used * count
        else { throw BenchError("not everything was booked") }
        var (sum, most, oldest) = (0, 0, 0)
        for entry in booked {
            sum += entry.amount
            while booked[oldest].at <= entry.at - 60_000_000_000 {
                sum -= booked[oldest].amount
                oldest += 1
            }
            most = max(most, sum)
        }
        let percent = Double(bound - used) / Double(used) * 100
        Table.show(.plain("1,000 questions under tokens a minute, bounds", "\(Figure.short(percent)) % above"))
        Table.show(
            .atMost(
                1, Double(most) / Double(limit), name: "the fullest minute", value: "\(most) tokens",
                limit: "\(limit) permitted"))
        let seconds = Double(last - first) / 1e9
        // What the first window has no room for may come one window after it at the earliest.
        Table.show(
            .atLeast(
                0.95, 60 / seconds, name: "1,000 questions, two windows' worth", value: "\(Figure.short(seconds)) s",
                limit: "60 s at the earliest"))
    }

    /// A model that answers after a moment, and uses what it is permitted.
    private static let model = """
        import asyncio, json, resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        async def serve(reader, writer):
            try:
                while True:
                    head = await reader.readuntil(b"\\r\\n\\r\\n")
                    length = next(int(line.split(b":")[1]) for line in head.split(b"\\r\\n")
                                  if line.lower().startswith(b"content-length:"))
                    request = json.loads(await reader.readexactly(length))
                    await asyncio.sleep(0.05)
                    usage = {"prompt_tokens": sum(len(m["content"]) for m in request["messages"]),
                             "completion_tokens": request["max_tokens"]}
                    body = json.dumps({"id": "x", "object": "chat.completion", "created": 1, "model": "echo", "usage": usage,
                        "choices": [{"index": 0, "finish_reason": "stop",
                                     "message": {"role": "assistant", "content": "None."}}]}).encode()
                    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"
                                 % len(body) + body)
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()
        async def main():
            server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=16384)
            print(server.sockets[0].getsockname()[1], flush=True)
            await asyncio.Event().wait()
        asyncio.run(main())
        """
}
