import BattenPlugin
import BattenTransfer

/// Says whether a response counts as success.
enum ResponseVerdict {
    /// The failure that a response is; nil if it is fine.
    static func problem(
        _ response: TransferResponse, output: JSONObject, method: String, expect: Expectation?, context: Context
    ) -> Failure? {
        guard expect?.accepts(response.head.status) ?? (response.head.status < 400) else {
            return unexpected(response, output, method)
        }
        guard let schema = expect?.schema else { return nil }
        let effect: Failure.Effect = HTTPMethod.isSafe(method) ? .none : .made
        do throws(Failure) {
            let problems = try context.check(output["json"] ?? .null, against: schema, field: "expect.schema")
            guard !problems.isEmpty else { return nil }
            let shown = problems.prefix(3).map { problem in
                "the body\(problem.path.isEmpty ? "" : ".\(problem.path)"): \(problem.message)"
            }
            return Failure(
                .failed, code: "http.body",
                "\(method) \(Redaction.url(response.head.url)) answered something else than expect.schema says: "
                    + shown.joined(separator: "; "), effect: effect, output: .object(output))
        } catch {
            var failure = error
            failure.effect = effect
            return failure
        }
    }

    private static func unexpected(_ response: TransferResponse, _ output: JSONObject, _ method: String) -> Failure {
        let status = response.head.status
        guard status >= 400 else {
            return Failure(
                .failed, code: "http.status.\(status)",
                "\(method) \(Redaction.url(response.head.url)) answered \(StatusMeaning.describe(status)), "
                    + "which expect.status does not list", effect: HTTPMethod.isSafe(method) ? .none : .made,
                details: ["status": .integer(Int64(status))], output: .object(output))
        }
        return StatusMeaning.failure(
            response.head, method: method, message: ResponseOutput.excerpt(response.body), output: .object(output))
    }
}

/// The field `idempotency_key`.
enum IdempotencyField {
    /// Adds the header `Idempotency-Key` to a request that changes something.
    static func apply(_ field: JSON?, to request: inout TransferRequest, context: Context) throws(Failure) {
        guard !HTTPMethod.isSafe(request.method), !request.headers.contains("Idempotency-Key") else { return }
        switch field {
        case nil, .bool(true)?:
            if !context.idempotencyKey.isEmpty { request.headers.add("Idempotency-Key", context.idempotencyKey) }
        case .string(let key)? where HeaderList.isValue(key) && !key.isEmpty:
            request.headers.add("Idempotency-Key", key)
        case .bool(false)?: break
        default:
            throw .badInput(field: "idempotency_key", "must be true, false, or a text without line breaks")
        }
    }
}
