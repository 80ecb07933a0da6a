import Synchronization

@testable import BattenPlugin

/// A plugin that uses everything the library offers.
final class Sample: Plugin {
    struct Config: Decodable {
        var refuse: String?
        var size: Int?
    }

    static var description: PluginDescription {
        PluginDescription(
            id: "sample", version: "1.2.3", title: "Sample", summary: "Does what the tests need.",
            configSchema: .object([.optional("refuse", .string())]), manifest: ["licence": "none"],
            executors: [
                .blocking(Greet.self), .loop(Later.self), .blocking(Talk.self), .async(Errand.self),
                .blocking(Write.self), .async(WriteLater.self),
            ])
    }

    static let stops = Atomic(0)
    static let closes = Atomic(0)

    init(start: PluginStart) throws {
        let config = try start.config(as: Config.self)
        if let reason = config.refuse {
            throw Failure(.failed, code: "sample.refused", reason)
        }
        start.host.log(.info, "started", fields: ["host": .string(start.host.name)])
    }

    func stop(deadline: MonotonicTime) {
        Self.stops.add(1, ordering: .relaxed)
    }
}

struct Greet: BlockingExecutor {
    struct Input: Decodable {
        struct Part: Decodable {
            let role: String
        }

        let name: String
        let times: Int?
        let parts: [Part]?
        let fail: String?
    }

    struct Output: Encodable {
        let greeting: String
        let stage: String
        let attempt: Int
        let env: [String: String]
    }

    struct Odd: Error {}

    static let type = "sample.greet"
    static let title = "Greets"
    static let summary = "Greets somebody."
    static let inputSchema = Schema.object([.required("name", .string("Whom to greet.", examples: ["Ada"]))])
    static let outputSchema = Schema.any
    static let traits: ExecutorTraits = [.pure, .idempotent]

    init(config: JSON, plugin: Sample) throws {
        if config["bad"] != nil { throw Failure(.badInput, code: "x", "bad is not allowed here") }
    }

    func run(_ input: Input, context: Context) throws -> Output {
        switch input.fail {
        case "odd": throw Odd()
        case "rate":
            throw Failure(
                .rateLimited, code: "sample.rate", "too fast", effect: .none, retryAfter: .seconds(3),
                details: ["limit": 5], output: ["kept": true])
        case "stop": try context.checkStop(effect: .none)
        default: break
        }
        let environment = context.environment.map { ($0.name, $0.value) }
        return Output(
            greeting: Array(repeating: "Hello, \(input.name)", count: input.times ?? 1).joined(separator: "; "),
            stage: context.stageID, attempt: context.attempt,
            env: Dictionary(environment, uniquingKeysWith: { $1 }))
    }

    func close() {
        Sample.closes.add(1, ordering: .relaxed)
    }
}

final class Later: LoopExecutor {
    struct Input: Decodable {
        var read: Int32?
        var after: Int64?
        var drop: Bool?
        var twice: Bool?
        var post: Bool?
        var hold: Int64?
        var bound: Int64?
    }

    static let type = "sample.later"
    static let summary = "Completes later."
    static let inputSchema = Schema.any
    static let outputSchema = Schema.any
    static let traits: ExecutorTraits = [.cancellable]
    static let maxInFlight: UInt32 = 10
    static let capabilities = Capabilities(readPaths: ["/etc"], secrets: ["KEY"], network: .tcpPorts([80]))

    private var calls: [UInt64: Call<JSON>] = [:]

    init(config: JSON, plugin: Sample) {}

    func begin(_ input: Input, call: Call<JSON>) throws {
        guard let loop = call.context.loop else {
            throw Failure(.failed, code: "sample.loop", "this host has no loop")
        }
        if input.drop == true { return }
        if input.twice == true {
            call.complete(1)
            call.complete(2)
            call.fail(.stopped(.cancelled))
            return
        }
        calls[call.token] = call
        if let amount = input.hold {
            call.context.hold("requests", of: "api", amount) { answer in
                switch answer {
                case .success(let lease):
                    lease.settle(2)
                    lease.settle(3)
                    call.complete("held")
                case .failure(let failure): call.fail(failure)
                }
            }
        } else if let amount = input.bound {
            call.context.hold(RequestBound(subject: "api", inputTokens: 1, outputTokens: amount)) { answer in
                switch answer {
                case .success(let held): call.complete(.integer(held.outputTokens))
                case .failure(let failure): call.fail(failure)
                }
            }
        } else if input.post == true {
            loop.post { call.complete("posted") }
        } else if let descriptor = input.read {
            var watch: Watch?
            watch = try loop.watch(descriptor, for: .read) { events in
                watch?.cancel()
                watch?.cancel()
                call.complete(["readable": .bool(events.contains(.read)), "hangup": .bool(events.contains(.hangup))])
            }
        } else if let after = input.after {
            let cancelled = try loop.timer(after: .zero) { call.complete("never") }
            cancelled.cancel()
            cancelled.cancel()
            _ = try loop.timer(after: .milliseconds(after)) { call.complete("timer") }
        }
    }

    func cancel(_ call: Call<JSON>, reason: StopReason) {
        calls[call.token]?.fail(.stopped(reason, effect: .none))
    }
}

struct Talk: BlockingExecutor {
    static let type = "sample.talk"
    static let summary = "Uses every service."
    static let inputSchema = Schema.any
    static let outputSchema = Schema.any

    init(config: JSON, plugin: Sample) {}

    func run(_ input: JSON, context: Context) throws -> JSON {
        context.log(.warning, "a \"line\"", fields: ["stream": "stdout"])
        context.progress(0.5, "half")
        context.progress(nil)
        context.progress(7)
        let kept = context.keep(checkpoint: [1, 2])
        let tooLarge = context.keep(checkpoint: Array(repeating: 0, count: (1 << 20) + 1))
        var took: [JSON] = []
        for piece in ["a", "b"] { took.append(.bool(context.stream(piece))) }
        took.append(.bool(context.waitForStream(until: .now)))
        context.usage("tokens", of: "model", 12)
        let secret = try? context.secret("KEY")
        let denied = (try? context.secret("OTHER")) == nil
        return [
            "kept": .bool(kept), "too_large": .bool(tooLarge), "took": .array(took), "denied": .bool(denied),
            "secret": .integer(Int64(secret?.count ?? 0)), "loop": .bool(context.loop != nil),
        ]
    }
}

/// Runs as a task.
struct Errand: AsyncExecutor {
    struct Input: Decodable {
        var sleep: Int?
        var hold: Int64?
        var say: [String]?
        var fail: String?
    }

    static let type = "sample.errand"
    static let summary = "Waits, holds, says and fails."
    static let inputSchema = Schema.any
    static let outputSchema = Schema.any

    init(config: JSON, plugin: Sample) {}

    func run(_ input: Input, context: Context) async throws -> JSON {
        switch input.fail {
        case "odd": throw Greet.Odd()
        case "cancelled": throw CancellationError()
        case "failure": throw Failure(.overloaded, code: "sample.busy", "later", effect: .none)
        case "patient":
            // What is written without a thought of Batten: cancellation arrives as Swift has it.
            while true {
                try Task.checkCancellation()
                await Task.yield()
            }
        default: break
        }
        if let amount = input.hold {
            let lease = try await context.hold("requests", of: "api", amount)
            lease.settle(amount / 2)
            lease.settle(amount)
        }
        for piece in input.say ?? [] { try await context.send(piece) }
        if let milliseconds = input.sleep { try await context.sleep(for: .milliseconds(milliseconds)) }
        return ["stage": .string(context.stageID), "cancelled": .bool(Task.isCancelled)]
    }
}

/// Has a blob as its output.
struct Write: BlockingExecutor {
    struct Input: Codable {
        var lines: Int?
        var fail: String?
    }

    static let type = "sample.write"
    static let summary = "Writes a list piece by piece."
    static let inputSchema = Schema.any
    static let outputSchema = Schema.any

    init(config: JSON, plugin: Sample) {}

    func run(_ input: Input, context: Context) throws -> Blob {
        try Self.write(input, context)
    }

    static func write(_ input: Input, _ context: Context) throws -> Blob {
        let writer = try context.makeBlob(sizeHint: 100)
        try writer.write("[")
        for line in 0..<(input.lines ?? 0) { try writer.write(line == 0 ? "0" : ",\(line)") }
        try writer.write(Array("]".utf8))
        if input.fail == "unfinished" { throw Failure(.failed, code: "sample.unfinished", "it was not finished") }
        let blob = try writer.finish()
        if input.fail == "inside" { _ = try JSON(encoding: ["blob": blob]) }
        return blob
    }
}

/// The same as a task.
struct WriteLater: AsyncExecutor {
    static let type = "sample.write_later"
    static let summary = "Writes a list piece by piece."
    static let inputSchema = Schema.any
    static let outputSchema = Schema.any

    init(config: JSON, plugin: Sample) {}

    func run(_ input: Write.Input, context: Context) async throws -> Blob {
        await Task.yield()
        return try Write.write(input, context)
    }
}
