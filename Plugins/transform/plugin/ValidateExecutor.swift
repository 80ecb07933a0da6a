import BattenPlugin

/// Holds a value against a JSON Schema.
final class ValidateExecutor: BlockingExecutor {
    typealias Owner = TransformPlugin
    typealias Output = JSON

    struct Input: Decodable {
        var value: JSON
        var schema: JSON
        var onInvalid: String?

        private enum Key: String, CodingKey {
            case value, schema
            case onInvalid = "on_invalid"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            value = try fields.decode(JSON.self, forKey: .value)
            schema = try fields.decode(JSON.self, forKey: .schema)
            onInvalid = try fields.decodeIfPresent(String.self, forKey: .onInvalid)
        }
    }

    static let type = "transform.validate"
    static let title = "Validate against JSON Schema"
    static let summary = """
        Holds a value against a JSON Schema (2020-12) and gives it back if it fits; otherwise fails with all that does \
        not fit, or reports it.
        """
    static let inputSchema = Schema.object(
        [
            .required("value", .anything("What is checked: any value.").titled("Value")),
            .required(
                "schema",
                .anything(
                    "The schema: an object or a boolean. $ref leads inside it; format is not checked.",
                    examples: [["type": "object", "required": ["id"]]]
                ).titled("Schema")),
            .optional(
                "on_invalid",
                .choice(
                    "What a value gives that does not fit: a failure, or outputs with valid: false.",
                    of: ["fail", "report"], default: "fail"
                ).titled("If it does not fit")),
        ], examples: [["value": ["id": 7], "schema": ["type": "object", "required": ["id"]]]])
    static let outputSchema = Schema.object([
        .required("valid", .boolean("Whether the value fits.").titled("Valid")),
        .required("value", .anything("The value.").titled("Value")),
        .required(
            "problems",
            .list(
                of: .object([
                    .required("path", .string("Where, such as items[2].name; empty for the value itself.")),
                    .required("keyword", .string("The keyword that is not satisfied.")),
                    .required("message", .string("What is wrong.")),
                ]), "What does not fit, at most 1,000."
            ).titled("Problems")),
    ])
    static let traits: ExecutorTraits = [.idempotent, .pure, .cancellable]

    private static let mostProblems = 1000

    init(config: JSON, plugin: TransformPlugin) throws {}

    func run(_ input: Input, context: Context) throws -> JSON {
        let problems = try context.check(input.value, against: input.schema, field: "schema")
        let output: JSON = [
            "valid": .bool(problems.isEmpty), "value": input.value,
            "problems": .array(
                problems.prefix(Self.mostProblems).map { problem in
                    [
                        "path": .string(problem.path), "keyword": .string(problem.keyword),
                        "message": .string(problem.message),
                    ]
                }),
        ]
        guard !problems.isEmpty, input.onInvalid != "report" else { return output }
        let shown = problems.prefix(5).map(\.text).joined(separator: "; ")
        let rest = problems.count > 5 ? "; and \(problems.count - 5) more" : ""
        throw Failure(
            .failed, code: "transform.invalid", "the value does not fit the schema: \(shown)\(rest)", effect: .none,
            output: output)
    }
}
