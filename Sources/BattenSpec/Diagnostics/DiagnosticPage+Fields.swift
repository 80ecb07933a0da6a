// Problems of fields and their values.
extension DiagnosticPage {
    static let fields: [DiagnosticPage] = [
        DiagnosticPage(
            .unknownField, "an unknown field",
            """
            The mapping has no field of this name, so that what it says would be ignored. It is probably
            misspelt, or stands one level too deep or too high. 'batten schema' prints all fields for editors.
            """,
            example: """
                name: example
                stages:
                  - id: a
                    uses: shell.run
                    wiht: {argv: ["true"]}

                """),
        DiagnosticPage(
            .missingField, "a required field is missing",
            """
            The mapping shown cannot do without this field.
            """,
            example: """
                name: example
                stages:
                  - id: a

                """),
        DiagnosticPage(
            .wrongType, "a value has the wrong type",
            """
            The field takes another type of value. YAML reads words and numbers without quotes as values of
            their own: quote them to mean text. A field that is read before the run starts cannot hold an
            expression.
            """,
            example: """
                name: example
                description: 42
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .unknownChoice, "a word that the field does not know",
            """
            The field takes one of a few words, listed under the place.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}, on_failure: contineu}

                """),
        DiagnosticPage(
            .badName, "a name with characters that cannot stand in it",
            """
            Names are read in expressions, on command lines and in file names, and are kept simple for it.
            Workflows are named with lower-case letters, digits, '_' and '-'; stages, parameters, inputs and
            outputs with letters, digits, '_' and '-', not beginning with a digit; variables and secrets without
            '-'.
            """,
            example: """
                name: My Workflow
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .badDuration, "a text that is not a duration",
            """
            Durations are written with units, largest first: 500ms, 30s, 10m, 1h30m, 1d; or as ISO 8601:
            PT1H30M. A number alone has no unit.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}, timeout: 30}

                """),
        DiagnosticPage(
            .outOfRange, "a value outside its range",
            """
            The number is smaller or larger than the field allows, or a text or list is empty that must not be.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}, retry: {max_attempts: 0}}

                """),
        DiagnosticPage(
            .duplicateName, "a name is used twice",
            """
            Each stage has an id of its own in the whole workflow, those of 'finally' and hooks included, and
            lists of names hold each name once.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .conflictingFields, "two fields exclude each other",
            """
            Both fields say how the same thing is done, and only one of them can hold: 'for_each' or 'matrix',
            'uses' or 'agent' with 'prompt', 'cron', 'every' or 'at'. Keep one.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}, for_each: [1, 2], matrix: {os: [x]}}

                """),
        DiagnosticPage(
            .missingPartner, "a field means nothing alone",
            """
            The field says more about another one that is not there: 'max_parallel' and 'fail_fast' of a stage
            belong to its 'for_each' or 'matrix'.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}, fail_fast: false}

                """),
    ]
}
