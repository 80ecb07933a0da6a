//! The host's event loop, for asynchronous executors.

use crate::abi;
use crate::border::guard;
use crate::context::Host;
use crate::{Class, Effect, Failure};
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::os::raw::{c_int, c_void};
use std::os::unix::io::RawFd;
use std::rc::Rc;
use std::time::Duration;

/// Wait until reading will not block.
pub const READ: u32 = 1;
/// Wait until writing will not block.
pub const WRITE: u32 = 2;
/// Reported: the other side has closed.
pub const HANGUP: u32 = 4;
/// Reported: the descriptor is in error.
pub const ERROR: u32 = 8;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: c_int, time: *mut Timespec) -> c_int;
}

/// Nanoseconds of CLOCK_MONOTONIC, the clock of deadlines and timers.
pub fn monotonic() -> i64 {
    let mut time = Timespec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the struct is that of 64-bit Linux; clock 1 always exists.
    unsafe { clock_gettime(1, &mut time) };
    time.seconds * 1_000_000_000 + time.nanoseconds
}

/// The loop of one instance. Everything here belongs to its thread; a [`Poster`] is for the others.
#[derive(Clone)]
pub struct Loop {
    host: Host,
    id: u64,
    service: &'static abi::Loop,
    one_thread: PhantomData<*const ()>,
}

fn missing() -> Failure {
    Failure::new(Class::Failed, "loop.missing", "this host offers no event loop").with_effect(Effect::None)
}

fn refused(what: &str) -> Failure {
    let message = format!("the host's loop refused {}", what);
    Failure::new(Class::Bug, "loop.refused", message).with_effect(Effect::None)
}

impl Loop {
    /// Finds the loop of the calling thread.
    pub fn current(host: Host) -> Result<Loop, Failure> {
        let service = host.find::<abi::Loop>(b"batten.loop/1\0").ok_or_else(missing)?;
        let mut id = 0;
        // SAFETY: it only writes the id.
        match unsafe { (service.current)(host.table(), &mut id) } {
            abi::OK => Ok(Loop { host, id, service, one_thread: PhantomData }),
            _ => Err(missing()),
        }
    }

    /// Calls a function once, after some time. The timer goes on also if nobody holds it.
    pub fn after(&self, delay: Duration, work: impl FnOnce() + 'static) -> Result<Timer, Failure> {
        let delay = i64::try_from(delay.as_nanos()).unwrap_or(i64::MAX);
        let state = Rc::new(TimerState {
            host: self.host,
            service: self.service,
            id: Cell::new(0),
            work: RefCell::new(Some(Box::new(work))),
        });
        let at = monotonic().saturating_add(delay);
        let user = Rc::into_raw(state.clone());
        let mut id = 0;
        // SAFETY: `fired` or `cancel` gives back what the loop holds, exactly once.
        unsafe {
            if (self.service.timer)(self.host.table(), at, fired, user as *mut c_void, &mut id) != abi::OK {
                drop(Rc::from_raw(user));
                return Err(refused("a timer"));
            }
        }
        state.id.set(id);
        Ok(Timer { state })
    }

    /// Calls a function with what a descriptor is ready for, whenever it is, until the watch is cancelled. Cancel it
    /// before the descriptor is closed.
    pub fn watch(&self, fd: RawFd, events: u32, work: impl FnMut(u32) + 'static) -> Result<Watch, Failure> {
        let state = Rc::new(WatchState {
            host: self.host,
            service: self.service,
            fd,
            active: Cell::new(true),
            work: RefCell::new(Some(Box::new(work))),
        });
        let user = Rc::into_raw(state.clone());
        // SAFETY: `cancel` gives back what the loop holds.
        unsafe {
            if (self.service.watch)(self.host.table(), fd, events, ready, user as *mut c_void) != abi::OK {
                drop(Rc::from_raw(user));
                return Err(refused("to watch a descriptor"));
            }
        }
        Ok(Watch { state })
    }

    /// A way into this loop from other threads.
    pub fn poster(&self) -> Poster {
        Poster { host: self.host, id: self.id, service: self.service }
    }
}

struct TimerState {
    host: Host,
    service: &'static abi::Loop,
    id: Cell<u64>,
    work: RefCell<Option<Box<dyn FnOnce()>>>,
}

/// A timer.
pub struct Timer {
    state: Rc<TimerState>,
}

impl Timer {
    /// Ends the timer; its function is not called.
    pub fn cancel(&self) {
        let work = self.state.work.borrow_mut().take();
        if work.is_none() {
            return;
        }
        // SAFETY: on OK the loop lets go of what it held.
        unsafe {
            if (self.state.service.untimer)(self.state.host.table(), self.state.id.get()) == abi::OK {
                drop(Rc::from_raw(Rc::as_ptr(&self.state)));
            }
        }
    }
}

unsafe extern "C" fn fired(user: *mut c_void) {
    let state = Rc::from_raw(user as *const TimerState);
    let work = state.work.borrow_mut().take();
    guard(state.host, move || {
        if let Some(work) = work {
            work()
        }
    });
}

struct WatchState {
    host: Host,
    service: &'static abi::Loop,
    fd: RawFd,
    active: Cell<bool>,
    work: RefCell<Option<Box<dyn FnMut(u32)>>>,
}

/// A descriptor that is watched.
pub struct Watch {
    state: Rc<WatchState>,
}

impl Watch {
    /// Ends the watch; its function is not called again.
    pub fn cancel(&self) {
        if !self.state.active.replace(false) {
            return;
        }
        // While its function runs it is not here, and `ready` drops it.
        self.state.work.borrow_mut().take();
        // SAFETY: after unwatch the loop calls no more, so what it held is given back.
        unsafe {
            (self.state.service.unwatch)(self.state.host.table(), self.state.fd);
            drop(Rc::from_raw(Rc::as_ptr(&self.state)));
        }
    }
}

unsafe extern "C" fn ready(user: *mut c_void, _fd: c_int, events: u32) {
    Rc::increment_strong_count(user as *const WatchState);
    let state = Rc::from_raw(user as *const WatchState);
    let work = state.work.borrow_mut().take();
    guard(state.host, move || {
        if let Some(mut work) = work {
            work(events);
            if state.active.get() {
                *state.work.borrow_mut() = Some(work);
            }
        }
    });
}

/// A way into a loop from other threads.
#[derive(Clone)]
pub struct Poster {
    host: Host,
    id: u64,
    service: &'static abi::Loop,
}

impl Poster {
    /// Calls a function on the loop's thread, in order of posting. False: the loop has ended.
    pub fn post(&self, work: impl FnOnce() + Send + 'static) -> bool {
        let work: Box<dyn FnOnce() + Send> = Box::new(work);
        let user = Box::into_raw(Box::new((self.host, work)));
        // SAFETY: `posted` takes the box back exactly once, or it is taken back here.
        unsafe {
            if (self.service.post)(self.host.table(), self.id, posted, user as *mut c_void) == abi::OK {
                return true;
            }
            drop(Box::from_raw(user));
        }
        false
    }
}

unsafe extern "C" fn posted(user: *mut c_void) {
    let (host, work) = *Box::from_raw(user as *mut (Host, Box<dyn FnOnce() + Send>));
    guard(host, work);
}
