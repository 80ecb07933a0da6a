import BattenCore
import BattenSpec

/// `batten schema`.
enum SchemaCommand {
    static let description = CommandDescription(
        "schema", .authoring, "write the JSON Schema of the workflow language, for editors",
        formats: [.json, .yaml],
        examples: [
            CommandExample("batten schema > batten.schema.json", "gives an editor's YAML extension what it needs")
        ],
        body: { context, invocation throws(CommandFailure) in
            context.console.data(LanguageSchema.schema, invocation.format)
            return .done
        })
}
