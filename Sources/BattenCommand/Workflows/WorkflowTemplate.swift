/// A workflow to start from.
struct WorkflowTemplate: Sendable {
    let name: String
    /// What it shows.
    let summary: String
    /// Options that its first run needs, with a space before them.
    let hint: String
    /// The file.
    let text: String

    /// All templates, the simplest first.
    static let all = [hello, build, agent, digest]

    private static let hello = WorkflowTemplate(
        name: "hello", summary: "one parameter, two stages, one output", hint: " -p name=World",
        text: """
            # Greets somebody, and counts the letters of the greeting.
            name: hello
            parameters:
              name: {type: string, default: World, description: Whom to greet}
            outputs:
              greeting: ${{ stages.greet.outputs.greeting }}
              letters: ${{ stages.count.outputs.letters }}
            stages:
              - id: greet
                uses: set
                outputs:
                  greeting: {type: string, value: "Hello, ${{ parameters.name }}!"}
              - id: count
                depends_on: [greet]
                uses: shell.run
                with:
                  script: printf 'letters=%s\\n' "${#GREETING}" >> "$BATTEN_OUTPUT"
                env:
                  GREETING: ${{ stages.greet.outputs.greeting }}
                outputs:
                  letters: {type: string, value: "${{ result.letters }}"}

            """)

    private static let build = WorkflowTemplate(
        name: "build", summary: "parallel checks, a join, and a clean-up that always runs", hint: "",
        text: """
            # A build pipeline: two checks side by side, then the build, and a clean-up at the end.
            name: build
            parameters:
              target: {type: string, default: release, enum: [debug, release]}
            defaults: {timeout: 10m}
            outputs:
              log: ${{ stages.build.outputs.stdout }}
            stages:
              - id: lint
                uses: shell.run
                with: {script: echo "checking the style"}
              - id: test
                uses: shell.run
                with: {script: echo "running the tests"}
                retry: {max_attempts: 2}
              - id: build
                depends_on: [lint, test]
                uses: shell.run
                with: {script: 'echo "building for $TARGET"'}
                env: {TARGET: "${{ parameters.target }}"}
            finally:
              - id: tidy
                uses: shell.run
                with: {script: 'echo "run $RUN is over"'}
                env: {RUN: "${{ run.id }}"}

            """)

    private static let agent = WorkflowTemplate(
        name: "agent", summary: "a language model that drafts and one that edits", hint: " -p topic='tide tables'",
        text: """
            # Two roles of a language model: one drafts, one edits. Name a provider in the configuration first:
            # plugins: {llm: {providers: {…}}}
            name: agent
            parameters:
              topic: {type: string, description: What to write about}
            agents:
              writer: {model: openai/gpt-4o-mini, system: You write short and plain texts.}
              editor: {model: openai/gpt-4o-mini, system: You shorten texts and correct them.}
            outputs:
              text: ${{ stages.edit.outputs.text }}
            stages:
              - id: draft
                agent: writer
                prompt: "Write five sentences about ${{ parameters.topic }}."
              - id: edit
                depends_on: [draft]
                agent: editor
                prompt: "Cut this to three sentences: ${{ stages.draft.outputs.text }}"

            """)

    private static let digest = WorkflowTemplate(
        name: "digest", summary: "a mail each morning of what has happened", hint: " -p to=ada@example.org",
        text: """
            # Mails what has happened since yesterday. Put in your own server and addresses, then keep it: batten add
            # digest.yaml, and have a 'batten serve' running.
            name: digest
            parameters:
              server: {type: string, default: "smtp://127.0.0.1:25", description: Who takes mails}
              from: {type: string, default: "Batten <batten@example.org>", description: Who they are from}
              to: {type: string, default: "you@example.org", description: Who they are for}
            env:
              BATTEN_HOME: {from_host: BATTEN_HOME, default: ""}
            schedule:
              - {cron: "0 7 * * *", catch_up: last}
            stages:
              - id: digest
                uses: shell.run
                with: {script: batten digest --since 24h}
              - id: mail
                depends_on: [digest]
                uses: notify.email
                with:
                  server: ${{ parameters.server }}
                  from: ${{ parameters.from }}
                  to: ["${{ parameters.to }}"]
                  subject: "Batten: what has happened"
                  text: ${{ stages.digest.outputs.stdout }}

            """)
}
