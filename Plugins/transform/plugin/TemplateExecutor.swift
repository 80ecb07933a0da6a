import BattenPlugin

/// Writes a text from a template and values.
final class TemplateExecutor: BlockingExecutor {
    typealias Owner = TransformPlugin
    typealias Output = JSON

    struct Input: Decodable {
        var template: String
        var data: JSON?
        var partials: [String: String]?
        var escape: TemplateRenderer.Escape?
        var missing: String?
    }

    static let type = "transform.template"
    static let title = "Write a text from a template"
    static let summary = """
        Renders a Mustache template: {{name}}, {{{as it is}}}, {{#list}}…{{/list}}, {{^none}}…{{/none}}, {{>partial}}, \
        {{! comments}}, other delimiters; no lambdas.
        """
    static let inputSchema = Schema.object(
        [
            .required(
                "template",
                .string(
                    "The template, in Mustache.",
                    examples: ["{{#items}}\n- {{name}}: {{price}}\n{{/items}}\n{{^items}}nothing{{/items}}"]
                ).code("mustache").titled("Template")),
            .optional("data", .anything("The values it finds.", examples: [["items": []]]).titled("Values")),
            .optional(
                "partials",
                .map(of: Schema.string().code("mustache"), "Further templates by the name that {{>name}} says.")
                    .titled("Partials")),
            .optional(
                "escape",
                .choice(
                    "How {{name}} writes what means something else in the text: html as Mustache does, json inside "
                        + "of a JSON string, or none.", of: TemplateRenderer.Escape.allCases.map(\.rawValue),
                    default: "html"
                ).titled("Escape")),
            .optional(
                "missing",
                .choice(
                    "What {{name}} gives if there is no such value: a failure, or nothing as Mustache does.",
                    of: ["fail", "empty"], default: "fail"
                ).titled("Missing values")),
        ],
        examples: [["template": "Dear {{name}},", "data": ["name": "Ada"], "escape": "none"]])
    static let outputSchema = Schema.object([.required("text", .string("The text.").titled("Text"))])
    static let traits: ExecutorTraits = [.idempotent, .pure, .cancellable]

    init(config: JSON, plugin: TransformPlugin) throws {}

    func run(_ input: Input, context: Context) throws -> JSON {
        var renderer = TemplateRenderer(
            partials: input.partials ?? [:], escape: input.escape ?? .html, failsOnMissing: input.missing != "empty",
            context: context)
        return ["text": .string(try renderer.text(of: input.template, input.data ?? .null))]
    }
}
