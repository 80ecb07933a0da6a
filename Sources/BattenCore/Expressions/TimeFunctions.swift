// The functions on instants and durations.
extension ExpressionEvaluator {
    mutating func time(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        if arguments.function == .duration { return try duration(arguments) }
        let instant = try instant(arguments)
        guard arguments.count > 1, !arguments[1].isNull else { return .string(instant.rfc3339) }
        let pattern = try pattern(arguments, 1)
        try checkLength(32 * pattern.parts.count, arguments.range)
        return .string(pattern.text(of: instant))
    }

    /// Seconds, as an integer when they are whole.
    private func duration(_ arguments: Arguments) throws(ExpressionError) -> JSONValue {
        let text = try arguments.string(0)
        do throws(DurationText.Failure) {
            let nanoseconds = try DurationText.parse(text).saturatedNanoseconds
            let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
            return rest == 0 ? .int(seconds) : .double(Double(nanoseconds) / 1e9)
        } catch {
            throw arguments.fault(error.description, at: 0)
        }
    }

    private func instant(_ arguments: Arguments) throws(ExpressionError) -> Timestamp {
        let instant: Timestamp?
        switch arguments[0] {
        case .int(let seconds): instant = Timestamp(seconds: seconds)
        case .double(let seconds):
            let nanoseconds = (seconds * 1e9).rounded()
            instant = abs(nanoseconds) < 9.2e18 ? Timestamp(nanoseconds: Int64(nanoseconds)) : nil
        case .string(let text) where arguments.count > 2: instant = try pattern(arguments, 2).instant(of: text)
        case .string(let text): instant = Timestamp(rfc3339: text)
        default: throw arguments.mismatch("a text or seconds since 1970", at: 0)
        }
        guard let instant else {
            throw arguments.fault(
                arguments[0].stringValue == nil
                    ? "the instant is not between the years 1677 and 2262"
                    : arguments.count > 2
                        ? "the text does not follow the pattern, or names no instant between 1677 and 2262"
                        : "the text is no instant between the years 1677 and 2262",
                at: 0, help: arguments.count > 2 ? nil : "write it like 2026-01-31T06:00:00Z or 2026-01-31")
        }
        return instant
    }

    private func pattern(_ arguments: Arguments, _ index: Int) throws(ExpressionError) -> DatePattern {
        let text = try arguments.string(index)
        do throws(DatePattern.Failure) {
            return try DatePattern(text)
        } catch {
            throw arguments.fault(
                error.description, at: index, help: "for example '%Y-%m-%d %H:%M:%S'; a percent sign is written %%")
        }
    }
}
