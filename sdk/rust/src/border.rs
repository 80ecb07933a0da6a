//! The C functions of executors. Panics end here.

use crate::abi;
use crate::context::{lock, Context, Host, Level};
use crate::executor::{Asynchronous, Blocking, Call, Executor};
use crate::{Class, Effect, Failure, Json, Shape, Stop};
use std::collections::HashMap;
use std::ffi::CString;
use std::os::raw::{c_char, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// Makes an executor's descriptor.
pub type Describe = fn() -> abi::Executor;

struct Kept(*const abi::Plugin);
// SAFETY: a descriptor is never changed and never freed.
unsafe impl Send for Kept {}

static DESCRIPTOR: Mutex<Option<Kept>> = Mutex::new(None);

/// Answers the host's first question; the body of `plugin!`.
///
/// # Safety
/// `hello` is NULL or a host's.
pub unsafe fn entry(
    hello: *const abi::Hello,
    id: &str,
    version: &str,
    title: &str,
    executors: &[Describe],
) -> *const abi::Plugin {
    if hello.is_null() || (*hello).abi_major != 1 {
        return std::ptr::null();
    }
    let made = catch_unwind(|| {
        let mut kept = lock(&DESCRIPTOR);
        kept.get_or_insert_with(|| Kept(describe(id, version, title, executors))).0
    });
    made.unwrap_or(std::ptr::null())
}

fn describe(id: &str, version: &str, title: &str, executors: &[Describe]) -> *const abi::Plugin {
    let pointers: Vec<*const abi::Executor> =
        executors.iter().map(|make| Box::into_raw(Box::new(make())) as *const abi::Executor).collect();
    let executors: &'static [*const abi::Executor] = Box::leak(pointers.into_boxed_slice());
    Box::into_raw(Box::new(abi::Plugin {
        struct_size: std::mem::size_of::<abi::Plugin>() as u32,
        abi_major: 1,
        abi_minor: 0,
        min_host_minor: 0,
        reserved0: 0,
        executor_count: executors.len() as u32,
        id: text(id),
        version: text(version),
        title: text(title),
        description: std::ptr::null(),
        sdk: text("rust/1.0.0"),
        manifest_json: std::ptr::null(),
        config_schema: std::ptr::null(),
        executors: executors.as_ptr(),
        start: None,
        stop: None,
        query: None,
    }))
}

/// A text that lives as long as the process; NULL if it is empty.
fn text(text: &str) -> *const c_char {
    if text.is_empty() {
        return std::ptr::null();
    }
    // A NUL inside cannot be told to C: what is before it is.
    let clean: String = text.chars().take_while(|c| *c != '\0').collect();
    CString::new(clean).map_or(std::ptr::null(), |text| text.into_raw() as *const c_char)
}

fn common<E: Executor>() -> abi::Executor {
    let schema = |given: &str, own: fn() -> Json| {
        if given.is_empty() {
            text(&own().to_string())
        } else {
            text(given)
        }
    };
    abi::Executor {
        struct_size: std::mem::size_of::<abi::Executor>() as u32,
        flags: E::FLAGS,
        max_in_flight: E::MAX_IN_FLIGHT,
        reserved0: 0,
        kind: text(E::TYPE),
        version: std::ptr::null(),
        title: text(E::TITLE),
        description: text(E::DESCRIPTION),
        config_schema: text(E::CONFIG_SCHEMA),
        input_schema: schema(E::INPUT_SCHEMA, E::Input::schema),
        output_schema: schema(E::OUTPUT_SCHEMA, E::Output::schema),
        capabilities: text(E::CAPABILITIES),
        open: Some(open::<E>),
        close: Some(close::<E>),
        run: None,
        begin: None,
        cancel: None,
    }
}

/// Describes an executor that blocks.
pub fn blocking<E: Blocking>() -> abi::Executor {
    abi::Executor { run: Some(run::<E>), ..common::<E>() }
}

/// Describes an executor that waits on the loop.
pub fn asynchronous<E: Asynchronous>() -> abi::Executor {
    abi::Executor { begin: Some(begin::<E>), cancel: Some(cancel::<E>), ..common::<E>() }
}

struct Instance<E> {
    executor: E,
    calls: Arc<Registry>,
}

type Registry = Mutex<HashMap<u64, Weak<CallState>>>;

/// Sees to it that one call ends exactly once.
pub struct CallState {
    pub(crate) context: Context,
    calls: Arc<Registry>,
    over: AtomicBool,
}

impl CallState {
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    pub(crate) fn end(&self, result: Result<Json, Failure>) {
        if self.over.swap(true, Ordering::AcqRel) {
            return;
        }
        lock(&self.calls).remove(&self.context.token);
        complete(self.context.host, self.context.token, result);
    }
}

impl Drop for CallState {
    fn drop(&mut self) {
        let what = "the executor dropped the call without completing it";
        self.end(Err(Failure::new(Class::Bug, "plugin.forgotten", what)));
    }
}

fn complete(host: Host, token: u64, result: Result<Json, Failure>) {
    let (class, effect, failure, output) = match result {
        Ok(output) => (100, Effect::Made, None, output),
        Err(failure) => (failure.class as u32, failure.effect, Some(failure.clone()), failure.output),
    };
    let json = |value: &Json| if *value == Json::Null { String::new() } else { value.to_string() };
    let output = json(&output);
    let details = failure.as_ref().map_or(String::new(), |failure| json(&failure.details));
    let (code, message) = failure.as_ref().map_or(("", ""), |failure| (&failure.code, &failure.message));
    let nothing = abi::Span { ptr: std::ptr::null(), len: 0 };
    let retry_after = failure.as_ref().and_then(|failure| failure.retry_after);
    let outcome = abi::Outcome {
        struct_size: std::mem::size_of::<abi::Outcome>() as u32,
        class,
        effect: effect as u32,
        reserved0: 0,
        retry_after_ns: retry_after.map_or(-1, |wait| i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX)),
        code: abi::span(code.as_bytes()),
        message: abi::span(message.as_bytes()),
        details: abi::span(details.as_bytes()),
        output: abi::Payload { bytes: abi::span(output.as_bytes()), media_type: nothing, blob: 0, reserved: 0 },
    };
    // SAFETY: the host copies the outcome before it returns.
    unsafe { ((*host.table()).complete)(host.table(), token, &outcome) };
}

/// What a panic said, as a failure.
fn panicked(payload: Box<dyn std::any::Any + Send>) -> Failure {
    let said = payload.downcast_ref::<&str>().map(|text| text.to_string());
    let said = said.or_else(|| payload.downcast_ref::<String>().cloned());
    // Dropping the payload could panic again.
    std::mem::forget(payload);
    let said = said.unwrap_or_else(|| "something that is no text".to_string());
    Failure::new(Class::Bug, "plugin.panic", format!("the executor panicked: {}", said))
}

/// Runs a callback of the loop. What a panic left undone shows as a call that was dropped.
pub(crate) fn guard(host: Host, work: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        let message = panicked(payload).message;
        let _ = catch_unwind(|| host.log(Level::Error, &format!("in a callback: {}", message)));
    }
}

unsafe fn read<E: Executor>(call: &abi::Call) -> Result<E::Input, Failure> {
    let bytes = abi::bytes(call.input.bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::bad_input("", "the input is not UTF-8"))?;
    let json = Json::parse(text).map_err(|error| Failure::bad_input("", &format!("the input is not JSON: {}", error)))?;
    E::Input::read(&json, "")
}

unsafe fn say(buffer: *mut abi::Buffer, text: &str) {
    if buffer.is_null() || (*buffer).ptr.is_null() {
        return;
    }
    let length = text.len().min((*buffer).capacity as usize);
    std::ptr::copy_nonoverlapping(text.as_ptr(), (*buffer).ptr, length);
    (*buffer).length = length as u64;
}

unsafe extern "C" fn open<E: Executor>(
    _state: *mut c_void,
    config: abi::Span,
    instance: *mut *mut c_void,
    why: *mut abi::Buffer,
) -> abi::Rc {
    let opened = catch_unwind(AssertUnwindSafe(|| {
        let text = abi::text(config);
        let config = if text.is_empty() { Ok(Json::Object(Vec::new())) } else { Json::parse(&text) };
        let config = config.map_err(|error| Failure::bad_input("", &error.to_string()))?;
        E::open(&config)
    }));
    match opened.unwrap_or_else(|payload| Err(panicked(payload))) {
        Ok(executor) => {
            let made = Instance { executor, calls: Arc::new(Mutex::new(HashMap::new())) };
            *instance = Box::into_raw(Box::new(made)) as *mut c_void;
            abi::OK
        }
        Err(failure) => {
            say(why, &failure.message);
            abi::REFUSED
        }
    }
}

unsafe extern "C" fn close<E: Executor>(instance: *mut c_void) {
    let instance = Box::from_raw(instance as *mut Instance<E>);
    if let Err(payload) = catch_unwind(AssertUnwindSafe(move || drop(instance))) {
        std::mem::forget(payload);
    }
}

unsafe extern "C" fn run<E: Blocking>(instance: *mut c_void, call: *const abi::Call) {
    let (host, token) = (Host::new((*call).host), (*call).token);
    let result = catch_unwind(AssertUnwindSafe(|| {
        let instance = &*(instance as *const Instance<E>);
        let input = read::<E>(&*call)?;
        instance.executor.run(input, &Context::new(&*call)).map(|output| output.write())
    }));
    complete(host, token, result.unwrap_or_else(|payload| Err(panicked(payload))));
}

unsafe extern "C" fn begin<E: Asynchronous>(instance: *mut c_void, call: *const abi::Call) -> abi::Rc {
    let instance = &*(instance as *const Instance<E>);
    let state = Arc::new(CallState {
        context: Context::new(&*call),
        calls: instance.calls.clone(),
        over: AtomicBool::new(false),
    });
    lock(&instance.calls).insert(state.context.token, Arc::downgrade(&state));
    let handed = state.clone();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let input = read::<E>(&*call)?;
        instance.executor.begin(input, Call::new(handed))
    }));
    if let Err(failure) = result.unwrap_or_else(|payload| Err(panicked(payload))) {
        state.end(Err(failure));
    }
    abi::OK
}

unsafe extern "C" fn cancel<E: Asynchronous>(instance: *mut c_void, token: u64, why: u32) {
    let instance = &*(instance as *const Instance<E>);
    let found = lock(&instance.calls).get(&token).and_then(Weak::upgrade);
    if let (Some(state), Some(why)) = (found, Stop::from_number(why)) {
        if state.is_over() {
            return;
        }
        let handed = state.clone();
        let result = catch_unwind(AssertUnwindSafe(|| instance.executor.cancel(Call::new(handed), why)));
        if let Err(payload) = result {
            state.end(Err(panicked(payload)));
        }
    }
}
