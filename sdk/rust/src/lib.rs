//! Executors for Batten, written in Rust, without other crates.
//!
//! ```
//! use batten_plugin::*;
//!
//! record! { struct Input { name: String } }
//! record! { struct Output { greeting: String } }
//!
//! struct Greet;
//!
//! impl Executor for Greet {
//!     const TYPE: &'static str = "hello.greet";
//!     type Input = Input;
//!     type Output = Output;
//!     fn open(_config: &Json) -> Result<Self, Failure> {
//!         Ok(Greet)
//!     }
//! }
//!
//! impl Blocking for Greet {
//!     fn run(&self, input: Input, _context: &Context) -> Result<Output, Failure> {
//!         Ok(Output { greeting: format!("Hello, {}", input.name) })
//!     }
//! }
//!
//! plugin! { id: "hello", version: "1.0.0", title: "Greetings", executors: [blocking Greet] }
//! # fn main() {}
//! ```
//!
//! A panic ends its call as a defect and goes no further. That needs `panic = "unwind"`, which is the default.
#![warn(missing_docs)]

pub mod abi;
pub mod border;
mod context;
pub mod event_loop;
mod executor;
mod failure;
mod json;
pub mod shape;
#[cfg(feature = "testing")]
pub mod testing;

pub use context::{Context, Host, Lease, Level};
pub use event_loop::{Loop, Poster, Timer, Watch};
pub use executor::{Asynchronous, Blocking, Call, Executor, CANCELLABLE, IDEMPOTENT, PURE};
pub use failure::{Class, Effect, Failure, Stop};
pub use json::{Json, JsonError};
pub use shape::Shape;

/// Defines the plugin: its id, version, title, and its executors, each `blocking` or `asynchronous`.
#[macro_export]
macro_rules! plugin {
    (id: $id:expr, version: $version:expr, title: $title:expr,
     executors: [$($style:ident $executor:ty),+ $(,)?] $(,)?) => {
        /// The one function that the host looks for.
        ///
        /// # Safety
        /// `hello` is NULL or a host's.
        #[no_mangle]
        pub unsafe extern "C" fn batten_plugin_entry_v1(
            hello: *const $crate::abi::Hello,
        ) -> *const $crate::abi::Plugin {
            $crate::border::entry(hello, $id, $version, $title, &[$($crate::border::$style::<$executor>),+])
        }
    };
}
