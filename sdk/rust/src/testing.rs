//! The fake host for unit tests of plugins: `<batten/fake_host.h>` with Rust's types.

use crate::abi;
use std::ffi::{CStr, CString};
use std::os::raw::{c_char, c_int, c_void};

type Entry = unsafe extern "C" fn(*const abi::Hello) -> *const abi::Plugin;

#[repr(C)]
struct RawEnd {
    class: u32,
    effect: u32,
    retry_after_ns: i64,
    code: *const c_char,
    message: *const c_char,
    details: *const c_char,
    output: *const c_char,
    output_length: u64,
    blob: u64,
}

extern "C" {
    fn batten_fake_new(entry: Entry) -> *mut c_void;
    fn batten_fake_hide(host: *mut c_void, service: *const c_char);
    fn batten_fake_secret(host: *mut c_void, name: *const c_char, value: *const c_char);
    fn batten_fake_quota(host: *mut c_void, meter: *const c_char, limit: i64);
    fn batten_fake_quota_left(host: *mut c_void, meter: *const c_char) -> i64;
    fn batten_fake_time(host: *mut c_void, nanoseconds: i64);
    fn batten_fake_checkpoint(host: *mut c_void, state: *const c_char);
    fn batten_fake_start(host: *mut c_void, config: *const c_char) -> c_int;
    fn batten_fake_call(host: *mut c_void, kind: *const c_char, config: *const c_char, input: *const c_char) -> u64;
    fn batten_fake_why(host: *mut c_void) -> *const c_char;
    fn batten_fake_cancel(host: *mut c_void, token: u64, why: u32);
    fn batten_fake_wait(host: *mut c_void, token: u64, milliseconds: c_int) -> *const RawEnd;
    fn batten_fake_seen(host: *mut c_void) -> *const c_char;
    fn batten_fake_end(host: *mut c_void) -> c_int;
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The class's number in the C header: 100 is done.
    pub class: u32,
    /// The effect's number in the C header.
    pub effect: u32,
    /// Negative if not known.
    pub retry_after_ns: i64,
    /// For programs.
    pub code: String,
    /// For people.
    pub message: String,
    /// A JSON object, or empty.
    pub details: String,
    /// The result as JSON text.
    pub output: String,
}

/// A host that goes through a plugin's life, offers every service, remembers what it is told, and names the rules of
/// the header that the plugin breaks. The thread that makes it is its loop's thread.
pub struct FakeHost {
    raw: *mut c_void,
}

fn c(text: &str) -> CString {
    CString::new(text).expect("a text for C holds no NUL")
}

unsafe fn rust(text: *const c_char) -> String {
    if text.is_null() {
        String::new()
    } else {
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}

// SAFETY of all: the pointer is the fake host's until `end`, which takes the value.
impl FakeHost {
    /// Makes a host for the plugin with this entry function.
    pub fn new(entry: Entry) -> FakeHost {
        FakeHost { raw: unsafe { batten_fake_new(entry) } }
    }
    /// Does as if the host did not offer a service, such as `batten.quota/1`.
    pub fn hide(&self, service: &str) {
        unsafe { batten_fake_hide(self.raw, c(service).as_ptr()) }
    }
    /// Sets the value of a secret.
    pub fn secret(&self, name: &str, value: &str) {
        unsafe { batten_fake_secret(self.raw, c(name).as_ptr(), c(value).as_ptr()) }
    }
    /// Limits a meter of the quota service.
    pub fn quota(&self, meter: &str, limit: i64) {
        unsafe { batten_fake_quota(self.raw, c(meter).as_ptr(), limit) }
    }
    /// What is left of a limited meter.
    pub fn quota_left(&self, meter: &str) -> i64 {
        unsafe { batten_fake_quota_left(self.raw, c(meter).as_ptr()) }
    }
    /// Sets how long the calls to come may take.
    pub fn time(&self, nanoseconds: i64) {
        unsafe { batten_fake_time(self.raw, nanoseconds) }
    }
    /// Sets what an earlier attempt of the calls to come kept.
    pub fn checkpoint(&self, state: &str) {
        unsafe { batten_fake_checkpoint(self.raw, c(state).as_ptr()) }
    }
    /// Starts the plugin; false if it refuses.
    pub fn start(&self, config: &str) -> bool {
        unsafe { batten_fake_start(self.raw, c(config).as_ptr()) != 0 }
    }
    /// Makes a call; `Err` says why it did not begin.
    pub fn call(&self, kind: &str, config: &str, input: &str) -> Result<u64, String> {
        let token = unsafe { batten_fake_call(self.raw, c(kind).as_ptr(), c(config).as_ptr(), c(input).as_ptr()) };
        if token == 0 {
            Err(unsafe { rust(batten_fake_why(self.raw)) })
        } else {
            Ok(token)
        }
    }
    /// Asks a call to end; 1 means cancelled.
    pub fn cancel(&self, token: u64, why: u32) {
        unsafe { batten_fake_cancel(self.raw, token, why) }
    }
    /// Turns the loop until a call is over; `None` if it is not after so long.
    pub fn wait(&self, token: u64, milliseconds: i32) -> Option<End> {
        unsafe {
            let end = batten_fake_wait(self.raw, token, milliseconds).as_ref()?;
            Some(End {
                class: end.class,
                effect: end.effect,
                retry_after_ns: end.retry_after_ns,
                code: rust(end.code),
                message: rust(end.message),
                details: rust(end.details),
                output: rust(end.output),
            })
        }
    }
    /// Makes a call without configuration and waits for it at most ten seconds.
    pub fn run(&self, kind: &str, input: &str) -> Result<End, String> {
        let token = self.call(kind, "{}", input)?;
        self.wait(token, 10_000).ok_or_else(|| "the call did not end within ten seconds".to_string())
    }
    /// Everything that the plugin told the services, a line each.
    pub fn seen(&self) -> String {
        unsafe { rust(batten_fake_seen(self.raw)) }
    }
    /// Ends everything; says how many rules were broken, and writes them to standard error.
    pub fn end(self) -> i32 {
        unsafe { batten_fake_end(self.raw) }
    }
}
