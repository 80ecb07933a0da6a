//! A quota-aware executor in Rust: it holds what it may use at most, and settles what it really used.
use batten_plugin::*;

record! { struct Input { pages: i64 } }
record! { struct Output { requests: i64 } }

struct Fetch;

impl Executor for Fetch {
    const TYPE: &'static str = "quota.fetch";
    const TITLE: &'static str = "Uses a quota";
    const FLAGS: u32 = IDEMPOTENT;
    const INPUT_SCHEMA: &'static str = r#"{"type": "object", "required": ["pages"], "additionalProperties": false,
        "properties": {"pages": {"type": "integer", "minimum": 1, "maximum": 1000}}}"#;
    type Input = Input;
    type Output = Output;

    fn open(_config: &Json) -> Result<Self, Failure> {
        Ok(Fetch)
    }
}

impl Blocking for Fetch {
    fn run(&self, input: Input, context: &Context) -> Result<Output, Failure> {
        // At most two requests a page; a failure of class quota leaves from here if they are not granted.
        let lease = context.hold("requests", "example", 2 * input.pages)?;
        context.usage("requests", "example", input.pages);
        lease.settle(input.pages);
        Ok(Output { requests: input.pages })
    }
}

plugin! { id: "quota", version: "1.0.0", title: "An example of quotas", executors: [blocking Fetch] }
