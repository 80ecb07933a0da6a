//! What an author writes: executors.

use crate::border::CallState;
use crate::{Context, Failure, Json, Loop, Shape, Stop};
use std::marker::PhantomData;
use std::sync::Arc;

/// Carrying out a call twice with one idempotency key has the effect of once.
pub const IDEMPOTENT: u32 = 1;
/// The output depends on the input alone and nothing else changes.
pub const PURE: u32 = 2;
/// A call ends soon after it is cancelled.
pub const CANCELLABLE: u32 = 4;

/// One type of stage that a plugin can carry out; also adopt [`Blocking`] or [`Asynchronous`]. A value is one
/// configuration of it, which calls with equal configurations share.
pub trait Executor: Sized + 'static {
    /// `<plugin id>.<name>`; the name is lower case letters, digits and `_`, and begins with a letter.
    const TYPE: &'static str;
    /// A few words.
    const TITLE: &'static str = "";
    /// Some sentences.
    const DESCRIPTION: &'static str = "";
    /// What the host may rely on: [`IDEMPOTENT`], [`PURE`], [`CANCELLABLE`].
    const FLAGS: u32 = 0;
    /// How many calls of one instance may be in flight; 0 means no limit.
    const MAX_IN_FLIGHT: u32 = 0;
    /// What it needs of its surroundings: a JSON object, as the header describes it.
    const CAPABILITIES: &'static str = "{}";
    /// A JSON Schema of the configuration; empty accepts anything.
    const CONFIG_SCHEMA: &'static str = "";
    /// A JSON Schema of the input; empty takes the one that the type has.
    const INPUT_SCHEMA: &'static str = "";
    /// A JSON Schema of the output; empty takes the one that the type has.
    const OUTPUT_SCHEMA: &'static str = "";
    /// What a call is given.
    type Input: Shape;
    /// What a call gives back.
    type Output: Shape;

    /// Makes an instance; a failure refuses the configuration.
    fn open(config: &Json) -> Result<Self, Failure>;
}

/// An executor whose calls hold a thread of the host while they work; many run in parallel.
pub trait Blocking: Executor + Send + Sync {
    /// Carries out one call.
    fn run(&self, input: Self::Input, context: &Context) -> Result<Self::Output, Failure>;
}

/// An executor whose calls hold no thread. `begin`, `cancel` and all callbacks of the loop come on one thread, so what
/// they alone touch needs no lock; none of them may block or take longer than 5 ms.
pub trait Asynchronous: Executor {
    /// Begins one call, which is completed now or later, from any thread.
    fn begin(&self, input: Self::Input, call: Call<Self::Output>) -> Result<(), Failure>;
    /// Asks a call to end soon; it still completes. Never comes for one that has completed.
    fn cancel(&self, _call: Call<Self::Output>, _why: Stop) {}
}

/// One call that was begun; copies stand for the same one. A call that nobody holds any more and nobody completed ends
/// as a defect of the plugin.
pub struct Call<Output: Shape> {
    state: Arc<CallState>,
    output: PhantomData<fn(Output)>,
}

impl<Output: Shape> Clone for Call<Output> {
    fn clone(&self) -> Self {
        Call { state: self.state.clone(), output: PhantomData }
    }
}

impl<Output: Shape> Call<Output> {
    pub(crate) fn new(state: Arc<CallState>) -> Self {
        Call { state, output: PhantomData }
    }

    /// What surrounds the call.
    pub fn context(&self) -> &Context {
        &self.state.context
    }

    /// Names the call among those of its executor.
    pub fn token(&self) -> u64 {
        self.state.context.token
    }

    /// The loop of the calling thread: for `begin`, `cancel` and callbacks.
    pub fn event_loop(&self) -> Result<Loop, Failure> {
        Loop::current(self.state.context.host)
    }

    /// Whether it was completed.
    pub fn is_over(&self) -> bool {
        self.state.is_over()
    }

    /// Ends the call with its result. Completing again has no effect.
    pub fn complete(&self, output: Output) {
        self.state.end(Ok(output.write()))
    }

    /// Ends the call with a failure.
    pub fn fail(&self, failure: Failure) {
        self.state.end(Err(failure))
    }
}
