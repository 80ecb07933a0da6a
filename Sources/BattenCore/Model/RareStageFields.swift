/// The fields that few stages have, kept aside so that a stage without them is small to store and to copy.
struct RareStageFields: Sendable, Hashable {
    /// The fields themselves; nil is not written.
    struct Fields: Sendable, Hashable {
        var name: String?
        var description: String?
        var deadline: Duration?
        var child: WorkflowDefinition?
        var fallback: StageBody?
        var compensate: StageBody?
        var forEach: JSONValue?
        var matrix: JSONObject?
        var maxParallel: Int?
        var failFast: Bool?
        var cache: JSONObject?
        var isolation: Isolation?
        var priority: Int?
        var budget: BudgetDefinition?
        var context: JSONValue?
        var handoff: JSONObject?
        var onLost: OnLost?
        var workingDirectory: String?
        var parallel: Bool?
        var ui: JSONValue?
    }

    /// Fields that several copies of a stage share; never changed.
    private final class Shared: Sendable {
        let fields: Fields

        init(_ fields: Fields) { self.fields = fields }
    }

    private var shared: Shared?

    /// One of the fields.
    subscript<Value>(field: WritableKeyPath<Fields, Value?>) -> Value? {
        get { shared?.fields[keyPath: field] }
        set {
            if shared == nil, newValue == nil { return }
            var fields = shared?.fields ?? Fields()
            fields[keyPath: field] = newValue
            shared = Shared(fields)
        }
    }

    static func == (left: RareStageFields, right: RareStageFields) -> Bool {
        if left.shared === right.shared { return true }
        return left.shared?.fields ?? Fields() == right.shared?.fields ?? Fields()
    }

    func hash(into hasher: inout Hasher) { hasher.combine(shared?.fields ?? Fields()) }
}
