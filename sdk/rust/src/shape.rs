//! Types as JSON: what a Rust type reads, writes, and says of itself in a schema.

use crate::{Failure, Json};
use std::collections::BTreeMap;

/// A type that an input or output can be; [`record!`](crate::record) makes structs ones.
pub trait Shape: Sized {
    /// Whether a member of this type may be left out.
    const OPTIONAL: bool = false;
    /// Reads a value; `at` is the way to it, for messages.
    fn read(json: &Json, at: &str) -> Result<Self, Failure>;
    /// What stands for a member that was left out.
    fn missing(at: &str) -> Result<Self, Failure> {
        Err(Failure::bad_input(at, "is missing"))
    }
    /// Writes a value.
    fn write(&self) -> Json;
    /// A JSON Schema.
    fn schema() -> Json;
}

/// A schema of one type.
pub fn typed(name: &str) -> Json {
    Json::Object(vec![("type".to_string(), Json::from(name))])
}

/// The way to a member.
pub fn path(at: &str, name: &str) -> String {
    if at.is_empty() {
        name.to_string()
    } else {
        format!("{}.{}", at, name)
    }
}

impl Shape for Json {
    fn read(json: &Json, _at: &str) -> Result<Self, Failure> {
        Ok(json.clone())
    }
    fn write(&self) -> Json {
        self.clone()
    }
    fn schema() -> Json {
        Json::Object(Vec::new())
    }
}

impl Shape for bool {
    fn read(json: &Json, at: &str) -> Result<Self, Failure> {
        match json {
            Json::Bool(value) => Ok(*value),
            _ => Err(Failure::bad_input(at, "must be true or false")),
        }
    }
    fn write(&self) -> Json {
        Json::Bool(*self)
    }
    fn schema() -> Json {
        typed("boolean")
    }
}

impl Shape for i64 {
    fn read(json: &Json, at: &str) -> Result<Self, Failure> {
        match json {
            Json::Int(value) => Ok(*value),
            // 2.0 and 1e3 are integers too.
            Json::Float(value) if value.fract() == 0.0 && value.abs() <= 9007199254740992.0 => Ok(*value as i64),
            _ => Err(Failure::bad_input(at, "must be an integer")),
        }
    }
    fn write(&self) -> Json {
        Json::Int(*self)
    }
    fn schema() -> Json {
        typed("integer")
    }
}

impl Shape for f64 {
    fn read(json: &Json, at: &str) -> Result<Self, Failure> {
        match json {
            Json::Int(value) => Ok(*value as f64),
            Json::Float(value) => Ok(*value),
            _ => Err(Failure::bad_input(at, "must be a number")),
        }
    }
    fn write(&self) -> Json {
        Json::Float(*self)
    }
    fn schema() -> Json {
        typed("number")
    }
}

impl Shape for String {
    fn read(json: &Json, at: &str) -> Result<Self, Failure> {
        match json {
            Json::Text(value) => Ok(value.clone()),
            _ => Err(Failure::bad_input(at, "must be a string")),
        }
    }
    fn write(&self) -> Json {
        Json::Text(self.clone())
    }
    fn schema() -> Json {
        typed("string")
    }
}

impl<T: Shape> Shape for Option<T> {
    const OPTIONAL: bool = true;
    fn read(json: &Json, at: &str) -> Result<Self, Failure> {
        match json {
            Json::Null => Ok(None),
            other => T::read(other, at).map(Some),
        }
    }
    fn missing(_at: &str) -> Result<Self, Failure> {
        Ok(None)
    }
    fn write(&self) -> Json {
        self.as_ref().map_or(Json::Null, T::write)
    }
    fn schema() -> Json {
        T::schema()
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn read(json: &Json, at: &str) -> Result<Self, Failure> {
        match json {
            Json::List(elements) => {
                let read = |(number, element)| T::read(element, &format!("{}[{}]", at, number));
                elements.iter().enumerate().map(read).collect()
            }
            _ => Err(Failure::bad_input(at, "must be an array")),
        }
    }
    fn write(&self) -> Json {
        Json::List(self.iter().map(T::write).collect())
    }
    fn schema() -> Json {
        Json::Object(vec![("type".to_string(), Json::from("array")), ("items".to_string(), T::schema())])
    }
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    fn read(json: &Json, at: &str) -> Result<Self, Failure> {
        match json {
            Json::Object(members) => {
                members.iter().map(|(name, value)| Ok((name.clone(), T::read(value, &path(at, name))?))).collect()
            }
            _ => Err(Failure::bad_input(at, "must be an object")),
        }
    }
    fn write(&self) -> Json {
        Json::Object(self.iter().map(|(name, value)| (name.clone(), value.write())).collect())
    }
    fn schema() -> Json {
        Json::Object(vec![
            ("type".to_string(), Json::from("object")),
            ("additionalProperties".to_string(), T::schema()),
        ])
    }
}

/// Defines a struct that an input or output can be.
///
/// ```
/// batten_plugin::record! {
///     pub struct Input {
///         name: String,
///         times: Option<i64>,
///     }
/// }
/// ```
#[macro_export]
macro_rules! record {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        $visibility struct $name { $(pub $field: $type),* }

        impl $crate::Shape for $name {
            fn read(json: &$crate::Json, at: &str) -> Result<Self, $crate::Failure> {
                if !matches!(json, $crate::Json::Object(_)) {
                    return Err($crate::Failure::bad_input(at, "must be an object"));
                }
                Ok($name {
                    $($field: {
                        let at = $crate::shape::path(at, stringify!($field));
                        match json.get(stringify!($field)) {
                            Some(value) => <$type as $crate::Shape>::read(value, &at)?,
                            None => <$type as $crate::Shape>::missing(&at)?,
                        }
                    }),*
                })
            }
            fn write(&self) -> $crate::Json {
                let mut members = Vec::new();
                $(
                    let value = $crate::Shape::write(&self.$field);
                    if !(<$type as $crate::Shape>::OPTIONAL && value == $crate::Json::Null) {
                        members.push((stringify!($field).to_string(), value));
                    }
                )*
                $crate::Json::Object(members)
            }
            fn schema() -> $crate::Json {
                let mut members = Vec::new();
                let mut required = Vec::new();
                $(
                    members.push((stringify!($field).to_string(), <$type as $crate::Shape>::schema()));
                    if !<$type as $crate::Shape>::OPTIONAL {
                        required.push($crate::Json::from(stringify!($field)));
                    }
                )*
                let mut all = vec![
                    ("type".to_string(), $crate::Json::from("object")),
                    ("properties".to_string(), $crate::Json::Object(members)),
                ];
                if !required.is_empty() {
                    all.push(("required".to_string(), $crate::Json::List(required)));
                }
                all.push(("additionalProperties".to_string(), $crate::Json::Bool(false)));
                $crate::Json::Object(all)
            }
        }
    };
}
