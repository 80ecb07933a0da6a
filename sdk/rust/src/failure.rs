//! How calls end that did not do their work.

use crate::Json;
use std::fmt;
use std::time::Duration;

/// What sort of failure it is; it decides whether the host tries again. The numbers are those of the C header.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u32)]
pub enum Class {
    /// It failed for a reason that may pass.
    Retry = 200,
    /// The other side limits the rate.
    RateLimited = 201,
    /// The other side is overloaded.
    Overloaded = 202,
    /// It was carried out and the answer is no.
    Failed = 300,
    /// The input asks for something impossible.
    BadInput = 301,
    /// A credential is missing, wrong or not sufficient.
    Auth = 302,
    /// A quota or budget does not allow it.
    Quota = 303,
    /// The plugin contradicts itself.
    Bug = 304,
    /// Trying again cannot help, for a reason that none of the others names.
    Permanent = 305,
    /// It ended because the host asked.
    Cancelled = 400,
    /// It ended because its time was over.
    Deadline = 401,
}

/// Whether the world outside may have changed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u32)]
pub enum Effect {
    /// Nobody knows.
    Unknown = 0,
    /// Certainly nothing happened: trying again is safe.
    None = 1,
    /// Something happened.
    Made = 2,
}

/// Why a call shall end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stop {
    /// Somebody asked for it.
    Cancelled,
    /// Its time is over.
    Deadline,
    /// The host shuts down.
    Shutdown,
    /// The call is over already.
    Stale,
}

impl Stop {
    /// Reads the number of the C header; 0 means: go on.
    pub(crate) fn from_number(number: u32) -> Option<Stop> {
        match number {
            0 => None,
            2 => Some(Stop::Deadline),
            3 => Some(Stop::Shutdown),
            4 => Some(Stop::Stale),
            _ => Some(Stop::Cancelled),
        }
    }
}

/// Why a call did not do its work: the error of executors.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What sort of failure it is.
    pub class: Class,
    /// Whether the world outside may have changed.
    pub effect: Effect,
    /// How long to wait before trying again, if known.
    pub retry_after: Option<Duration>,
    /// For programs: dotted lower case words such as `http.status.503`.
    pub code: String,
    /// For people: what happened and what to do about it.
    pub message: String,
    /// An object with whatever else is known, or null.
    pub details: Json,
    /// What the call produced nevertheless, or null.
    pub output: Json,
}

impl Failure {
    /// Describes a failure whose effect is not known.
    pub fn new(class: Class, code: &str, message: impl Into<String>) -> Failure {
        Failure {
            class,
            effect: Effect::Unknown,
            retry_after: None,
            code: code.to_string(),
            message: message.into(),
            details: Json::Null,
            output: Json::Null,
        }
    }

    /// The same with a known effect.
    pub fn with_effect(mut self, effect: Effect) -> Failure {
        self.effect = effect;
        self
    }

    /// The input cannot be used, and nothing was done; an empty field means the whole input.
    pub fn bad_input(field: &str, what: &str) -> Failure {
        let message = if field.is_empty() { what.to_string() } else { format!("{}: {}", field, what) };
        let mut failure = Failure::new(Class::BadInput, "input.invalid", message).with_effect(Effect::None);
        if !field.is_empty() {
            failure.details = Json::Object(vec![("field".to_string(), Json::from(field))]);
        }
        failure
    }

    /// The call ended because the host asked.
    pub fn stopped(why: Stop, effect: Effect) -> Failure {
        let failure = match why {
            Stop::Deadline => Failure::new(Class::Deadline, "call.deadline", "the time of the call was over"),
            _ => Failure::new(Class::Cancelled, "call.cancelled", "the call was cancelled"),
        };
        failure.with_effect(effect)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.message, self.code)
    }
}

impl std::error::Error for Failure {}
