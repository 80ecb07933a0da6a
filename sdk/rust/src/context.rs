//! What surrounds a call: whose it is, and what it can tell the host.

use crate::abi;
use crate::{Class, Effect, Failure, Json, Stop};
use std::fs::File;
use std::os::raw::{c_char, c_void};
use std::os::unix::io::FromRawFd;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// The host that loaded the plugin.
#[derive(Clone, Copy)]
pub struct Host {
    table: *const abi::Host,
}

// SAFETY: the header promises that the table and its services are immutable and callable from any thread.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

/// Importance of a log line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u32)]
pub enum Level {
    /// Of use to find a fault.
    Debug = 10,
    /// Of use to follow the work.
    Info = 20,
    /// Something is not as it should be.
    Warning = 30,
    /// Something failed.
    Error = 40,
}

impl Host {
    /// # Safety
    /// The table is a host's, and stays valid as long as the plugin lives.
    pub(crate) unsafe fn new(table: *const abi::Host) -> Host {
        Host { table }
    }

    pub(crate) fn table(&self) -> *const abi::Host {
        self.table
    }

    /// A service's table; `None` if this host does not offer it. The id ends in NUL.
    pub(crate) fn find<Service>(&self, id: &'static [u8]) -> Option<&'static Service> {
        // SAFETY: every service's table begins with its size as 64 bits and lives as long as the host.
        unsafe {
            let found = ((*self.table).query)(self.table, id.as_ptr() as *const c_char) as *const u64;
            if found.is_null() || *found < std::mem::size_of::<Service>() as u64 {
                return None;
            }
            Some(&*(found as *const Service))
        }
    }

    /// Writes a log line of the plugin itself.
    pub fn log(&self, level: Level, text: &str) {
        self.write(0, level, text, &Json::Null)
    }

    pub(crate) fn write(&self, token: u64, level: Level, text: &str, fields: &Json) {
        if let Some(log) = self.find::<abi::Log>(b"batten.log/1\0") {
            let fields = if *fields == Json::Null { "{}".to_string() } else { fields.to_string() };
            // SAFETY: the spans live until the call returns.
            unsafe {
                (log.write)(self.table, token, level as u32, abi::span(text.as_bytes()), abi::span(fields.as_bytes()));
            }
        }
    }
}

/// Part of a quota that a call holds. What is not settled is given back when the call ends.
#[derive(Debug)]
pub struct Lease {
    // 0: of a host without quotas, where nothing is settled.
    id: u64,
    table: usize,
}

impl Lease {
    /// Says what was really used and gives the rest back.
    pub fn settle(self, used: i64) {
        if self.id == 0 {
            return;
        }
        // SAFETY: the table is the host's, which outlives the call.
        let host = unsafe { Host::new(self.table as *const abi::Host) };
        if let Some(quota) = host.find::<abi::Quota>(b"batten.quota/1\0") {
            // SAFETY: a stale lease is answered, not trusted.
            unsafe { (quota.settle)(host.table, self.id, used) };
        }
    }
}

/// What surrounds one call. Everything may be used from any thread.
#[derive(Clone)]
pub struct Context {
    /// The host.
    pub host: Host,
    /// Names the call; never 0.
    pub token: u64,
    /// Counts the attempts of this stage from 1.
    pub attempt: u32,
    /// The run.
    pub run_id: String,
    /// The stage.
    pub stage_id: String,
    /// The same for all attempts of this stage in this run.
    pub idempotency_key: String,
    /// W3C trace context, or empty.
    pub traceparent: String,
    /// When the host will ask the call to end, in nanoseconds of CLOCK_MONOTONIC; `i64::MAX` means never.
    pub deadline_ns: i64,
    /// How long after asking the host still waits, in nanoseconds.
    pub grace_ns: i64,
    /// What an earlier attempt kept last; empty if nothing.
    pub checkpoint: Vec<u8>,
    /// The stage's environment as JSON text: an object of strings.
    pub environment: String,
    /// Absolute path of the folder that relative paths start from.
    pub working_directory: String,
}

type Answer = Box<dyn FnOnce(Result<Lease, Failure>) + Send>;

impl Context {
    /// # Safety
    /// The call is a host's and has not ended.
    pub(crate) unsafe fn new(call: &abi::Call) -> Context {
        Context {
            host: Host::new(call.host),
            token: call.token,
            attempt: call.attempt,
            run_id: abi::text(call.run_id),
            stage_id: abi::text(call.stage_id),
            idempotency_key: abi::text(call.idempotency_key),
            traceparent: abi::text(call.traceparent),
            deadline_ns: call.deadline_ns,
            grace_ns: call.grace_ns,
            checkpoint: abi::bytes(call.checkpoint).to_vec(),
            environment: abi::text(call.env_json),
            working_directory: abi::text(call.working_directory),
        }
    }

    /// Why the call shall end; `None` means: go on. Cheap enough for an inner loop.
    pub fn stop_reason(&self) -> Option<Stop> {
        // SAFETY: an old token is answered, not trusted.
        Stop::from_number(unsafe { ((*self.host.table).should_stop)(self.host.table, self.token) })
    }

    /// Ends the call, with `?`, if it shall end.
    pub fn check_stop(&self, effect: Effect) -> Result<(), Failure> {
        self.stop_reason().map_or(Ok(()), |why| Err(Failure::stopped(why, effect)))
    }

    /// Writes a log line.
    pub fn log(&self, level: Level, text: &str) {
        self.host.write(self.token, level, text, &Json::Null)
    }

    /// Writes a log line with further facts, an object.
    pub fn log_with(&self, level: Level, text: &str, fields: &Json) {
        self.host.write(self.token, level, text, fields)
    }

    /// Says how far the call is, from 0 to 1; negative if that is not known.
    pub fn progress(&self, fraction: f64, note: &str) {
        if let Some(beat) = self.host.find::<abi::Beat>(b"batten.beat/1\0") {
            let fraction = if fraction.is_nan() { -1.0 } else { fraction.min(1.0) };
            // SAFETY: the span lives until the call returns.
            unsafe { (beat.beat)(self.host.table, self.token, fraction, abi::span(note.as_bytes())) };
        }
    }

    /// Keeps state for a later attempt, at most 1 MiB; false if the host did not take it.
    pub fn keep(&self, state: &[u8]) -> bool {
        let beat = self.host.find::<abi::Beat>(b"batten.beat/1\0");
        // SAFETY: the span lives until the call returns.
        beat.map_or(false, |b| unsafe { (b.checkpoint)(self.host.table, self.token, abi::span(state)) } == abi::OK)
    }

    /// Shows a piece of output on a channel such as `text`; false if the reader is behind: offer the same again later.
    pub fn stream(&self, channel: &str, bytes: &[u8]) -> bool {
        let stream = self.host.find::<abi::Stream>(b"batten.stream/1\0");
        let (channel, bytes) = (abi::span(channel.as_bytes()), abi::span(bytes));
        // SAFETY: the spans live until the call returns.
        stream.map_or(true, |s| unsafe { (s.write)(self.host.table, self.token, channel, bytes) } != abi::BUSY)
    }

    /// Shows a piece of output and waits for room until the call shall end; for blocking executors.
    pub fn stream_all(&self, channel: &str, bytes: &[u8]) -> Result<(), Failure> {
        while !self.stream(channel, bytes) {
            if let Some(stream) = self.host.find::<abi::Stream>(b"batten.stream/1\0") {
                let soon = crate::event_loop::monotonic().saturating_add(200_000_000);
                // SAFETY: it blocks until then at most.
                unsafe { (stream.wait)(self.host.table, self.token, soon) };
            }
            self.check_stop(Effect::Unknown)?;
        }
        Ok(())
    }

    /// Says what the call consumed; amounts add up.
    pub fn usage(&self, meter: &str, subject: &str, amount: i64) {
        if let Some(usage) = self.host.find::<abi::Usage>(b"batten.usage/1\0") {
            let (meter, subject) = (abi::span(meter.as_bytes()), abi::span(subject.as_bytes()));
            // SAFETY: the spans live until the call returns.
            unsafe { (usage.add)(self.host.table, self.token, meter, subject, amount.max(0)) };
        }
    }

    /// Holds part of a quota; `then` is called once: on the loop's thread for asynchronous executors, otherwise on any
    /// thread. A host without quotas grants everything, at once.
    pub fn hold_then<F>(&self, meter: &str, subject: &str, amount: i64, then: F)
    where
        F: FnOnce(Result<Lease, Failure>) + Send + 'static,
    {
        let quota = match self.host.find::<abi::Quota>(b"batten.quota/1\0") {
            Some(quota) => quota,
            None => return then(Ok(Lease { id: 0, table: 0 })),
        };
        let pending: Box<(Host, Answer)> = Box::new((self.host, Box::new(then)));
        let user = Box::into_raw(pending);
        let (meter, subject) = (abi::span(meter.as_bytes()), abi::span(subject.as_bytes()));
        // SAFETY: `answered` takes the box back exactly once, or it is taken back here.
        unsafe {
            let rc =
                (quota.hold)(self.host.table, self.token, meter, subject, amount, answered, user as *mut c_void);
            if rc != abi::OK {
                (Box::from_raw(user).1)(Err(refusal(-1)));
            }
        }
    }

    /// Holds part of a quota and waits for it; for blocking executors.
    pub fn hold(&self, meter: &str, subject: &str, amount: i64) -> Result<Lease, Failure> {
        let answer = Arc::new((Mutex::new(None), Condvar::new()));
        let sender = answer.clone();
        self.hold_then(meter, subject, amount, move |grant| {
            *lock(&sender.0) = Some(grant);
            sender.1.notify_one();
        });
        let mut slot = lock(&answer.0);
        loop {
            if let Some(grant) = slot.take() {
                return grant;
            }
            self.check_stop(Effect::None)?;
            let waited = answer.1.wait_timeout(slot, Duration::from_millis(50));
            slot = waited.map(|pair| pair.0).unwrap_or_else(|broken| broken.into_inner().0);
        }
    }

    /// Reads a secret that the executor's capabilities name.
    pub fn secret(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let mut room = 256;
        while let Some(secret) = self.host.find::<abi::Secret>(b"batten.secret/1\0") {
            let mut value = vec![0u8; room];
            let mut buffer = abi::Buffer { ptr: value.as_mut_ptr(), capacity: room as u64, length: 0 };
            // SAFETY: the buffer is as large as it says.
            let rc = unsafe { (secret.read)(self.host.table, self.token, abi::span(name.as_bytes()), &mut buffer) };
            if rc == abi::TOO_SMALL && buffer.length > room as u64 && buffer.length < 1 << 24 {
                room = buffer.length as usize;
                continue;
            }
            if rc == abi::OK && buffer.length <= room as u64 {
                value.truncate(buffer.length as usize);
                return Ok(value);
            }
            break;
        }
        let message = format!(
            "the secret {} is not available: declare it in the executor's capabilities and grant it",
            name
        );
        Err(Failure::new(Class::Auth, "secret.denied", message).with_effect(Effect::None))
    }

    /// Opens a blob for reading.
    pub fn open_blob(&self, blob: u64) -> Result<File, Failure> {
        let service = self.blobs()?;
        let mut fd = -1;
        // SAFETY: on OK the descriptor is ours.
        unsafe {
            match (service.open)(self.host.table, self.token, blob, &mut fd) {
                abi::OK => Ok(File::from_raw_fd(fd)),
                _ => Err(no_blob("opened")),
            }
        }
    }

    /// Makes an empty blob to write to; end the writing with [`Context::seal_blob`].
    pub fn make_blob(&self, likely_size: u64) -> Result<(u64, File), Failure> {
        let service = self.blobs()?;
        let (mut fd, mut blob) = (-1, 0);
        // SAFETY: on OK the descriptor is ours.
        unsafe {
            match (service.create)(self.host.table, self.token, likely_size, &mut fd, &mut blob) {
                abi::OK => Ok((blob, File::from_raw_fd(fd))),
                _ => Err(no_blob("made")),
            }
        }
    }

    /// Ends the writing of a blob.
    pub fn seal_blob(&self, blob: u64) -> Result<(), Failure> {
        let service = self.blobs()?;
        // SAFETY: an unknown blob is answered, not trusted.
        match unsafe { (service.seal)(self.host.table, self.token, blob) } {
            abi::OK => Ok(()),
            _ => Err(no_blob("sealed")),
        }
    }

    fn blobs(&self) -> Result<&'static abi::Blob, Failure> {
        self.host.find::<abi::Blob>(b"batten.blob/1\0").ok_or_else(|| no_blob("used"))
    }

    /// How long the call may still take; `None` means for ever.
    pub fn time_left(&self) -> Option<Duration> {
        if self.deadline_ns == i64::MAX {
            return None;
        }
        let left = self.deadline_ns.saturating_sub(crate::event_loop::monotonic());
        Some(Duration::from_nanos(left.max(0) as u64))
    }

    /// When the host will ask the call to end; `None` means never.
    pub fn deadline(&self) -> Option<Instant> {
        self.time_left().and_then(|left| Instant::now().checked_add(left))
    }
}

/// Locks also what a panic left locked: the values are replaced whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|broken| broken.into_inner())
}

fn no_blob(what: &str) -> Failure {
    let message = format!("the blob could not be {}: the host refused", what);
    Failure::new(Class::Retry, "blob.refused", message).with_effect(Effect::None)
}

fn refusal(retry_after_ns: i64) -> Failure {
    let message = "the quota is used up: try again later, or raise it";
    let mut failure = Failure::new(Class::Quota, "quota.refused", message).with_effect(Effect::None);
    if retry_after_ns >= 0 {
        failure.retry_after = Some(Duration::from_nanos(retry_after_ns as u64));
    }
    failure
}

unsafe extern "C" fn answered(user: *mut c_void, _token: u64, lease: u64, rc: abi::Rc, retry_after_ns: i64) {
    let pending = Box::from_raw(user as *mut (Host, Answer));
    let (host, then) = *pending;
    let grant = match rc {
        abi::OK => Ok(Lease { id: lease, table: host.table as usize }),
        _ => Err(refusal(retry_after_ns)),
    };
    crate::border::guard(host, move || then(grant));
}
