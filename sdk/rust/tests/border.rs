//! What the Rust SDK promises of errors: whatever an executor fails with, panics with, or forgets, ends the call and
//! stays inside the plugin. A unit test of a plugin looks like this.
use batten_plugin::testing::FakeHost;
use batten_plugin::*;
use std::collections::BTreeMap;
use std::time::Duration;

record! { struct Number { n: i64, words: Option<Vec<String>>, map: Option<BTreeMap<String, f64>> } }

struct Fails;

impl Executor for Fails {
    const TYPE: &'static str = "border.fails";
    type Input = Number;
    type Output = Json;
    fn open(config: &Json) -> Result<Self, Failure> {
        match config.get("bad") {
            Some(Json::Bool(true)) => Err(Failure::bad_input("bad", "must not be true")),
            Some(_) => panic!("odd configuration"),
            None => Ok(Fails),
        }
    }
}

impl Blocking for Fails {
    fn run(&self, input: Number, context: &Context) -> Result<Json, Failure> {
        match input.n {
            0 => panic!("out of luck"),
            1 => std::panic::panic_any(42),
            2 => Ok(Json::Int([1, 2, 3][input.words.map_or(3, |words| words.len())])),
            3 => {
                let mut failure = Failure::new(Class::RateLimited, "border.slow", "slow down");
                failure.retry_after = Some(Duration::from_secs(2));
                failure.details = Json::Object(vec![("limit".to_string(), Json::Int(5))]);
                Err(failure)
            }
            4 => Ok(Json::Text(String::from_utf8_lossy(&context.secret("KEY")?).into_owned())),
            5 => {
                context.progress(0.5, "half");
                context.keep(b"state");
                context.stream_all("text", b"piece")?;
                Ok(Json::Text(String::from_utf8_lossy(&context.checkpoint).into_owned()))
            }
            _ => Ok(Json::Float(f64::NAN)),
        }
    }
}

struct Forgets;

impl Executor for Forgets {
    const TYPE: &'static str = "border.forgets";
    type Input = Number;
    type Output = Number;
    fn open(_config: &Json) -> Result<Self, Failure> {
        Ok(Forgets)
    }
}

impl Asynchronous for Forgets {
    fn begin(&self, input: Number, call: Call<Number>) -> Result<(), Failure> {
        match input.n {
            0 => panic!("cannot begin"),
            1 => {}
            2 => {
                call.event_loop()?.after(Duration::ZERO, move || {
                    let _held = call;
                    panic!("late")
                })?;
            }
            3 => {
                let poster = call.event_loop()?.poster();
                std::thread::spawn(move || {
                    poster.post(move || {
                        call.complete(Number { n: 7, words: None, map: None });
                        call.complete(Number { n: 8, words: None, map: None });
                    })
                });
            }
            _ => {
                let (mut ends, event_loop) = ([0; 2], call.event_loop()?);
                // SAFETY: the array has room for the two descriptors.
                assert_eq!(unsafe { pipe(ends.as_mut_ptr()) }, 0);
                let watch = std::rc::Rc::new(std::cell::RefCell::new(None::<Watch>));
                let inner = watch.clone();
                let made = event_loop.watch(ends[0], event_loop::READ, move |events| {
                    if let Some(watch) = inner.borrow_mut().take() {
                        watch.cancel();
                    }
                    call.complete(Number { n: events as i64, words: None, map: None });
                })?;
                *watch.borrow_mut() = Some(made);
                // SAFETY: one byte is there.
                unsafe { write(ends[1], b"x".as_ptr(), 1) };
            }
        }
        Ok(())
    }
}

extern "C" {
    fn pipe(ends: *mut i32) -> i32;
    fn write(fd: i32, bytes: *const u8, count: usize) -> isize;
}

plugin! {
    id: "border", version: "1.0.0", title: "What happens at the border",
    executors: [blocking Fails, asynchronous Forgets],
}

#[test]
fn errors_stay_inside() {
    let host = FakeHost::new(batten_plugin_entry_v1);
    host.secret("KEY", &"k".repeat(1000));
    assert!(host.start("{}"));
    let cases = [
        ("fails", r#"{"n": 0}"#, 304, "plugin.panic", "panicked: out of luck"),
        ("fails", r#"{"n": 1}"#, 304, "plugin.panic", "no text"),
        ("fails", r#"{"n": 2}"#, 304, "plugin.panic", "index out of bounds"),
        ("fails", r#"{"n": 3}"#, 201, "border.slow", "slow down"),
        ("fails", r#"{"n": "x"}"#, 301, "input.invalid", "n: must be an integer"),
        ("fails", r#"{"n": 1, "words": ["a", 2]}"#, 301, "input.invalid", "words[1]"),
        ("fails", r#"{"n": 1, "map": {"a": "b"}}"#, 301, "input.invalid", "map.a"),
        ("fails", "{}", 301, "input.invalid", "n: is missing"),
        ("fails", "[", 301, "input.invalid", "not JSON"),
        ("forgets", r#"{"n": 0}"#, 304, "plugin.panic", "cannot begin"),
        ("forgets", r#"{"n": 1}"#, 304, "plugin.forgotten", "dropped"),
        ("forgets", r#"{"n": 2}"#, 304, "plugin.forgotten", "dropped"),
    ];
    for (kind, input, class, code, said) in cases {
        let end = host.run(&format!("border.{}", kind), input).expect("the call ends");
        assert_eq!((end.class, end.code.as_str()), (class, code), "{} {}: {:?}", kind, input, end);
        assert!(end.message.contains(said), "{} {}: {:?}", kind, input, end);
    }
    assert!(host.call("border.fails", r#"{"bad": true}"#, "{}").unwrap_err().contains("must not be true"));
    assert!(host.call("border.fails", r#"{"bad": 1}"#, "{}").unwrap_err().contains("odd configuration"));
    assert!(host.seen().contains("in a callback: the executor panicked: late"), "{}", host.seen());
    assert_eq!(host.end(), 0);
}

#[test]
fn services_are_told() {
    let host = FakeHost::new(batten_plugin_entry_v1);
    host.secret("KEY", &"k".repeat(1000));
    assert!(host.start("{}"));
    let output = |kind: &str, input: &str| host.run(kind, input).expect("the call ends").output;
    assert_eq!(output("border.fails", r#"{"n": 4}"#), format!("\"{}\"", "k".repeat(1000)));
    assert_eq!(output("border.fails", r#"{"n": 6}"#), "null");
    assert_eq!(output("border.forgets", r#"{"n": 3}"#), r#"{"n":7}"#);
    assert_eq!(output("border.forgets", r#"{"n": 9}"#), r#"{"n":1}"#);
    host.checkpoint("earlier");
    assert_eq!(output("border.fails", r#"{"n": 5}"#), r#""earlier""#);
    for line in ["0.50 half", "checkpoint 5 state", "stream 5 text piece"] {
        assert!(host.seen().contains(line), "{}", host.seen());
    }
    assert_eq!(host.end(), 0);
}

#[test]
fn json_is_read_strictly_and_written_back() {
    for text in [
        "null", "true", "-9223372036854775808", "0.1", "1e300", r#""aé😀\"\\\u0001""#, r#"[1,[],{"a":{}}]"#,
    ] {
        assert_eq!(Json::parse(text).expect(text).to_string(), text);
    }
    assert_eq!(Json::parse(r#""\u00e9\ud83d\ude00\n""#), Ok(Json::from("é😀\n")));
    for text in ["", "{", "[1,]", "01", "1 2", "\"\\ud800\"", "\"\u{1}\"", "-", "1e999", "nul", "{\"a\" 1}", "\"\\", "\""] {
        assert!(Json::parse(text).is_err(), "{:?} was accepted", text);
    }
    assert!(Json::parse(&"[".repeat(100_000)).is_err());
    let schema = r#"{"type":"object","properties":{"n":{"type":"integer"},"words":{"type":"array","items":{"type":"string"}},"#
        .to_string()
        + r#""map":{"type":"object","additionalProperties":{"type":"number"}}},"required":["n"],"#
        + r#""additionalProperties":false}"#;
    assert_eq!(Number::schema().to_string(), schema);
}

#[test]
fn structs_are_as_large_as_in_the_header() {
    use std::mem::size_of;
    let sizes = [
        (size_of::<abi::Span>(), 16), (size_of::<abi::Buffer>(), 24), (size_of::<abi::Payload>(), 48),
        (size_of::<abi::Call>(), 200), (size_of::<abi::Outcome>(), 120), (size_of::<abi::Host>(), 56),
        (size_of::<abi::Executor>(), 120), (size_of::<abi::Plugin>(), 104), (size_of::<abi::Hello>(), 8),
        (size_of::<abi::Log>(), 16), (size_of::<abi::Beat>(), 24), (size_of::<abi::Stream>(), 32),
        (size_of::<abi::Usage>(), 16), (size_of::<abi::Quota>(), 24), (size_of::<abi::Secret>(), 16),
        (size_of::<abi::Blob>(), 32), (size_of::<abi::Loop>(), 56),
    ];
    for (number, (here, header)) in sizes.iter().enumerate() {
        assert_eq!(here, header, "struct {}", number);
    }
}
