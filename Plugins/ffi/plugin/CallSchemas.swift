internal import BattenPlugin

/// The schemas of `ffi.call`.
enum CallSchemas {
    private static let library = Schema.string(
        "Shared library: a name that the dynamic linker finds, or a path; relative ones start from the run's working folder.",
        minLength: 1, examples: ["libz.so.1", "libm.so.6", "./libscore.so"])

    private static let call: [Schema.Property] = [
        .optional("library", library),
        .optional(
            "function",
            .string(
                "Name of the function; may be left out where the signature has it.", minLength: 1, examples: ["crc32"]
            )
            .code("c")),
        .optional(
            "signature",
            .string(
                "Result and parameters of the function, in C's words or shorter ones.", minLength: 1,
                examples: ["uint64 (uint64, bytes, length uint32)", "double cbrt(double x)"]
            ).code("c")),
        .optional(
            "arguments",
            .list(
                of: .anything(), "A value for each parameter that is not out or length.", examples: [[0, "hello"]],
                default: [])),
        .optional(
            "fails_on",
            .choice(
                "Which result means that the call failed; without it every result is a success.",
                of: ["zero", "nonzero", "negative", "null"])),
    ]

    static let input = Schema.object(
        call + [
            .optional(
                "types",
                .map(
                    of: .string(minLength: 1), "Names for types, each of which may use those before it.",
                    examples: [["point": "{double x, double y}"]], default: [:])),
            .optional(
                "calls",
                .list(
                    of: .object(
                        [
                            .optional(
                                "id",
                                .string(
                                    "Name of the call, by which arguments of later ones use its values: {use: open.db}.",
                                    minLength: 1))
                        ] + call),
                    "Several calls in order in one process, in place of function, signature and arguments.",
                    minItems: 1,
                    maxItems: Int64(Request.mostSteps))),
        ])

    private static let answer: [Schema.Property] = [
        .required("result", .anything("What the function gave back; null for void and NULL.")),
        .required("errno", .integer("errno after the call; it was 0 before.")),
        .optional("errno_name", .string("Its name, if it is not 0.", examples: ["ENOENT"])),
        .required("outputs", .object([], "What the function wrote, by the names of its parameters.", open: true)),
    ]

    static let output = Schema.object(
        answer + [
            .optional(
                "calls",
                .list(
                    of: .object(
                        [.optional("id", .string("The call's name.")), .required("function", .string("The function."))]
                            + answer),
                    "With `calls`: what each of them gave, in order; the members beside it are those of the last."))
        ])
}
