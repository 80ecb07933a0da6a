// Problems of what stages and expressions refer to.
extension DiagnosticPage {
    static let references: [DiagnosticPage] = [
        DiagnosticPage(
            .unknownNamespace, "an unknown name in an expression",
            """
            An expression begins with a namespace (parameters, inputs, stages, env, secrets, run, workflow,
            context, item, index, matrix, result), a function or a literal. Text stands in quotes: 'like this'.
            """,
            example: """
                name: example
                stages:
                  - {id: a, if: "${{ paramters.x == 1 }}", uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .unknownStage, "a reference to a stage that does not exist",
            """
            No stage has the id that the expression names.
            """,
            example: """
                name: example
                stages:
                  - {id: fetch, uses: http.request, with: {url: "http://127.0.0.1/"}}
                  - {id: b, depends_on: [fetch], uses: shell.run, with: {argv: [echo, "${{ stages.fetsh.outputs.status }}"]}}

                """),
        DiagnosticPage(
            .notUpstream, "a stage reads another that need not have run",
            """
            A stage can read only stages that are decided before it starts: those it depends on, directly or
            through others. Add the stage to 'depends_on'. Stages of 'finally' read all main stages; main stages
            never read those of 'finally'.
            """,
            example: """
                name: example
                stages:
                  - {id: fetch, uses: http.request, with: {url: "http://127.0.0.1/"}}
                  - {id: b, uses: shell.run, with: {argv: [echo, "${{ stages.fetch.outputs.body }}"]}}

                """),
        DiagnosticPage(
            .unknownOutput, "a stage reads an output that is not declared",
            """
            A stage's outputs are those it declares under 'outputs' or, without that, those of its executor. The
            name read is none of them.
            """,
            example: """
                name: example
                stages:
                  - id: fetch
                    uses: http.request
                    with: {url: "http://127.0.0.1/"}
                    outputs: {temp: {type: number, value: "${{ result.json.temp }}"}}
                  - id: write
                    depends_on: [fetch]
                    if: ${{ stages.fetch.outputs.tmp < 0 }}
                    uses: shell.run
                    with: {argv: ["true"]}

                """),
        DiagnosticPage(
            .unknownParameter, "a parameter that is not declared",
            """
            Parameters are declared under 'parameters' of the workflow, each with its type.
            """,
            example: """
                name: example
                parameters: {city: {type: string}}
                stages:
                  - {id: a, uses: shell.run, with: {argv: [echo, "${{ parameters.town }}"]}}

                """),
        DiagnosticPage(
            .unknownFunction, "an unknown function",
            """
            There is no function of this name. The language document lists them all.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: [echo, "${{ uper('x') }}"]}}

                """),
        DiagnosticPage(
            .wrongArguments, "a function is called with wrong arguments",
            """
            The function takes another number of arguments, or an argument that is written out cannot do: the
            message shows how it is called.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: [echo, "${{ upper('x', 'y') }}"]}}

                """),
        DiagnosticPage(
            .typeMismatch, "types that do not fit",
            """
            The types on both sides are declared, and a value of the one can never be what the other asks for.
            Convert it with int(), float(), string() or bool(), or mend the declaration.
            """,
            example: """
                name: example
                parameters: {city: {type: string}}
                stages:
                  - {id: a, if: "${{ parameters.city > 3 }}", uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .unknownMember, "a name that a namespace does not have",
            """
            What is read does not exist there: a variable that 'env' does not declare before it is read, an
            input the stage does not have, a field that 'run', 'workflow' or a stage does not offer.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: [echo, "${{ env.HOOK }}"]}}

                """),
        DiagnosticPage(
            .undeclaredSecret, "a secret that is not declared",
            """
            A workflow lists the names of the secrets it reads under 'secrets', so that people see what it needs
            before they run it. The values never stand in the file.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, env: {KEY: "${{ secrets.API_KEY }}"}, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .misplacedSecret, "a secret where it would be stored",
            """
            Secrets go to executors alone: they can be read in 'with' and 'env'. Conditions, contracts, names
            and 'set' stages are stored and shown, so that a secret read there would leak.
            """,
            example: """
                name: example
                secrets: [KEY]
                stages:
                  - {id: a, if: "${{ secrets.KEY == 'x' }}", uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .expressionSyntax, "an expression cannot be read",
            """
            The text between '${{' and '}}' is not an expression. The caret stands where reading stopped. '$${{'
            stands for the text '${{'.
            """,
            example: """
                name: example
                stages:
                  - {id: a, if: "${{ 1 + }}", uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .unknownDependency, "a dependency that does not exist",
            """
            'depends_on' names stages of the same part of the workflow: main stages wait for main stages, stages
            of 'finally' for stages of 'finally'.
            """,
            example: """
                name: example
                stages:
                  - {id: build, uses: shell.run, with: {argv: ["true"]}}
                  - {id: test, depends_on: [biuld], uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .cycle, "stages wait for one another in a circle",
            """
            Each stage of the circle waits for the next, so that none can ever start. The message names the
            whole way around. Remove one of the dependencies.
            """,
            example: """
                name: example
                stages:
                  - {id: a, depends_on: [b], uses: shell.run, with: {argv: ["true"]}}
                  - {id: b, depends_on: [a], uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .unreachableStage, "a stage that can never run",
            """
            Its condition is false whatever the run brings, or it needs the success of a stage that never runs.
            A stage that is not to run is left out or commented out; an optional one has a condition on a
            parameter.
            """,
            example: """
                name: example
                stages:
                  - {id: a, if: "${{ 1 > 2 }}", uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .codeInjection, "an expression inside code",
            """
            The field holds code. A value put into it would be run as code: a file name such as '; rm -rf ~' is
            enough. Pass the value through 'env' and write "$NAME" in the script, or wrap it as ${{
            shellquote(…) }}.
            """,
            example: """
                name: example
                parameters: {city: {type: string}}
                stages:
                  - id: a
                    uses: shell.script
                    with:
                      script: echo ${{ parameters.city }}

                """),
        DiagnosticPage(
            .unknownExecutor, "an executor that does not exist",
            """
            'uses' names an executor as <plugin>.<executor>, or one of the engine's own kinds: gate, sleep,
            signal, workflow, set. 'batten plugin list' shows what there is.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: http.requst, with: {url: "http://127.0.0.1/"}}

                """),
        DiagnosticPage(
            .refusedPlugin, "a plugin that cannot be used",
            """
            The plugin was found and refused before any of its code ran for the workflow: it was built for
            another machine or another version of the interface, or its description is not sound. The message
            says which.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: broken.thing}

                """),
        DiagnosticPage(
            .badInput, "'with' does not fit the executor",
            """
            Each executor says by a JSON Schema what it takes. The message names the field and what would be
            right; 'batten plugin info' shows the whole. Values that are expressions are checked as far as their
            type is known.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: http.request, with: {url: "http://127.0.0.1/", method: 7}}

                """),
        DiagnosticPage(
            .unknownAgent, "an agent that is not described",
            """
            Agents are described under 'agents' of the workflow: a model, a system text, settings. A stage names
            one of them.
            """,
            example: """
                name: example
                stages:
                  - {id: a, agent: editor, prompt: Say hello}

                """),
        DiagnosticPage(
            .badParameter, "a parameter that contradicts itself",
            """
            The constraints of a parameter are keywords of JSON Schema, and its default must fit them.
            """,
            example: """
                name: example
                parameters: {days: {type: integer, maximum: 7, default: 9}}
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .badPlaceholder, "a placeholder that means nothing",
            """
            In files of the 'steps:' shape {{key.result}} stands for the answer of a step and {{name}} for a
            parameter. Nothing else can stand between the braces.
            """,
            example: """
                name: example
                agents: {writer: {model: openai/gpt-4o-mini}}
                steps:
                  - {key: one, agent: writer, prompt: "{{a b}}"}

                """),
        DiagnosticPage(
            .noDefaultModel, "no model for an agent",
            """
            The steps name an agent that the file does not describe. It would use the model of the setting
            llm.default_model with its own name as role, and that setting is empty.
            """,
            example: """
                name: example
                steps:
                  - {key: one, agent: writer, prompt: Write a line}

                """),
        DiagnosticPage(
            .badSchedule, "a schedule that cannot be read",
            """
            'cron' has five fields (minute, hour, day of month, month, day of week), six with seconds first, or
            is a name such as @daily. Times are written as 2026-03-01T06:00:00Z.
            """,
            example: """
                name: example
                schedule: [{cron: every day}]
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .computedName, "a name that is computed",
            """
            Stages and secrets are read by names that stand in the file, so that it can be checked before the
            run what each stage needs. Write the name itself.
            """,
            example: """
                name: example
                parameters: {which: {type: string}}
                stages:
                  - {id: fetch, uses: http.request, with: {url: "http://127.0.0.1/"}}
                  - {id: b, depends_on: [fetch], uses: shell.run, with: {argv: [echo, "${{ stages[parameters.which].outputs.status }}"]}}

                """),
        DiagnosticPage(
            .misplacedNamespace, "a namespace that is not known here",
            """
            Some names are defined only in some places: 'result' in a stage's own 'outputs', 'item' and 'index'
            in stages with 'for_each', 'matrix' in stages with 'matrix', 'inputs' in a stage that has them.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: [echo, "${{ result.x }}"]}}

                """),
        DiagnosticPage(
            .badCondition, "a condition that is not true or false",
            """
            'if' holds one expression that gives a boolean. Texts and numbers are not conditions; compare them
            with something.
            """,
            example: """
                name: example
                parameters: {city: {type: string}}
                stages:
                  - {id: a, if: "${{ parameters.city }}", uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .wrongIsolation, "isolation that the executor cannot have",
            """
            A stage may ask for more isolation than its plugin has, never for less: 'in_process' is refused where
            the plugin runs in worker processes, and 'process' where an executor cannot run in one. Where a plugin
            runs is a setting of its own, plugins.<id>.isolation.
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: transform.jq, isolation: in_process, with: {input: 1, filter: "."}}

                """),
        DiagnosticPage(
            .badChild, "a child workflow that cannot be run",
            """
            A 'workflow' stage names another workflow by 'path', relative to the file's own folder, or by the
            'name' under which it is kept. It must exist and be valid itself, and must not lead back to a
            workflow that it is a child of; children go at most 16 deep.
            """,
            example: """
                name: example
                stages:
                  - {id: child, uses: workflow, with: {path: nowhere.yaml}}

                """),
        DiagnosticPage(
            .misplacedField, "a field that means nothing where it stands",
            """
            Undos ('compensate') are made before 'finally' runs, so a stage of 'finally' has none. Hooks follow a
            run and never change it: their stages have no 'compensate', none of them runs alone
            ('parallel: false'), and a gate in a hook, or of an undo, sends the run nowhere ('rewind_to').
            """,
            example: """
                name: example
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}
                finally:
                  - id: b
                    uses: shell.run
                    with: {argv: ["true"]}
                    compensate: {uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .unusedSecret, "a secret that is never read",
            """
            The workflow asks for a secret that no expression reads. Whoever runs it would have to provide it
            for nothing.
            """,
            example: """
                name: example
                secrets: [API_KEY]
                stages:
                  - {id: a, uses: shell.run, with: {argv: ["true"]}}

                """),
        DiagnosticPage(
            .outputMayBeMissing, "an output that may not be there",
            """
            The stage that is read may have been skipped or have failed when this is evaluated. Its outputs are
            then empty, and reading a name of them is an error. '?.' gives null instead, '??' and default()
            another value.
            """,
            example: """
                name: example
                stages:
                  - {id: fetch, uses: http.request, on_failure: continue, with: {url: "http://127.0.0.1/"}}
                  - {id: b, depends_on: [fetch], uses: shell.run, with: {argv: [echo, "${{ stages.fetch.outputs.body }}"]}}

                """),
    ]
}
