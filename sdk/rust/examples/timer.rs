//! An asynchronous executor in Rust: a call that waits holds no thread.
use batten_plugin::*;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

record! { struct Input { ms: i64 } }
record! { struct Output { waited_ms: i64 } }

// `begin`, `cancel` and the timers share one thread, so a RefCell is enough.
struct Wait {
    timers: Rc<RefCell<HashMap<u64, Timer>>>,
}

impl Executor for Wait {
    const TYPE: &'static str = "timer.wait";
    const TITLE: &'static str = "Waits without holding a thread";
    const FLAGS: u32 = IDEMPOTENT | CANCELLABLE;
    const INPUT_SCHEMA: &'static str = r#"{"type": "object", "required": ["ms"], "additionalProperties": false,
        "properties": {"ms": {"type": "integer", "minimum": 0, "maximum": 86400000}}}"#;
    type Input = Input;
    type Output = Output;

    fn open(_config: &Json) -> Result<Self, Failure> {
        Ok(Wait { timers: Rc::default() })
    }
}

impl Asynchronous for Wait {
    fn begin(&self, input: Input, call: Call<Output>) -> Result<(), Failure> {
        let (timers, token, event_loop) = (self.timers.clone(), call.token(), call.event_loop()?);
        let timer = event_loop.after(Duration::from_millis(input.ms.max(0) as u64), move || {
            timers.borrow_mut().remove(&call.token());
            call.complete(Output { waited_ms: input.ms });
        })?;
        self.timers.borrow_mut().insert(token, timer);
        Ok(())
    }

    fn cancel(&self, call: Call<Output>, why: Stop) {
        if let Some(timer) = self.timers.borrow_mut().remove(&call.token()) {
            timer.cancel();
        }
        call.fail(Failure::stopped(why, Effect::None));
    }
}

plugin! { id: "timer", version: "1.0.0", title: "Timers", executors: [asynchronous Wait] }
