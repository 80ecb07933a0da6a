import BattenCore
import BattenStore
import BattenSystem

/// Answers what other processes ask a serving engine on its socket `engines/<id>.ask`: one JSON object a line each way.
final class Questions: Sendable {
    /// Answers a question; throws what cannot be done.
    typealias Answer = @Sendable (JSONObject) throws(CommandFailure) -> JSONValue

    /// How long one that asks may take.
    private static let patience = Duration.seconds(2)

    private let socket: ServiceSocket
    private let answer: Answer
    private let thread = PartThread()

    /// Makes the socket.
    init(engine: String, folder: StateFolder, answer: @escaping Answer) throws(SystemError) {
        socket = try ServiceSocket("\(engine).ask", in: folder.engines)
        self.answer = answer
    }

    /// Begins to answer.
    func start() throws(SystemError) {
        try thread.start(name: "questions", stackSize: 2 << 20) { [self] in
            while socket.serveOne(within: Self.patience, reply) {}
        }
    }

    /// Answers no more; the question at hand is finished.
    func stop() {
        socket.stop()
        thread.join()
    }

    private func reply(_ line: [UInt8]) -> [UInt8] {
        let result: JSONValue
        do throws(CommandFailure) {
            guard let question = (try? JSONReader.parse(line))?.objectValue else {
                throw .usage("bad_question", "a question is a JSON object in one line", help: #"ask {"ask":"health"}"#)
            }
            result = try answer(question)
        } catch {
            result = error.json
        }
        return Array(JSONWriter.string(result).utf8) + [UInt8(ascii: "\n")]
    }
}
