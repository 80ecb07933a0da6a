import BattenCore
import BattenSystem
import Testing

@Suite struct TransformTests {
    /// Filters with the results they must have.
    @Test func filtersGiveTheirResults() throws {
        typealias Row = (with: String, output: String)
        let table: [Row] = [
            (#"{"input":{"a":1},"filter":".a"}"#, #"{"result":1,"results":[1]}"#),
            (#"{"filter":"empty"}"#, #"{"result":null,"results":[]}"#),
            (#"{"filter":""}"#, #"{"result":null,"results":[null]}"#),
            (#"{"input":3,"filter":" # only a comment"}"#, #"{"result":3,"results":[3]}"#),
            (#"{"input":[3,1,2],"filter":"sort[] # sorted"}"#, #"{"result":1,"results":[1,2,3]}"#),
            (#"{"filter":"repeat(1)","all":false}"#, #"{"result":1,"results":[1]}"#),
            (
                #"{"filter":"\"a\", {b: 1}","raw":true}"#,
                #"{"result":"a","results":["a",{"b":1}],"text":"a\n{\"b\":1}"}"#
            ),
            (
                #"{"filter":"[$x, $y_1]","arguments":{"x":{"k":[1]},"y_1":null}}"#,
                #"{"result":[{"k":[1]},null],"results":[[{"k":[1]},null]]}"#
            ),
            (#"{"input":2,"filter":"def f(g): g * $n; f(.)","arguments":{"n":21}}"#, #"{"result":42,"results":[42]}"#),
            (
                #"{"input":{"env":1,"input":2,"debug":3},"filter":"[.env, .input, .debug, {env, input: .input}]"}"#,
                #"{"result":[1,2,3,{"env":1,"input":2}],"results":[[1,2,3,{"env":1,"input":2}]]}"#
            ),
            (
                #"{"input":{"a":{"env":5}},"filter":"\"env \\(.a.env) import\" # env"}"#,
                #"{"result":"env 5 import","results":["env 5 import"]}"#
            ),
            (
                #"{"input":{"include":1},"filter":". as {include: $x, $y} | [$x, \"\\(\"\\($x)\")\"]"}"#,
                #"{"result":[1,"1"],"results":[[1,"1"]]}"#
            ),
            (#"{"input":"ä\u0000\u20ac","filter":"length, utf8bytelength"}"#, #"{"result":3,"results":[3,6]}"#),
            (#"{"filter":"nan, infinite"}"#, #"{"result":null,"results":[null,1.7976931348623157e+308]}"#),
            (
                #"{"filter":"try error(\"x\") catch \"caught \\(.)\""}"#,
                #"{"result":"caught x","results":["caught x"]}"#
            ),
            (
                #"{"input":"2026-01-02","filter":"strptime(\"%Y-%m-%d\")[0:3]"}"#,
                #"{"result":[2026,0,2],"results":[[2026,0,2]]}"#
            ),
            (#"{"filter":"[reduce range(20000) as $i (null; [.])] | length"}"#, #"{"result":1,"results":[1]}"#),
        ]
        let rig = try ShellRig()
        for row in table {
            let outcome = try rig.run("transform.jq", row.with).outcome
            #expect(outcome.outcomeClass == .ok, "\(row.with): \(outcome.message)")
            #expect(
                JSONWriter.string(outcome.output) == JSONWriter.string(try JSONReader.parse(row.output)), "\(row.with)")
        }
    }

    /// Filters that are refused or fail, with what the message must say.
    @Test func faultsAreExplained() throws {
        typealias Row = (with: String, code: String, says: String)
        let table: [Row] = [
            (
                #"{"filter":".a +"}"#, "transform.jq.compile",
                "filter: syntax error, unexpected $end at <top-level>, line 1"
            ),
            (#"{"filter":"1 |\nnosuch"}"#, "transform.jq.compile", "nosuch/0 is not defined at <top-level>, line 2"),
            (#"{"filter":"$x"}"#, "transform.jq.compile", "$x is not defined"),
            (#"{"filter":"[1"}"#, "transform.jq.refused", "line 1: `[` opens a bracket that is not closed"),
            (#"{"filter":"1) | (2"}"#, "transform.jq.refused", "`)` closes a bracket that is not open"),
            (#"{"filter":"\"abc"}"#, "transform.jq.refused", "begins a string without an end"),
            (#"{"filter":"1 |\n$ENV.HOME"}"#, "transform.jq.refused", "line 2: `ENV` reads the engine's environment"),
            (#"{"filter":"$ ENV"}"#, "transform.jq.refused", "environment"),
            (#"{"filter":"env"}"#, "transform.jq.refused", "`env`"),
            (#"{"filter":"{a: env}"}"#, "transform.jq.refused", "`env`"),
            (#"{"filter":"{(env|keys[0]): 1}"}"#, "transform.jq.refused", "`env`"),
            (#"{"filter":"\"x \\(env) y\""}"#, "transform.jq.refused", "`env`"),
            (#"{"filter":"[limit(1;inputs)]"}"#, "transform.jq.refused", "`inputs` reads further inputs"),
            (#"{"filter":"import \"a\" as a; 1"}"#, "transform.jq.refused", "`import` reads a file"),
            (#"{"filter":"include \"a\"; 1"}"#, "transform.jq.refused", "`include` reads a file"),
            (#"{"filter":"debug"}"#, "transform.jq.refused", "`debug` writes to the engine's stderr"),
            (#"{"filter":"halt_error"}"#, "transform.jq.refused", "use `error`"),
            (#"{"filter":"1","arguments":{"a-b":1}}"#, "input.invalid", "arguments: a name is letters"),
            (#"{"filter":"1","arguments":{"ENV":1}}"#, "input.invalid", "arguments: a name is letters"),
            (#"{"filter":"1\u0000"}"#, "input.invalid", "filter: must not contain a NUL"),
            (#"{"input":{"a":1},"filter":".a.b"}"#, "transform.jq.error", "Cannot index number with"),
            (#"{"filter":"error({a: 1})"}"#, "transform.jq.error", #"the filter failed: {"a":1}"#),
            (#"{"filter":"1, error(\"late\")"}"#, "transform.jq.error", "the filter failed: late"),
            (#"{"filter":"reduce range(2000) as $i (null; [.])"}"#, "transform.jq.limit", "500 levels"),
            (#"{"filter":"range(1e9)"}"#, "transform.jq.limit", "1,000,000 results"),
        ]
        let rig = try ShellRig()
        for row in table {
            let outcome = try rig.run("transform.jq", row.with).outcome
            let expected: OutcomeClass =
                ["transform.jq.error", "transform.jq.limit"].contains(row.code) ? .failed : .permanent
            #expect(outcome.outcomeClass == expected && outcome.effect == .none, "\(row.with): \(outcome)")
            #expect(outcome.code == row.code, "\(row.with): \(outcome.message)")
            #expect(outcome.message.contains(row.says), "\(row.with): \(outcome.message)")
        }
    }

    @Test func filtersRunSideBySideAndTwice() throws {
        let rig = try ShellRig()
        let all = try (0..<200).map { number in
            try rig.start(
                "transform.jq",
                #"{"input":\#(number),"filter":". * $by + \#(number % 5)","arguments":{"by":\#(number % 3)}}"#)
        }
        let outcomes = try all.map { try $0.outcome() }
        #expect(outcomes.first { $0.outcomeClass != .ok } == nil)
        let got = outcomes.map { $0.output["result"]?.intValue }
        let expected = (0..<200).map { (number: Int) -> Int64? in Int64(number * (number % 3) + number % 5) }
        #expect(got == expected)
    }

    @Test func aCallThatGivesResultsForEverCanBeCancelled() throws {
        let rig = try ShellRig()
        let running = try rig.start("transform.jq", #"{"filter":"repeat(1)"}"#)
        rig.cancel(running)
        #expect(try running.outcome().outcomeClass == .cancelled)
    }
}
