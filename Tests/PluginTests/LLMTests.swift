import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

@Suite(.enabled(if: Servers.areWanted, "BATTEN_TEST_SERVERS=off")) struct LLMTests {
    static let config = #"""
        {"llm":{"providers":{
            "odd":{"api":"openai","base_url":"$ODD/openai","key":"ODD_KEY"},
            "bare":{"api":"openai","base_url":"$ODD/openai/","headers":{"X-Team":"blue"},
                    "max_tokens_field":"max_completion_tokens"},
            "claude":{"api":"anthropic","base_url":"$ODD/anthropic","key":"CLAUDE_KEY"},
            "keyless":{"api":"openai","base_url":"$ODD/openai","key":"NO_SUCH_SECRET"},
            "lite":{"api":"openai","base_url":"$OPENAI","key":"LITE_KEY"},
            "lite-messages":{"api":"anthropic","base_url":"$OPENAI","key":"LITE_KEY"}},
          "default_model":"odd/plain",
          "secrets":{"ODD_KEY":"sk-odd-777777","CLAUDE_KEY":"sk-ant-test-42","LITE_KEY":"$OPENAI_KEY"}}}
        """#
    private static let words = "Grüß Gott, Welt 🌍!"

    /// What models answer, or how they fail, by name: the test server knows what each name means.
    private static let table: [CallRow] = [
        CallRow("stream", #"{"prompt":"hi"}"#, says: [words, #""model":"odd/plain""#, #""served_model":"odd-1""#]),
        CallRow("CRLF", #"{"model":"odd/crlf","prompt":"hi"}"#, says: [words]),
        CallRow("a byte a packet", #"{"model":"odd/bytes","prompt":"hi"}"#, says: [words, #""input_tokens":12"#]),
        CallRow(
            "whole answer", #"{"model":"odd/tools","prompt":"hi","stream":false}"#,
            says: [#""name":"look""#, #""finish_reason":"tool_calls""#]),
        CallRow("no usage", #"{"model":"odd/no-usage","prompt":"hi"}"#, says: [#""estimated":true"#]),
        CallRow("cut off", #"{"model":"odd/cut","prompt":"hi"}"#, .transient, Effect.none, code: "llm.stream.cut"),
        CallRow(
            "ends early", #"{"model":"odd/early-end","prompt":"hi"}"#, .transient, Effect.none, code: "llm.stream.cut"),
        CallRow(
            "malformed", #"{"model":"odd/malformed","prompt":"hi"}"#, .permanent, Effect.none,
            code: "llm.stream.malformed"),
        CallRow(
            "error inside", #"{"model":"odd/error-event","prompt":"hi"}"#, .transient, Effect.none,
            code: "llm.provider_error", says: ["backend died"]),
        CallRow(
            "not the API", #"{"model":"odd/html","prompt":"hi"}"#, .permanent, Effect.none, code: "llm.protocol",
            says: ["base_url"]),
        CallRow(
            "401", #"{"model":"odd/denied","prompt":"hi"}"#, .permanent, Effect.none, code: "http.status.401",
            says: ["provided: ***"], hides: ["sk-odd-777777"]),
        CallRow("503", #"{"model":"odd/busy","prompt":"hi"}"#, .transient, Effect.none, code: "http.status.503"),
        CallRow(
            "400", #"{"model":"odd/unset","prompt":"hi"}"#, .permanent, Effect.none, code: "http.status.400",
            says: ["no such parameter: seed"]),
        CallRow(
            "no such path", #"{"model":"claude/x","prompt":"hi","seed":1}"#, .permanent, Effect.none,
            code: "input.invalid", says: ["seed"]),
        CallRow(
            "key without value", #"{"model":"keyless/x","prompt":"hi"}"#, .permanent, Effect.none, code: "llm.key",
            says: ["NO_SUCH_SECRET"]),
        CallRow(
            "no provider", #"{"model":"nobody/x","prompt":"hi"}"#, .permanent, Effect.none, code: "input.invalid",
            says: ["'nobody'", "anthropic, bare"]),
        CallRow(
            "no slash", #"{"model":"gpt","prompt":"hi"}"#, .permanent, Effect.none, code: "input.invalid",
            says: ["provider/model"]),
        CallRow(
            "nothing asked", #"{"model":"odd/plain","system":"x"}"#, .permanent, Effect.none, code: "input.invalid",
            says: ["prompt"]),
        CallRow(
            "image", #"{"prompt":"hi","messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, .permanent,
            Effect.none, code: "input.invalid", says: ["messages[0].content[0]", "images"]),
        CallRow(
            "messages API", #"{"model":"claude/x","prompt":"hi","system":"Be."}"#,
            says: [words, #""input_tokens":18,"cached_input_tokens":6,"output_tokens":15"#, #""finish_reason":"stop""#]),
        CallRow(
            "messages API, cut off", #"{"model":"claude/cut","prompt":"hi"}"#, .transient, Effect.none,
            code: "llm.stream.cut"),
        CallRow(
            "messages API, 529", #"{"model":"claude/overloaded","prompt":"hi"}"#, .transient, Effect.none,
            code: "http.status.529"),
        CallRow(
            "messages API, overload inside", #"{"model":"claude/overload-event","prompt":"hi"}"#, .transient,
            Effect.none, code: "llm.provider_error"),
        CallRow(
            "what the messages API is sent",
            #"{"model":"claude/echo","stream":false,"prompt":"hi","system":"A","messages":[{"role":"system","content":"B"},{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"stop":"END","temperature":0.5,"max_output_tokens":2000,"reasoning_effort":"high"}"#,
            says: [
                #""system":"A\n\nB""#, #""stop_sequences":["END"]"#,
                #""thinking":{"type":"enabled","budget_tokens":1999}"#,
                #""messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"},{"role":"user","content":"hi"}]"#,
            ]),
        CallRow(
            "what chat completions are sent",
            #"{"model":"bare/echo","stream":false,"prompt":"hi","agent":{"system":"A","temperature":0.5,"seed":7},"temperature":1,"stop":["x"],"top_p":0.5,"reasoning_effort":"low"}"#,
            says: [
                #""request":{"model":"echo","messages":[{"role":"system","content":"A"},{"role":"user","content":"hi"}],"max_completion_tokens":4096,"temperature":1"#,
                #""seed":7"#, #""stop":["x"]"#, #""reasoning_effort":"low""#, #""X-Team":"blue""#,
            ], hides: ["Authorization"]),
        CallRow(
            "agent field", #"{"agent":{"tools":[]},"prompt":"hi"}"#, .permanent, Effect.none, code: "input.invalid",
            says: ["agent.tools"]),
        CallRow(
            "LiteLLM's proxy, stream", #"{"model":"lite/mock","prompt":"hi"}"#, says: ["Good day from the mock model."]),
        CallRow(
            "LiteLLM's proxy, whole", #"{"model":"lite/mock","prompt":"hi","stream":false}"#,
            says: ["Good day", #""estimated":false"#]),
        CallRow(
            "LiteLLM's proxy, limited", #"{"model":"lite/limited","prompt":"hi"}"#, .rateLimited, Effect.none,
            code: "http.status.429"),
        CallRow("LiteLLM's proxy, messages", #"{"model":"lite-messages/mock","prompt":"hi"}"#, says: ["Good day"]),
    ]

    @Test func everyAnswerIsRead() throws {
        let rig = try ServersRig(Self.config)
        for row in Self.table {
            let problems = try row.problems(try rig.run("llm.chat", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
    }

    /// Each is refused by the schema before the call, and says why it is not there.
    @Test func laterFieldsAreRefused() throws {
        let rig = try ServersRig(Self.config)
        for field in ["tools", "images", "response_schema", "fallback", "cache"] {
            let outcome = try rig.run("llm.chat", #"{"prompt":"hi","\#(field)":["x"]}"#).outcome
            #expect(outcome.outcomeClass == .permanent && outcome.message.contains(field), "\(field): \(outcome)")
        }
    }

    @Test func tokensAreShownAndCounted() throws {
        let rig = try ServersRig(Self.config)
        let (outcome, seen) = try rig.run("llm.chat", #"{"model":"odd/bytes","prompt":"hi"}"#)
        #expect(seen.text == Self.words && outcome.output["text"]?.stringValue == Self.words)
        #expect(
            seen.usage == [
                "odd/bytes requests": 1, "odd/bytes input_tokens": 12, "odd/bytes cached_input_tokens": 4,
                "odd/bytes output_tokens": 7, "odd/bytes reasoning_tokens": 2,
            ])
        // An answer that is cut off is booked as well: the provider's input, and what came of the output.
        let cut = try rig.run("llm.chat", #"{"model":"claude/cut","prompt":"hi"}"#).seen
        #expect(
            cut.usage["claude/cut input_tokens"] == 18 && cut.usage["claude/cut output_tokens"] == 4, "\(cut.usage)")
        let guessed = try rig.run("llm.chat", #"{"model":"odd/no-usage","prompt":"hi"}"#).seen
        #expect(guessed.lines.contains { $0.contains("booked as an estimate") }, "\(guessed.lines)")
    }

    /// A long answer arrives whole, however far its reader is behind.
    @Test func longAnswersArriveWhole() throws {
        let rig = try ServersRig(Self.config)
        let (outcome, seen) = try rig.run("llm.chat", #"{"model":"odd/flood","prompt":"hi"}"#)
        let wanted = (0..<5000).map { "word\($0) " }.joined()
        #expect(outcome.output["text"]?.stringValue == wanted && seen.text == wanted)
    }

    @Test func limitsOfTheProviderAreTold() throws {
        let rig = try ServersRig(Self.config)
        let outcome = try rig.run("llm.chat", #"{"model":"odd/rate","prompt":"hi"}"#).outcome
        #expect(outcome.outcomeClass == .rateLimited && outcome.retryAfter == .milliseconds(1500), "\(outcome)")
        #expect(outcome.details["rate"]?["remaining_requests"]?.stringValue == "0", "\(outcome)")
    }

    @Test func cancelEndsTheStream() throws {
        let rig = try ServersRig(Self.config)
        let (running, handle) = try rig.start("llm.chat", #"{"model":"odd/hang","prompt":"hi"}"#)
        _ = try running.wait { $0.text.isEmpty ? nil : true }
        rig.host.cancel(handle, why: .cancelled)
        #expect(try running.wait { $0.outcome }.outcomeClass == .cancelled)
    }

    @Test func badConfigurationsAreRefused() throws {
        let table: [(String, String)] = [
            (#"{"providers":{"x":{"base_url":"http://h"}}}"#, "providers.x.api"),
            (#"{"providers":{"x":{"api":"openai"}}}"#, "providers.x.base_url"),
            (#"{"providers":{"x":{"api":"openai","base_url":"file:///x"}}}"#, "providers.x.base_url"),
            (#"{"providers":{"openai":{"requests_per_minute":3}}}"#, "requests_per_minute"),
        ]
        for (config, field) in table {
            let rig = try ServersRig(#"{"llm":\#(config)}"#)
            let outcome = try rig.run("llm.chat", #"{"model":"x/y","prompt":"hi"}"#).outcome
            #expect(outcome.outcomeClass == .permanent && outcome.message.contains(field), "\(config): \(outcome)")
        }
    }
}
