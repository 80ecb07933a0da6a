//! Built with the Rust SDK of 1.0.
use batten_plugin::*;

record! { struct Input { guests: i64 } }
record! { struct Output { tickets: i64 } }

struct Visit;

impl Executor for Visit {
    const TYPE: &'static str = "museum_rust.visit";
    const FLAGS: u32 = IDEMPOTENT;
    const INPUT_SCHEMA: &'static str = r#"{"type": "object", "required": ["guests"], "additionalProperties": false,
        "properties": {"guests": {"type": "integer", "minimum": 1}}}"#;
    type Input = Input;
    type Output = Output;

    fn open(_config: &Json) -> Result<Self, Failure> {
        Ok(Visit)
    }
}

impl Blocking for Visit {
    fn run(&self, input: Input, context: &Context) -> Result<Output, Failure> {
        if input.guests > 100 {
            panic!("too many guests");
        }
        let lease = context.hold("tickets", "museum", input.guests)?;
        context.usage("visits", "museum", input.guests);
        lease.settle(input.guests);
        Ok(Output { tickets: input.guests })
    }
}

plugin! { id: "museum_rust", version: "1.0.0", title: "The museum in Rust", executors: [blocking Visit] }
