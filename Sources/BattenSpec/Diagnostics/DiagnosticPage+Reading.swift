// Problems of reading a file.
extension DiagnosticPage {
    static let reading: [DiagnosticPage] = [
        DiagnosticPage(
            .yamlSyntax, "the file is not valid YAML",
            """
            YAML could not be read at the place shown. Indentation is made of spaces, what belongs together
            begins in the same column, and text that holds ': ' or ' #' or begins with one of @ ` % & * ! | >
            needs quotes. A file that ends too early was probably cut off.
            """,
            example: """
                name: example
                stages:
                  - id: a
                    uses: shell.run
                   with: {argv: ["true"]}

                """),
        DiagnosticPage(
            .jsonSyntax, "the file is not valid JSON",
            """
            JSON could not be read at the place shown. Strings stand in double quotes, there is no comma behind
            the last element, and there are no comments. A file ending in .json is always read as JSON; name it
            .yaml to write YAML.
            """,
            example: """
                {
                  "name": "example",
                  "stages": [
                    {"id": "a", "uses": "shell.run", "with": {"argv": ["true"]}},
                  ]
                }

                """, name: "example.json"),
        DiagnosticPage(
            .notUTF8, "the file is not UTF-8",
            """
            Workflow files are UTF-8 text. The byte shown cannot stand there; the file was probably saved in an
            older encoding or in UTF-16, or it is not text at all. Save it as UTF-8.
            """,
            example: ""),
        DiagnosticPage(
            .controlCharacter, "the file holds control characters",
            """
            A text file holds no NUL bytes and no other control characters than tab and line ends. The file is
            probably not the one that was meant, or it was damaged on its way. In quoted text write such a
            character as an escape.
            """,
            example: ""),
        DiagnosticPage(
            .fileTooLarge, "the file is too large",
            """
            A workflow file has at most 8 MiB. Large data belongs in files of their own that stages read, and
            many stages of one kind in one stage with 'for_each'.
            """,
            example: ""),
        DiagnosticPage(
            .tooDeep, "values are nested too deeply",
            """
            Lists and mappings stand in one another at most 100 levels deep, aliases expanded. Deeper data
            belongs in a file of its own that a stage reads.
            """,
            example: ""),
        DiagnosticPage(
            .aliasExpansion, "aliases stand for too many values",
            """
            A YAML alias (*name) is replaced by what its anchor (&name) names. All aliases of a file together
            may stand for at most 100,000 values; more is nearly always an attempt to exhaust memory. Write less
            through aliases.
            """,
            example: ""),
        DiagnosticPage(
            .unknownAlias, "an alias without an anchor",
            """
            An alias (*name) stands for what an anchor (&name) earlier in the file names. There is none of this
            name before it, or the alias stands inside the very value it names. Text that begins with '*' needs
            quotes.
            """,
            example: """
                name: example
                stages:
                  - id: a
                    uses: shell.run
                    with: *shared

                """),
        DiagnosticPage(
            .duplicateKey, "a key is written twice",
            """
            In one mapping each key stands once. YAML readers differ in which of two they take, so that neither
            can be trusted. Keep one of them.
            """,
            example: """
                name: example
                stages:
                  - id: a
                    uses: shell.run
                    uses: http.request
                    with: {argv: ["true"]}

                """),
        DiagnosticPage(
            .mergeKey, "merge keys are not supported",
            """
            The merge key '<<' is not part of YAML 1.2. Write the fields out, or put what stages share under
            'defaults'. A key that is really named '<<' stands in quotes.
            """,
            example: """
                name: example
                defaults: &shared {timeout: 1m}
                stages:
                  - <<: *shared
                    id: a
                    uses: shell.run
                    with: {argv: ["true"]}

                """),
        DiagnosticPage(
            .unsupportedTag, "an unknown YAML tag",
            """
            Only the tags of YAML's core schema are known: !!str, !!int, !!float, !!bool, !!null, !!map and
            !!seq. Other tags ask a program to build objects of its own, which a workflow never needs.
            """,
            example: """
                name: example
                stages:
                  - id: a
                    uses: shell.run
                    with: !include other.yaml

                """),
        DiagnosticPage(
            .severalDocuments, "several documents in one file",
            """
            A file holds one workflow. A line '---' in the middle begins a second YAML document, which nobody
            would read. Put it into a file of its own.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}
                ---
                name: second

                """),
        DiagnosticPage(
            .emptyFile, "the file is empty",
            """
            There is no value in the file: it is empty or holds nothing but comments.
            """,
            example: """
                # nothing but a comment

                """),
        DiagnosticPage(
            .unquotedExpression, "an expression needs quotes",
            """
            Without quotes YAML reads ': ' as the end of a key, ' #' as the start of a comment, and in flow
            style braces and commas as its own. It then cuts an expression to pieces before Batten sees it. Put
            the whole value into quotes, as in "${{ … }}".
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, if: ${{ true }}, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .keyNotText, "a key is not text",
            """
            Keys of mappings are text. YAML allows lists and mappings as keys; the language does not. A brace at
            the beginning of a key is usually text that needs quotes.
            """,
            example: """
                name: example
                ? [a, b]
                : 1
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .numberNotFinite, "a number has no finite value",
            """
            '.inf', '-.inf' and '.nan' and numbers beyond the range of a double cannot be held by JSON, which
            all values of a workflow are. Write a finite number, or quote the text.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}, retry: {factor: .inf}}

                """),
        DiagnosticPage(
            .tooManyStages, "too many stages",
            """
            A workflow has at most 50,000 stages. Use 'for_each' for many stages of one kind, or split the work
            into child workflows.
            """,
            example: ""),
        DiagnosticPage(
            .tooManyProblems, "too many problems to show",
            """
            After 1,000 problems no more are shown. They usually have a common cause near the first of them:
            mend that, and look again.
            """,
            example: ""),
        DiagnosticPage(
            .badLine, "a line of a session is not one that the REPL reads",
            """
            A line of 'batten repl' is a command (':help'), a call of an executor (name = plugin.executor
            key=value …), a named value (name = expression) or an expression whose value is shown. A value
            behind 'key=' ends at a space: an expression stands in round brackets, text in quotes. What is open
            at the end of a line (brackets, quotes, a backslash) goes on in the next one, up to the end of the
            input.
            """,
            example: ""),
    ]
}
