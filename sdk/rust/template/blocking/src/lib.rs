//! @NAME@: a Batten plugin.
use batten_plugin::*;

record! { struct Input { name: String } }
record! { struct Output { greeting: String } }

struct Greet;

impl Executor for Greet {
    const TYPE: &'static str = "@ID@.greet";
    const TITLE: &'static str = "Greets somebody";
    const FLAGS: u32 = PURE;
    type Input = Input;
    type Output = Output;

    fn open(_config: &Json) -> Result<Self, Failure> {
        Ok(Greet)
    }
}

impl Blocking for Greet {
    /// One call, on a thread that may block; many run in parallel.
    fn run(&self, input: Input, context: &Context) -> Result<Output, Failure> {
        context.log(Level::Info, &format!("greeting {}", input.name));
        Ok(Output { greeting: format!("Hello, {}", input.name) })
    }
}

plugin! { id: "@ID@", version: "0.1.0", title: "@NAME@", executors: [blocking Greet] }

#[cfg(test)]
mod tests;
