//! A blocking executor in Rust: records for input and output, a failure for what cannot be done.
use batten_plugin::*;

record! { struct Input { name: String } }
record! { struct Output { greeting: String } }

struct Greet;

impl Executor for Greet {
    const TYPE: &'static str = "hello.greet";
    const TITLE: &'static str = "Greets somebody";
    const FLAGS: u32 = PURE;
    type Input = Input;
    type Output = Output;

    fn open(_config: &Json) -> Result<Self, Failure> {
        Ok(Greet)
    }
}

impl Blocking for Greet {
    fn run(&self, input: Input, context: &Context) -> Result<Output, Failure> {
        if input.name.is_empty() {
            let failure = Failure::new(Class::BadInput, "hello.no_name", "the name is empty: say whom to greet");
            return Err(failure.with_effect(Effect::None));
        }
        context.log(Level::Info, &format!("greeting {}", input.name));
        Ok(Output { greeting: format!("Hello, {}", input.name) })
    }
}

plugin! { id: "hello", version: "1.0.0", title: "Greetings", executors: [blocking Greet] }
