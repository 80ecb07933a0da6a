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
            "proxied":{"api":"openai","base_url":"http://models.invalid/openai","proxy":"$ODD"},
            "words":{"api":"openai","base_url":"$ODD/openai","structured_output":"json_object"},
            "small":{"api":"openai","base_url":"$ODD/openai","tokens_per_minute":4100},
            "lite":{"api":"openai","base_url":"$OPENAI","key":"LITE_KEY"},
            "lite-messages":{"api":"anthropic","base_url":"$OPENAI","key":"LITE_KEY"}},
          "default_model":"odd/plain",
          "secrets":{"ODD_KEY":"sk-odd-777777","CLAUDE_KEY":"sk-ant-test-42","LITE_KEY":"$OPENAI_KEY"}}}
        """#
    private static let words = "Grüß Gott, Welt 🌍!"

    private static let schema =
        #"{"type":"object","required":["colour","count"],"properties":{"colour":{"type":"string"},"count":{"type":"integer"}}}"#

    /// What models answer, or how they fail, by name: the test server knows what each name means.
    private static let table: [CallRow] = [
        CallRow("stream", #"{"prompt":"hi"}"#, says: [words, #""model":"odd/plain""#, #""served_model":"odd-1""#]),
        CallRow("CRLF", #"{"model":"odd/crlf","prompt":"hi"}"#, says: [words]),
        CallRow("a byte a packet", #"{"model":"odd/bytes","prompt":"hi"}"#, says: [words, #""input_tokens":12"#]),
        CallRow(
            "whole answer", #"{"model":"odd/tools","prompt":"hi","stream":false}"#,
            says: [
                #""tool_calls":[{"id":"t1","name":"look","arguments":{"at":"sky"}}]"#,
                #""finish_reason":"tool_calls""#,
            ]),
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
            "image without an address",
            #"{"prompt":"hi","messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, .permanent,
            Effect.none, code: "input.invalid", says: ["messages[0].content[0]", "url or a file"]),
        CallRow(
            "image that is none", #"{"prompt":"hi","images":["data:image/png;base64,aGVsbG8="]}"#, .permanent,
            Effect.none, code: "input.invalid", says: ["images[0]", "no PNG"]),
        CallRow(
            "image that is not there", #"{"prompt":"hi","images":["no.png"]}"#, .permanent, Effect.none,
            code: "file.read", says: ["no.png"]),
        CallRow(
            "images as sent",
            #"{"model":"bare/echo","stream":false,"prompt":"hi","images":["https://h/a.png",{"url":"data:image/gif;base64,R0lGOA==","detail":"low"}]}"#,
            says: [
                #"{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"https://h/a.png"}}"#,
                #"{"type":"image_url","image_url":{"url":"data:image/gif;base64,R0lGOA==","detail":"low"}}"#,
            ]),
        CallRow(
            "images as the messages API is sent them",
            #"{"model":"claude/echo","stream":false,"prompt":"hi","images":["https://h/a.png","data:;base64,R0lGOA=="]}"#,
            says: [
                #"{"type":"image","source":{"type":"url","url":"https://h/a.png"}}"#,
                #"{"type":"image","source":{"type":"base64","media_type":"image/gif","data":"R0lGOA=="}}"#,
            ]),
        CallRow(
            "tool calls in pieces", #"{"model":"odd/tools-stream","prompt":"hi"}"#,
            says: [
                #""tool_calls":[{"id":"t1","name":"look","arguments":{"at":"sky"}},{"id":"t2","name":"add","arguments":{}}]"#
            ]),
        CallRow(
            "tools and a transcript as sent",
            #"{"model":"bare/echo","stream":false,"tools":[{"name":"look","description":"Looks."}],"tool_choice":"required","transcript":[{"role":"user","content":"q"},{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"look","arguments":"{}"}}]},{"role":"tool","tool_call_id":"t1","content":"blue"}]}"#,
            says: [
                #"{"role":"assistant","content":null,"tool_calls":[{"id":"t1","type":"function","function":{"name":"look","arguments":"{}"}}]},{"role":"tool","content":"blue","tool_call_id":"t1"}"#,
                #""tools":[{"type":"function","function":{"name":"look""#,
            ], hides: ["tool_choice"]),
        CallRow(
            "the last round has no tools",
            #"{"model":"bare/echo","stream":false,"max_tool_rounds":1,"tools":[{"name":"look"}],"transcript":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"id":"t1","name":"look","arguments":{}}]},{"role":"tool","tool_call_id":"t1","content":"blue"}]}"#,
            says: [#""tool_choice":"none""#]),
        CallRow(
            "tools as the messages API is sent them",
            #"{"model":"claude/echo","stream":false,"tools":[{"name":"look"}],"transcript":[{"role":"user","content":"q"},{"role":"assistant","thinking":[{"type":"thinking","thinking":"hm","signature":"s"}],"tool_calls":[{"id":"t1","name":"look","arguments":{"a":1}},{"id":"t2","name":"look"}]},{"role":"tool","tool_call_id":"t1","content":"blue"},{"role":"tool","tool_call_id":"t2","content":"red"}]}"#,
            says: [
                #"{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"tool_use","id":"t1","name":"look","input":{"a":1}}"#,
                #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"blue"},{"type":"tool_result","tool_use_id":"t2","content":"red"}]}"#,
                #""input_schema":{"type":"object""#,
            ]),
        CallRow(
            "executors are not the plugin's", #"{"model":"odd/plain","prompt":"hi","tools":["http.request"]}"#,
            .permanent, Effect.none, code: "input.invalid", says: ["tools[0]", "workflow"]),
        CallRow(
            "two tools of one name", #"{"prompt":"hi","tools":[{"name":"a"},{"name":"a"}]}"#, .permanent,
            Effect.none, code: "input.invalid", says: ["tools[1].name"]),
        CallRow(
            "schema", #"{"model":"odd/schema","prompt":"hi","response_schema":$SCHEMA}"#,
            says: [#""json":{"colour":"red","count":3}"#, #""repaired":false"#]),
        CallRow(
            "schema after a repair", #"{"model":"odd/schema-once","prompt":"hi","response_schema":$SCHEMA}"#,
            says: [#""json":{"colour":"red","count":3}"#, #""repaired":true"#, #""input_tokens":20"#]),
        CallRow(
            "schema never", #"{"model":"odd/schema-never","prompt":"hi","response_schema":$SCHEMA}"#, .failed,
            Effect.none, code: "llm.schema", says: ["colour", "asked again"]),
        CallRow(
            "schema cut", #"{"model":"odd/schema-cut","prompt":"hi","response_schema":$SCHEMA}"#, .failed,
            Effect.none, code: "llm.schema", says: ["max_output_tokens (4096)"]),
        CallRow(
            "refusal", #"{"model":"odd/refuse","prompt":"hi","response_schema":$SCHEMA}"#, .failed,
            Effect.none, code: "llm.refused", says: ["I will not."]),
        CallRow(
            "schema that is none", #"{"model":"odd/schema","prompt":"hi","response_schema":{"type":"colour"}}"#,
            .permanent, Effect.none, code: "input.invalid", says: ["response_schema"]),
        CallRow(
            "schema as sent", #"{"model":"odd/echo","stream":false,"prompt":"hi","response_schema":{"type":"object"}}"#,
            says: [
                #""response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object"}}}"#
            ]),
        CallRow(
            "schema in words",
            #"{"model":"words/echo","stream":false,"prompt":"hi","response_schema":{"type":"object"}}"#,
            says: [#""response_format":{"type":"json_object"}"#, "Answer with JSON alone"]),
        CallRow(
            "schema by the messages API", #"{"model":"claude/x","prompt":"hi","response_schema":$SCHEMA}"#,
            says: [#""json":{"colour":"red","count":3}"#, #""tool_calls":[],"finish_reason":"stop""#]),
        CallRow(
            "fallback", #"{"model":"odd/busy","fallback":["keyless/x","claude/overloaded","odd/plain"],"prompt":"hi"}"#,
            says: [
                words, #""model":"odd/plain""#, #""failed_models":[{"model":"odd/busy","code":"http.status.503""#,
                #"{"model":"keyless/x","code":"llm.key""#,
            ]),
        CallRow(
            "fallback in vain", #"{"model":"odd/unset","fallback":["odd/busy","odd/html"],"prompt":"hi"}"#, .transient,
            Effect.none, code: "http.status.503", says: ["no such parameter", "odd/busy", "base_url"]),
        CallRow(
            "fallback of another provider's limits",
            #"{"model":"small/plain","max_output_tokens":9000,"fallback":"odd/plain","prompt":"hi"}"#, says: [words]),
        CallRow(
            "more than a minute's tokens", #"{"model":"small/plain","max_output_tokens":9000,"prompt":"hi"}"#,
            .quota, Effect.none, code: "llm.tokens_per_minute", says: ["4100 a minute", "max_output_tokens"]),
        CallRow(
            "proxy", #"{"model":"proxied/echo","stream":false,"prompt":"hi"}"#, says: [#""Host":"models.invalid""#]),
        CallRow(
            "context",
            #"{"model":"bare/echo","stream":false,"prompt":"hi","system":"S","context":[{"name":"a","text":[{"text":"low","confidence":0.2},{"text":"mid","confidence":0.7},{"text":"high","confidence":0.9},"sure"],"min_confidence":0.5,"max_tokens":3},{"name":"b","text":"Grüße an alle","max_tokens":1}]}"#,
            says: [#"S\n\n<context name=\"a\">\nsure\nhigh\n</context>\n\n<context name=\"b\">\nGrü\n</context>"#]),
        CallRow(
            "context of a file that is not there", #"{"prompt":"hi","context":[{"name":"m","file":"no.txt"}]}"#,
            .permanent, Effect.none, code: "file.read", says: ["context 'm'", "no.txt"]),
        CallRow(
            "redaction", #"{"model":"odd/plain","prompt":"a secret plan","redact":["prompts","answers"]}"#,
            says: [words, #""messages":[]"#], hides: ["secret plan"]),
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
            "agent field", #"{"agent":{"colour":"red"},"prompt":"hi"}"#, .permanent, Effect.none,
            code: "input.invalid", says: ["agent.colour"]),
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
            let input = row.input.split(separator: "$SCHEMA", omittingEmptySubsequences: false)
                .joined(separator: Self.schema)
            let problems = try row.problems(try rig.run("llm.chat", input).outcome)
            #expect(problems.isEmpty, "\(problems)")
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
            (#"{"providers":{"openai":{"requests_per_minute":0}}}"#, "requests_per_minute"),
            (#"{"providers":{"openai":{"structured_output":"xml"}}}"#, "structured_output"),
            (#"{"redact":["keys"]}"#, "redact"),
        ]
        for (config, field) in table {
            let rig = try ServersRig(#"{"llm":\#(config)}"#)
            let outcome = try rig.run("llm.chat", #"{"model":"x/y","prompt":"hi"}"#).outcome
            #expect(outcome.outcomeClass == .permanent && outcome.message.contains(field), "\(config): \(outcome)")
        }
    }

    /// What a model has said before it failed is booked to it, and what the next one says to that one.
    @Test func fallbackBooksWhatEachConsumed() throws {
        let rig = try ServersRig(Self.config)
        let (outcome, seen) = try rig.run("llm.chat", #"{"model":"claude/cut","fallback":"odd/plain","prompt":"hi"}"#)
        #expect(outcome.outcomeClass == .ok, "\(outcome)")
        #expect(seen.usage["claude/cut input_tokens"] == 18 && seen.usage["odd/plain input_tokens"] == 12)
        #expect(seen.lines.contains { $0.contains("odd/plain is asked") }, "\(seen.lines)")
    }

    @Test func answersThatAreKeptOutOfSightAreNotShown() throws {
        let rig = try ServersRig(Self.config)
        let (outcome, seen) = try rig.run("llm.chat", #"{"model":"odd/plain","prompt":"hi","redact":["answers"]}"#)
        #expect(outcome.output["text"]?.stringValue == Self.words && seen.text.isEmpty)
        #expect(!seen.lines.contains { $0.contains("Gott") }, "\(seen.lines)")
    }

    /// After a response that says that nothing is left, the next call to that model goes out when there is.
    @Test func rateHeadersHoldTheNextCall() throws {
        let rig = try ServersRig(Self.config)
        _ = try rig.run("llm.chat", #"{"model":"odd/emptied","prompt":"hi"}"#)
        let begin = MonotonicClock.now()
        let other = try rig.run("llm.chat", #"{"model":"odd/plain","prompt":"hi"}"#).outcome
        #expect(other.outcomeClass == .ok, "\(other)")
        let (outcome, seen) = try rig.run("llm.chat", #"{"model":"odd/emptied","prompt":"hi"}"#)
        #expect(outcome.outcomeClass == .ok && MonotonicClock.now() - begin > 3_500_000_000, "\(outcome)")
        #expect(seen.lines.contains { $0.contains("waits for the limits of provider 'odd'") }, "\(seen.lines)")
    }

    /// A call that waits for its provider's limit can be cancelled, and was never sent.
    @Test func whatWaitsForALimitCanBeCancelled() throws {
        let config = #"{"llm":{"providers":{"one":{"api":"openai","base_url":"$ODD/openai","requests_per_minute":1}}}}"#
        let rig = try ServersRig(config)
        let first = try rig.run("llm.chat", #"{"model":"one/plain","prompt":"hi"}"#).outcome
        #expect(first.outcomeClass == .ok, "\(first)")
        let (running, handle) = try rig.start("llm.chat", #"{"model":"one/plain","prompt":"hi"}"#)
        _ = try running.wait { $0.progress > 0 ? true : nil }
        rig.host.cancel(handle, why: .cancelled)
        let outcome = try running.wait { $0.outcome }
        #expect(outcome.outcomeClass == .cancelled && outcome.effect == Effect.none, "\(outcome)")
        #expect(running.seen.withLock { $0.usage }.isEmpty)
    }

    @Test func whatIsLeftOutOfTheContextIsLogged() throws {
        let rig = try ServersRig(Self.config)
        try FileSystem.writeAtomically(Array(repeating: 97, count: 100), to: "\(rig.folder)/a.txt")
        let (outcome, seen) = try rig.run(
            "llm.chat",
            #"{"prompt":"hi","context":[{"name":"f","file":"a.txt","max_tokens":5},{"name":"l","text":[{"text":"x","confidence":0.1},"y"],"min_confidence":1}]}"#
        )
        #expect(outcome.outcomeClass == .ok, "\(outcome)")
        #expect(seen.lines.contains { $0.contains("'f': left out the last 80 bytes") }, "\(seen.lines)")
        #expect(
            seen.lines.contains { $0.contains("'l': left out 1 of 2 pieces below min_confidence") }, "\(seen.lines)")
    }

    @Test func imagesOfFilesAreSent() throws {
        let rig = try ServersRig(Self.config)
        try FileSystem.writeAtomically([0x89, 0x50, 0x4E, 0x47, 1], to: "\(rig.folder)/a.png")
        let outcome = try rig.run(
            "llm.chat", #"{"model":"bare/echo","stream":false,"prompt":"hi","images":["a.png"]}"#
        ).outcome
        let text = outcome.output["text"]?.stringValue ?? ""
        #expect(text.contains("data:image/png;base64,iVBORwE="), "\(outcome)")
        // The outputs name the file; its bytes are not stored again.
        let messages = JSONWriter.string(outcome.output["messages"] ?? .null)
        #expect(messages.contains(#"{"type":"image","file":"a.png"}"#), "\(messages)")
    }

    @Test func textsAreEmbedded() throws {
        let rig = try ServersRig(Self.config)
        let table: [CallRow] = [
            CallRow(
                "list in batches", #"{"model":"odd/e","input":["a","bb","ccc"],"batch_size":2,"dimensions":7}"#,
                says: [
                    #""embeddings":[[1,7],[2,7],[3,7]],"embedding":null,"dimensions":2"#,
                    #""usage":{"input_tokens":6,"estimated":false}"#,
                ]),
            CallRow("one", #"{"model":"odd/e","input":"four"}"#, says: [#""embedding":[4,0.5]"#]),
            CallRow("no usage", #"{"model":"odd/no-usage","input":"four"}"#, says: [#""estimated":true"#]),
            CallRow(
                "too few", #"{"model":"odd/short","input":["a","b"]}"#, .permanent, Effect.none, code: "llm.protocol",
                says: ["1 vectors for 2 texts"]),
            CallRow(
                "no such API", #"{"model":"claude/e","input":"a"}"#, .permanent, Effect.none, code: "input.invalid",
                says: ["no embeddings"]),
            CallRow("nothing", #"{"model":"odd/e","input":[]}"#, .permanent, Effect.none, code: "input.invalid"),
        ]
        for row in table {
            let problems = try row.problems(try rig.run("llm.embed", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
    }
}
