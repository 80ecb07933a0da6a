import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

@Suite struct TemplateTextTests {
    private func run(
        _ rig: ServersRig, _ template: String, _ data: String, _ more: String = ""
    ) throws -> StageOutcome {
        let text = JSONWriter.string(.string(template))
        return try rig.run(
            "transform.template", #"{"template":\#(text),"data":\#(data)\#(more.isEmpty ? "" : ",\(more)")}"#
        ).outcome
    }

    @Test func templatesGiveTheirTexts() throws {
        typealias Row = (template: String, data: String, more: String, text: String)
        let none = #""escape":"none""#
        let table: [Row] = [
            ("plain $text }} { }", "null", "", "plain $text }} { }"),
            (
                "Dear {{name}}, {{ n }} / {{d}} / {{t}}", #"{"name":"Ada","n":9007199254740993,"d":0.5,"t":true}"#, "",
                "Dear Ada, 9007199254740993 / 0.5 / true"
            ),
            ("{{a}} {{{a}}} {{& a }}", #"{"a":"<&\"'>"}"#, "", "&lt;&amp;&quot;&#39;&gt; <&\"'> <&\"'>"),
            ("{{a}}", #"{"a":"<R&D>"}"#, none, "<R&D>"),
            (#"{"x":"{{a}}"}"#, #"{"a":"q\"\n\\"}"#, #""escape":"json""#, #"{"x":"q\"\n\\"}"#),
            ("{{{a}}}{{{b}}}|{{c}}|", #"{"a":[1,{"k":null}],"b":{"x":1},"c":null}"#, "", #"[1,{"k":null}]{"x":1}||"#),
            ("{{a.b.c}} {{.}}", #"{"a":{"b":{"c":1}}}"#, none, #"1 {"a":{"b":{"c":1}}}"#),
            ("{{#l}}{{.}},{{/l}}", #"{"l":[1,"b",[2]]}"#, none, "1,b,[2],"),
            ("{{#o}}{{a}}{{b}}{{/o}}", #"{"a":1,"b":2,"o":{"a":3}}"#, "", "32"),
            ("{{#o}}{{#p}}{{x.y}}{{/p}}{{/o}}", #"{"x":{"y":1},"o":{"p":{"z":0}}}"#, "", "1"),
            ("{{#t}}a{{/t}}{{^t}}b{{/t}}{{#f}}c{{/f}}{{^f}}d{{/f}}", #"{"t":true,"f":false}"#, "", "ad"),
            (
                "{{#z}}0{{/z}}{{#e}}e{{/e}}{{^l}}l{{/l}}{{^m}}m{{/m}}{{#m}}x{{/m}}", #"{"z":0,"e":"","l":[]}"#, "",
                "0elm"
            ),
            ("{{#l}}{{#l}}x{{/l}}{{/l}}", #"{"l":[1,2]}"#, "", "xxxx"),
            ("a\n{{#l}}\n- {{n}}\n{{/l}}\nz\n", #"{"l":[{"n":1},{"n":2}]}"#, "", "a\n- 1\n- 2\nz\n"),
            ("  {{#t}}  \r\nx\r\n\t{{/t}}\r\ny", #"{"t":1}"#, "", "x\r\ny"),
            ("a {{#t}}\nx\n{{/t}} b", #"{"t":1}"#, "", "a \nx\n b"),
            ("{{#t}}\nx\n{{/t}}", #"{"t":1}"#, "", "x\n"),
            ("a{{! a\ncomment }}b\n  {{! alone\n  }}  \nc", "{}", "", "ab\nc"),
            ("{{=<% %>=}}<% a %> {{a}} <%={{ }}=%>{{a}}", #"{"a":1}"#, "", "1 {{a}} 1"),
            ("{{=| |=}}\n|a|\n", #"{"a":1}"#, "", "1\n"),
            ("[{{>p}}]", #"{"a":1}"#, #""partials":{"p":"{{a}}!"}"#, "[1!]"),
            (" {{>p}}\nz", #"{"a":"x\ny"}"#, #""partials":{"p":"1\n{{{a}}}\n"}"#, " 1\n x\ny\nz"),
            ("{{>n}}", #"{"v":1,"k":[{"v":2,"k":[]}]}"#, #""partials":{"n":"{{v}}<{{#k}}{{>n}}{{/k}}>"}"#, "1<2<>>"),
            ("[{{a}}{{b.c}}{{>q}}]", #"{"b":{}}"#, #""missing":"empty""#, "[]"),
            ("ä{{ö}}€", #"{"ö":"ü"}"#, "", "äü€"),
            ("", "{}", "", ""),
        ]
        let rig = try ServersRig()
        for row in table {
            let outcome = try run(rig, row.template, row.data, row.more)
            #expect(outcome.output["text"]?.stringValue == row.text, "\(row.template): \(outcome)")
        }
    }

    @Test func faultsAreExplained() throws {
        typealias Row = (template: String, data: String, more: String, code: String, says: String)
        let table: [Row] = [
            (
                "a\n{{nme}}", #"{"name":1}"#, "", "transform.template.missing",
                "line 2: there is no value 'nme'; here are: name"
            ),
            ("{{#l}}\n{{x}}{{/l}}", #"{"l":[{"y":1}]}"#, "", "transform.template.missing", "line 2"),
            ("{{>q}}", "{}", "", "input.invalid", "lacks 'q'"),
            ("{{a", "{}", "", "input.invalid", "line 1: the tag has no '}}'"),
            ("\n{{#a}}", "{}", "", "input.invalid", "line 2: 'a' is opened and not closed"),
            ("{{#a}}{{/b}}", "{}", "", "input.invalid", "'b' is closed, open is 'a' of line 1"),
            ("{{/b}}", "{}", "", "input.invalid", "'b' is closed and not open"),
            ("{{a..b}}", "{}", "", "input.invalid", "is no name"), ("{{}}", "{}", "", "input.invalid", "is no name"),
            ("{{=x=}}", "{}", "", "input.invalid", "two delimiters"),
            (String(repeating: "{{#a}}", count: 200), "{}", "", "input.invalid", "sections inside"),
            ("{{>p}}", "{}", #""partials":{"p":"{{>p}}"}"#, "transform.template.limit", "partials.p"),
            ("{{>p}}", "{}", #""partials":{"p":"\n{{#a}}"}"#, "input.invalid", "partials.p: line 2"),
        ]
        let rig = try ServersRig()
        for row in table {
            let outcome = try run(rig, row.template, row.data, row.more)
            #expect(outcome.code == row.code && outcome.effect == .none, "\(row.template): \(outcome)")
            #expect(outcome.message.contains(row.says), "\(row.template): \(outcome.message)")
        }
    }

    /// Partials that name each other twice would give 2^100 texts.
    @Test func aTextWithoutEndCanBeCancelled() throws {
        let rig = try ServersRig()
        let (running, handle) = try rig.start(
            "transform.template",
            #"{"template":"{{>p}}","data":{"l":[1,2]},"partials":{"p":"{{#l}}{{>q}}{{/l}}","q":"{{#l}}{{>p}}{{/l}}"}}"#)
        rig.host.cancel(handle, why: .cancelled)
        let outcome = try running.wait { $0.outcome }
        #expect(
            outcome.outcomeClass == .cancelled || outcome.code == "transform.template.limit", "\(outcome)")
    }

    @Test func valuesAreValidated() throws {
        let rig = try ServersRig()
        let schema =
            ##""schema":{"type":"object","required":["id"],"properties":{"id":{"type":"integer","minimum":1},"tags":{"type":"array","uniqueItems":true},"p":{"$ref":"#/$defs/p"}},"$defs":{"p":{"pattern":"^a+$"}}}"##
        let table = [
            CallRow(
                "fits", #"{"value":{"id":9007199254740993,"tags":["a"],"p":"aa"},\#(schema)}"#, .ok,
                says: [#""valid":true,"value":{"id":9007199254740993"#, #""problems":[]"#]),
            CallRow("always", #"{"value":null,"schema":true}"#, .ok, says: [#""value":null"#]),
            CallRow(
                "does not fit", #"{"value":{"id":0,"tags":[1,1],"p":"b"},\#(schema)}"#, .failed, Effect.none,
                code: "transform.invalid", says: ["id: ", "tags[1]: ", "p: "]),
            CallRow(
                "report", #"{"value":{},"on_invalid":"report",\#(schema)}"#, .ok,
                says: [#""valid":false"#, #""keyword":"required""#]),
            CallRow(
                "no schema", #"{"value":1,"schema":{"type":"text"}}"#, .permanent, Effect.none, code: "input.invalid",
                says: ["schema: ", "type"]),
            CallRow("a number", #"{"value":1,"schema":5}"#, .permanent, Effect.none, code: "input.invalid"),
            CallRow("never", #"{"value":1,"schema":false}"#, .failed, Effect.none, code: "transform.invalid"),
        ]
        for row in table {
            let problems = try row.problems(try rig.run("transform.validate", row.input).outcome)
            #expect(problems.isEmpty, "\(problems)")
        }
        // More problems than the first buffer holds.
        let many = JSONValue.array((0..<500).map { .int(Int64($0)) })
        let outcome = try rig.run(
            "transform.validate",
            #"{"value":\#(JSONWriter.string(many)),"schema":{"items":{"type":"string"}},"on_invalid":"report"}"#
        ).outcome
        #expect(outcome.output["problems"]?.arrayValue?.count == 500, "\(outcome)")
    }
}
