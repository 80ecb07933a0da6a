// Feeds text to the expression and template readers, evaluates what they accept, and checks ranges and bounds.

private let scope = ExpressionBindings(
    [
        .parameters: [
            "a": 1, "b": "text é", "c": [1, 2.5, nil], "d": ["x": ["y": true]], "e-f": [["k": 1], ["k": 2]],
        ],
        .stages: ["s": ["outputs": ["n": -3], "status": "completed", "error": nil]], .env: ["HOME": "/root"],
        .item: "i", .index: 0,
    ],
    statuses: [.success: true, .failure: false, .cancelled: false, .always: true],
    now: Timestamp(nanoseconds: 1_769_839_200_250_000_000))

/// One input of libFuzzer.
@c(LLVMFuzzerTestOneInput)
public func fuzzExpression(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let text = String(validating: UnsafeBufferPointer(start: data, count: count), as: UTF8.self) else { return 0 }
    let whole = 0..<text.utf8.count
    do throws(ExpressionError) {
        let expression = try Expression.parse(text)
        check(expression, whole)
        check(try expression.evaluate(in: scope))
    } catch {
        check(error, whole)
    }
    do throws(ExpressionError) {
        let template = try Template.parse(text)
        for expression in template.expressions { check(expression, whole) }
        check(try template.render(in: scope))
    } catch {
        check(error, whole)
    }
    do throws(ExpressionError) { check(try Expression.parse(condition: text), whole) } catch { check(error, whole) }
    return 0
}

private func check(_ expression: Expression, _ whole: Range<Int>) {
    for problem in expression.problems { check(problem, whole) }
    for function in expression.functions { precondition(contains(whole, function.range)) }
    for reference in expression.references {
        precondition(reference.path.count == reference.partRanges.count)
        precondition(reference.path.count == reference.nullSafeParts.count)
        precondition(contains(whole, reference.range))
        for range in reference.partRanges { precondition(contains(whole, range)) }
    }
}

private func check(_ error: ExpressionError, _ whole: Range<Int>) {
    precondition(contains(whole, error.range), "the range is outside of the text: \(error)")
    precondition(!error.message.isEmpty)
}

private func check(_ value: JSONValue) {
    let text = JSONWriter.bytes(value)
    precondition(text.count <= 7 * (16 << 20), "the result is too large")
    guard let again = try? JSONReader.parse(text) else { preconditionFailure("the result cannot be written and read") }
    precondition(again == value, "the result is something else when read back")
}

private func contains(_ whole: Range<Int>, _ part: Range<Int>) -> Bool {
    whole.lowerBound <= part.lowerBound && part.upperBound <= whole.upperBound
}
