//! The structs of `<batten/plugin.h>`, field by field. Plugins need none of this; the tests compare the sizes.
#![allow(missing_docs)]

use std::os::raw::{c_char, c_int, c_void};

pub type Rc = i32;
pub const OK: Rc = 0;
pub const REFUSED: Rc = 1;
pub const STALE: Rc = 2;
pub const BAD_ARGUMENT: Rc = 3;
pub const UNSUPPORTED: Rc = 4;
pub const DENIED: Rc = 5;
pub const TOO_SMALL: Rc = 6;
pub const BUSY: Rc = 7;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Span {
    pub ptr: *const u8,
    pub len: u64,
}

#[repr(C)]
pub struct Buffer {
    pub ptr: *mut u8,
    pub capacity: u64,
    pub length: u64,
}

#[repr(C)]
pub struct Payload {
    pub bytes: Span,
    pub media_type: Span,
    pub blob: u64,
    pub reserved: u64,
}

#[repr(C)]
pub struct Call {
    pub struct_size: u32,
    pub attempt: u32,
    pub token: u64,
    pub host: *const Host,
    pub run_id: Span,
    pub stage_id: Span,
    pub idempotency_key: Span,
    pub traceparent: Span,
    pub deadline_ns: i64,
    pub grace_ns: i64,
    pub input: Payload,
    pub checkpoint: Span,
    pub env_json: Span,
    pub working_directory: Span,
}

#[repr(C)]
pub struct Outcome {
    pub struct_size: u32,
    pub class: u32,
    pub effect: u32,
    pub reserved0: u32,
    pub retry_after_ns: i64,
    pub code: Span,
    pub message: Span,
    pub details: Span,
    pub output: Payload,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub context: *mut c_void,
    pub name: *const c_char,
    pub version: *const c_char,
    pub query: unsafe extern "C" fn(*const Host, *const c_char) -> *const c_void,
    pub complete: unsafe extern "C" fn(*const Host, u64, *const Outcome) -> Rc,
    pub should_stop: unsafe extern "C" fn(*const Host, u64) -> u32,
}

#[repr(C)]
pub struct Executor {
    pub struct_size: u32,
    pub flags: u32,
    pub max_in_flight: u32,
    pub reserved0: u32,
    pub kind: *const c_char,
    pub version: *const c_char,
    pub title: *const c_char,
    pub description: *const c_char,
    pub config_schema: *const c_char,
    pub input_schema: *const c_char,
    pub output_schema: *const c_char,
    pub capabilities: *const c_char,
    pub open: Option<unsafe extern "C" fn(*mut c_void, Span, *mut *mut c_void, *mut Buffer) -> Rc>,
    pub close: Option<unsafe extern "C" fn(*mut c_void)>,
    pub run: Option<unsafe extern "C" fn(*mut c_void, *const Call)>,
    pub begin: Option<unsafe extern "C" fn(*mut c_void, *const Call) -> Rc>,
    pub cancel: Option<unsafe extern "C" fn(*mut c_void, u64, u32)>,
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub min_host_minor: u16,
    pub reserved0: u16,
    pub executor_count: u32,
    pub id: *const c_char,
    pub version: *const c_char,
    pub title: *const c_char,
    pub description: *const c_char,
    pub sdk: *const c_char,
    pub manifest_json: *const c_char,
    pub config_schema: *const c_char,
    pub executors: *const *const Executor,
    pub start: Option<unsafe extern "C" fn(*const Host, Span, *mut *mut c_void, *mut Buffer) -> Rc>,
    pub stop: Option<unsafe extern "C" fn(*mut c_void, i64)>,
    pub query: Option<unsafe extern "C" fn(*const c_char) -> *const c_void>,
}

#[repr(C)]
pub struct Hello {
    pub struct_size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
}

pub type TaskFn = unsafe extern "C" fn(*mut c_void);
pub type WatchFn = unsafe extern "C" fn(*mut c_void, c_int, u32);
pub type LeaseFn = unsafe extern "C" fn(*mut c_void, u64, u64, Rc, i64);

#[repr(C)]
pub struct Log {
    pub struct_size: u64,
    pub write: unsafe extern "C" fn(*const Host, u64, u32, Span, Span) -> Rc,
}

#[repr(C)]
pub struct Beat {
    pub struct_size: u64,
    pub beat: unsafe extern "C" fn(*const Host, u64, f64, Span) -> Rc,
    pub checkpoint: unsafe extern "C" fn(*const Host, u64, Span) -> Rc,
}

#[repr(C)]
pub struct Stream {
    pub struct_size: u64,
    pub write: unsafe extern "C" fn(*const Host, u64, Span, Span) -> Rc,
    pub wait: unsafe extern "C" fn(*const Host, u64, i64) -> Rc,
    pub when_ready: unsafe extern "C" fn(*const Host, u64, TaskFn, *mut c_void) -> Rc,
}

#[repr(C)]
pub struct Usage {
    pub struct_size: u64,
    pub add: unsafe extern "C" fn(*const Host, u64, Span, Span, i64) -> Rc,
}

#[repr(C)]
pub struct Quota {
    pub struct_size: u64,
    pub hold: unsafe extern "C" fn(*const Host, u64, Span, Span, i64, LeaseFn, *mut c_void) -> Rc,
    pub settle: unsafe extern "C" fn(*const Host, u64, i64) -> Rc,
}

#[repr(C)]
pub struct Secret {
    pub struct_size: u64,
    pub read: unsafe extern "C" fn(*const Host, u64, Span, *mut Buffer) -> Rc,
}

#[repr(C)]
pub struct Blob {
    pub struct_size: u64,
    pub open: unsafe extern "C" fn(*const Host, u64, u64, *mut c_int) -> Rc,
    pub create: unsafe extern "C" fn(*const Host, u64, u64, *mut c_int, *mut u64) -> Rc,
    pub seal: unsafe extern "C" fn(*const Host, u64, u64) -> Rc,
}

#[repr(C)]
pub struct Loop {
    pub struct_size: u64,
    pub current: unsafe extern "C" fn(*const Host, *mut u64) -> Rc,
    pub watch: unsafe extern "C" fn(*const Host, c_int, u32, WatchFn, *mut c_void) -> Rc,
    pub unwatch: unsafe extern "C" fn(*const Host, c_int) -> Rc,
    pub timer: unsafe extern "C" fn(*const Host, i64, TaskFn, *mut c_void, *mut u64) -> Rc,
    pub untimer: unsafe extern "C" fn(*const Host, u64) -> Rc,
    pub post: unsafe extern "C" fn(*const Host, u64, TaskFn, *mut c_void) -> Rc,
}

/// Lends text to a function of the header.
pub fn span(text: &[u8]) -> Span {
    Span { ptr: text.as_ptr(), len: text.len() as u64 }
}

/// The bytes of a span.
///
/// # Safety
/// The span is readable for as long as the result is used.
pub unsafe fn bytes<'a>(span: Span) -> &'a [u8] {
    if span.ptr.is_null() || span.len == 0 {
        return &[];
    }
    std::slice::from_raw_parts(span.ptr, span.len as usize)
}

/// A copy of a span's text; what is not UTF-8 in it is replaced.
///
/// # Safety
/// The span is readable.
pub unsafe fn text(span: Span) -> String {
    String::from_utf8_lossy(bytes(span)).into_owned()
}
